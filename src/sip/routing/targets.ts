/**
 * RFC 3261 §16.5: who decides where a request goes. The lists of the face are asked in order; the first word that is
 * not `pass` counts.
 */
import type { Incoming } from './arrival.ts'
import { type Decision, type Policy, refuse } from './decision.ts'

/** A promise only when a policy gave one. */
export function decide(policies: readonly Policy[], arrival: Incoming, from = 0): Decision | Promise<Decision> {
  for (let at = from; at < policies.length; at++) {
    const policy = policies[at]
    if (policy === undefined) break
    const decision = policy.decide(arrival)
    arrival.decidedBy = policy.name
    if (decision instanceof Promise)
      return decision.then((settled) =>
        settled.kind === 'pass' ? decide(policies, arrival, at + 1) : settle(arrival, policy, settled),
      )
    if (decision.kind !== 'pass') return decision
  }
  arrival.decidedBy = 'no-policy'
  return nowhere
}

const nowhere = refuse(404, 'route.none')

function settle(arrival: Incoming, policy: Policy, decision: Decision): Decision {
  arrival.decidedBy = policy.name
  return decision
}
