/** From another organisation to the inside: the domain it speaks for, the certificate it showed, and where it may go. */
import { soon } from '../../services/soon.ts'
import { type Arrival, type Decision, pass, type Policy, refuse } from '../../sip/routing/decision.ts'
import type { Federation, Relation, Verification } from '../federation.ts'

const noteKey = 'federate-in'

export interface Partner {
  /** `ms-source-type` ([ExternalSourceType], topology-facts §1.2). */
  readonly source: string
  readonly fqdn: string
  readonly verification: Verification
}

/** What `federateIn` found out about the sender; undefined: a remote user. */
export function partnerOf({ remarks }: Arrival): Partner | undefined {
  return remarks.other.get(noteKey) as Partner | undefined
}

export interface FederateInOptions {
  readonly federation: Federation
  /** Ours, lower case. */
  readonly domains: readonly string[]
  /** FQDN of the external face. */
  readonly self: string
}

/**
 * A peer that showed a certificate is another organisation's edge when the relation to the domain of From leads to a name it
 * carries. It may speak for no other domain, not for ours, and only to our domains: we are nobody's relay.
 */
export function federateIn(options: FederateInOptions): Policy {
  const ours = new Set(options.domains)
  return {
    name: 'federate-in',
    decide(arrival) {
      const names = arrival.flow.peer?.names
      if (names === undefined) return pass
      if (isProbe(arrival, options.self)) return note(arrival, { source: 'Unknown', fqdn: names[0] ?? '', verification: 'AlwaysUnverifiable' })
      const domain = arrival.request.from.uri.host
      const listed = arrival.flow.peer?.class === 'edge'
      if (ours.has(domain)) return listed && !arrival.inDialog ? refuse(403, 'federation.own-domain-claimed') : pass
      return soon(options.federation.relationTo(domain), (relation) => judge(arrival, names, relation, ours))
    },
  }
}

/** OPTIONS to this host itself: the core answers it, nothing goes further (the link watch of a partner). */
function isProbe({ request, uri, routes }: Arrival, self: string): boolean {
  return request.method === 'OPTIONS' && uri.user === undefined && uri.host === self && routes.length === 0
}

function judge(arrival: Arrival, names: readonly string[], relation: Relation, ours: ReadonlySet<string>): Decision {
  if (relation.kind === 'blocked') return refuse(403, 'federation.blocked')
  if (relation.kind !== 'federated') return refuse(403, 'federation.closed')
  if (!names.includes(relation.edge)) return refuse(403, 'federation.wrong-edge')
  if (arrival.request.method === 'REGISTER') return refuse(403, 'federation.no-register')
  if (!arrival.inDialog && !ours.has(arrival.uri.host)) return refuse(403, 'federation.no-relay')
  return note(arrival, { source: relation.source, fqdn: relation.edge, verification: relation.verification })
}

function note({ remarks }: Arrival, partner: Partner): Decision {
  remarks.other.set(noteKey, partner)
  return pass
}
