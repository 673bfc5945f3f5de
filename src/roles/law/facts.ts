/** What each border knows of a sender: the classes of the table from certificates, marks and proofs. */
import type { Arrival } from '../../sip/routing/decision.ts'
import { organisationText } from '../../sip/routing/dialog-record.ts'
import { partnerOf } from '../policies/federate-in.ts'
import { markOf } from '../policies/strip-untrusted.ts'
import type { Facts } from './law.ts'
import type { IdentityKind, PeerKind } from './table.ts'

export interface InsideFacts {
  readonly border: 'home' | 'director'
  readonly authentication: 'on' | 'off'
  /** Ours, lower case. */
  readonly domains: readonly string[]
  /** FQDNs of the servers of our organisation, lower case: every other server is a host of a static route. */
  readonly servers: readonly string[]
}

export function insideFacts({ border, authentication, domains, servers }: InsideFacts): Facts {
  const identityOf = identityByDomain(domains)
  if (authentication === 'off') return { border, identityOf, peerOf: () => 'unasked' }
  const own = new Set(servers.map((name) => name.toLowerCase()))
  return {
    border,
    identityOf,
    peerOf({ flow: { peer }, remarks }): PeerKind {
      if (peer === undefined) return remarks.identity === undefined ? 'stranger' : 'signed-in user'
      switch (peer.class) {
        case 'client':
          return remarks.identity === undefined ? 'client' : 'signed-in user'
        case 'edge':
          return 'edge'
        case 'server':
          return peer.names.some((name) => own.has(name)) ? 'server' : 'static-route host'
        case 'treated-as-authenticated':
          return 'treated-as-authenticated host'
        default:
          return peer.class satisfies never
      }
    },
  }
}

/** The outside face of an access proxy proves organisations, never users. */
export const outsideFacts: Facts = {
  border: 'outside',
  identityOf: (arrival) => (partnerOf(arrival) === undefined ? 'none' : 'foreign'),
  peerOf(arrival) {
    if (partnerOf(arrival) !== undefined) return 'partner'
    return arrival.flow.peer === undefined ? 'stranger' : 'client'
  },
}

export function perimeterFacts(domains: readonly string[]): Facts {
  return { border: 'perimeter', identityOf: identityByDomain(domains), peerOf: () => 'server' }
}

function identityByDomain(domains: readonly string[]): (arrival: Arrival) => IdentityKind {
  const ours = new Set(domains)
  return ({ remarks: { identity, organisation } }) => {
    if (organisation !== '') return 'foreign'
    if (identity === undefined) return 'none'
    return ours.has(identity.slice(identity.lastIndexOf('@') + 1)) ? 'user' : 'foreign'
  }
}

/**
 * For `proveDialog`: a server of ours speaks for our users, our edge for those outside that it knew by their flow and
 * for the organisation that it says, the host of a static route for itself.
 *
 * @param trunks `Trunk.organisation` of each: what comes through the edge is none of them
 */
export function speaksInside(arrival: Arrival, organisation: string, trunks: ReadonlySet<string> = new Set()): boolean {
  const { flow, remarks } = arrival
  if (organisation === '') return flow.peer?.class === 'server' || markOf(arrival)?.proved === true
  if (flow.peer?.names.includes(organisation) === true) return true
  return organisationText(remarks.organisation) === organisation && !trunks.has(organisation)
}
