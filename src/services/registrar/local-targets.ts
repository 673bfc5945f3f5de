/**
 * The target set of a request for a user of our domains (RFC 3261 §16.5): the bindings, by flow, by Path, or by
 * dialling.
 */
import { addressOfRecord } from '../../sip/message/uri.ts'
import { pass, refuse } from '../../sip/routing/decision.ts'
import type { Arrival, Decision, Policy, Target } from '../../sip/routing/decision.ts'
import type { FlowId } from '../../sip/transport/flow.ts'
import type { Binding } from '../location/binding.ts'
import type { LocationService } from '../location/location.ts'
import { diagnostics, refusalOf } from '../refusals.ts'
import { recovering, soon } from '../soon.ts'
import type { Soon } from '../soon.ts'
import { instanceSelector } from './gruu.ts'
import type { AccountSource } from './registrar.ts'

export interface LocalTargetsOptions {
  readonly location: LocationService
  /** undefined: no user is unknown, only not there. */
  readonly accounts: AccountSource | undefined
  /** Lower case. */
  readonly domains: readonly string[]
  /** FQDN of this server. */
  readonly self: string
  /** Whether that flow of this process is open. */
  readonly isOpen: (flow: FlowId) => boolean
  /**
   * What an account that says nothing of anonymous calls takes of this one; undefined: the request is not anonymous.
   * Absent: none is.
   */
  readonly anonymousDefault?: (arrival: Arrival) => boolean | undefined
}

export function localTargets(options: LocalTargetsOptions): Policy {
  const domains = new Set(options.domains)

  function decide(arrival: Arrival): Soon<Decision> {
    const { request, uri } = arrival
    if (
      request.method === 'REGISTER' ||
      uri.user === undefined ||
      (uri.scheme !== 'sip' && uri.scheme !== 'sips') ||
      !domains.has(uri.host)
    )
      return pass
    return recovering(
      () => find(arrival),
      (error) => refusalOf(error, options.self),
    )
  }

  function find(arrival: Arrival): Soon<Decision> {
    const aor = addressOfRecord(arrival.uri)
    return soon(options.location.lookup(aor), (bindings) => {
      if (bindings.length === 0) return nobodyThere(aor)
      const byDefault = options.anonymousDefault?.(arrival)
      if (byDefault === undefined || options.accounts === undefined) return toBindings(arrival, bindings, 'binding')
      return soon(options.accounts.account(aor), (account) =>
        toBindings(arrival, bindings, (account?.anonymousCalls ?? byDefault) ? 'open-binding' : 'binding'),
      )
    })
  }

  function toBindings(arrival: Arrival, bindings: readonly Binding[], by: 'binding' | 'open-binding'): Decision {
    const targets = chosen(arrival, bindings)
      .map((binding) => targetOf(binding, options))
      .filter((target) => target !== undefined)
      .map((target) => (by === 'binding' ? target : { ...target, by }))
    return targets.length === 0 ? refuse(480, 'route.no-flow') : { kind: 'route', targets, because: 'local-user' }
  }

  function nobodyThere(aor: string): Soon<Decision> {
    const notHere = refuse(480, 'route.not-registered')
    if (options.accounts === undefined) return notHere
    return soon(options.accounts.account(aor), (account) =>
      account === undefined || !account.enabled
        ? refuse(404, 'route.unknown-user', [diagnostics(1003, 'User does not exist', options.self)])
        : notHere,
    )
  }

  return { name: 'local-targets', decide }
}

/** One instance when a GRUU names it; one endpoint when the To of an old client does; else all. */
function chosen({ uri, request }: Arrival, bindings: readonly Binding[]): readonly Binding[] {
  const isNamed = instanceSelector(uri)
  if (isNamed !== undefined) return bindings.filter(isNamed)
  const epid = request.to.parameters.get('epid')
  const endpoint = epid === undefined ? [] : bindings.filter((binding) => binding.epid === epid)
  return endpoint.length > 0 ? endpoint : bindings
}

/** undefined: the flow it was reached by is gone, and there is no other way. */
export function targetOf(
  binding: Binding,
  { self, isOpen }: Pick<LocalTargetsOptions, 'self' | 'isOpen'>,
): Target | undefined {
  const base = {
    uri: withoutHeaders(binding.contact),
    flow: undefined,
    routes: binding.path,
    nextHop: undefined,
    q: binding.q,
    face: undefined,
    by: 'binding' as const,
  }
  if (binding.flow !== undefined && isOpen(binding.flow)) return { ...base, flow: binding.flow }
  if (!binding.flowBound) return base
  if (binding.owner === self || binding.ownerRoute === undefined) return undefined
  return { ...base, routes: [binding.ownerRoute, ...binding.path] }
}

/** A Request-URI carries no header part (RFC 3261 §19.1.1). A `?` before the `@` belongs to the user. */
function withoutHeaders(contact: string): string {
  const question = contact.indexOf('?', contact.lastIndexOf('@') + 1)
  return question === -1 ? contact : contact.slice(0, question)
}
