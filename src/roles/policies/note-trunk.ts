/** Remembers the host of a static route that sent a request: later ones of its dialog go back to it by its name. */
import { pass, type Policy } from '../../sip/routing/decision.ts'
import type { Facts } from '../law/law.ts'

export interface TrunkHost {
  /** Its certificate carries this name. */
  readonly host: string
  /** See `Trunk`. */
  readonly organisation: string
}

/** @param hosts next hops before others */
export function noteTrunk(facts: Facts, hosts: readonly TrunkHost[]): Policy {
  const known = hosts.map(({ host, organisation }) => ({ name: host.toLowerCase(), organisation }))
  return {
    name: 'note-trunk',
    decide(arrival) {
      if (facts.peerOf(arrival) !== 'static-route host') return pass
      const names = arrival.flow.peer?.names ?? []
      arrival.remarks.trunk = known.find(({ name }) => names.includes(name))?.organisation ?? ''
      return pass
    },
  }
}
