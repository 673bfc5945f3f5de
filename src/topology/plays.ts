/** The peer that a gateway plays on a day, with its rules. */
import { findPeers } from '../peers/index.ts'
import { playedRules } from '../peers/played.ts'
import type { Host } from './hosts.ts'
import type { GatewaySettings } from './plan-types.ts'

/** Empty where the host plays no peer, or where nothing is on file for the day: `checkTopology` refuses the latter. */
export function playsOf({ peer, on }: Extract<Host, { role: 'gateway' }>): Pick<GatewaySettings, 'plays'> {
  const policy = peer === undefined ? undefined : findPeers(peer)[0]
  if (policy === undefined) return {}
  const day = on ?? policy.checked
  const rules = playedRules(policy, day)
  return rules === undefined ? {} : { plays: { peer: policy.name, on: day, rules } }
}
