/**
 * From another organisation to the inside: the domain it speaks for, the certificate it showed, and where it may go.
 */
import { andThen } from '../../services/maybe-promise.ts'
import { type Arrival, type Decision, pass, type Policy, refuse } from '../../sip/routing/decision.ts'
import { addressOfRecord } from '../../sip/message/uri.ts'
import { dialable } from '../../sip/routing/dialog-record.ts'
import { speaksAs } from './dialog.ts'
import type { Federation, Relation, Verification } from '../federation.ts'

const noteKey = 'federate-in'
const refusedKey = 'federate-in.refused'
const probeKey = 'federate-in.probe'

export interface Partner {
  /** `ms-source-type` ([ExternalSourceType], topology-facts §1.2). */
  readonly source: string
  readonly fqdn: string
  readonly verification: Verification
}

/** What `federateIn` found out about the sender; undefined: a remote user, or a probe of this host (`isProbe`). */
export function partnerOf({ remarks }: Arrival): Partner | undefined {
  return remarks.other.get(noteKey) as Partner | undefined
}

/** OPTIONS to this host itself, by a peer with a certificate. It says nothing of an organisation. */
export function isProbe({ remarks }: Arrival): boolean {
  return remarks.other.has(probeKey)
}

/** Why an organisation is not taken for the one it speaks for: said here only, the other side gets the bare status. */
export interface RefusedPartner {
  readonly domain: string
  readonly code:
    | 'cert.name-not-allowed'
    | 'dns.not-found'
    | 'dns.srv-outside-domain'
    | 'dns.unreachable'
    | 'link.forbidden'
  /** The id that `ms-diagnostics` carries when the same is wrong on the way out (topology-facts §5.1). */
  readonly diagnostics: number
  readonly found: string
}

export function refusedPartnerOf({ remarks }: Arrival): RefusedPartner | undefined {
  return remarks.other.get(refusedKey) as RefusedPartner | undefined
}

export interface FederateInOptions {
  readonly federation: Federation
  /** Ours, lower case. */
  readonly domains: readonly string[]
  /** FQDN of the external face. */
  readonly self: string
  /** Where this host listens; the core answers OPTIONS to no other port of its name. */
  readonly ports: ReadonlySet<number>
  /** Whether a host is ours, a domain or a server: no other organisation has it for its domain. */
  readonly isOurs: (host: string) => boolean
}

/**
 * A peer that showed a certificate is another organisation's edge when the relation to the domain of From leads to a
 * name it carries. It may speak for no other domain, not for ours nor for a server of ours, and only to our domains: we
 * relay for no one.
 */
export function federateIn(options: FederateInOptions): Policy {
  const ours = new Set(options.domains)
  return {
    name: 'federate-in',
    decide(arrival) {
      const names = arrival.flow.peer?.names
      if (names === undefined) return pass
      if (asksForThisHost(arrival, options)) {
        arrival.remarks.other.set(probeKey, true)
        return pass
      }
      const domain = domainOf(arrival)
      const listed = arrival.flow.peer?.class === 'edge'
      if (options.isOurs(domain)) return listed ? refuse(403, 'federation.own-domain-claimed') : pass
      return andThen(options.federation.relationTo(domain), (relation) => judge(arrival, domain, names, relation, ours))
    },
  }
}

/** OPTIONS to this host itself: the core answers it, nothing goes further (the link watch of a partner). */
function asksForThisHost({ request, uri, routes }: Arrival, { self, ports }: FederateInOptions): boolean {
  if (request.method !== 'OPTIONS' || request.toTag !== undefined || routes.length > 0) return false
  return uri.host === self && (uri.port === undefined || ports.has(uri.port))
}

/** That of From; inside a dialog the recorded one, where From is the name its user was called by. */
function domainOf(arrival: Arrival): string {
  const { dialog } = arrival.remarks
  const recorded = dialog?.sender.organisation ?? ''
  return dialog !== undefined && recorded !== '' && speaksAs(arrival, dialog.sender)
    ? recorded
    : arrival.request.fromUri.host
}

function judge(
  arrival: Arrival,
  domain: string,
  names: readonly string[],
  relation: Relation,
  ours: ReadonlySet<string>,
): Decision {
  if (relation.kind !== 'federated') return refuseDomain(arrival, domain, relation)
  const edge = relation.edges.find(({ host }) => names.includes(host))
  if (edge === undefined) {
    const wanted = relation.edges.map(({ host }) => host).join(' or ')
    return refusePartner(arrival, 'federation.wrong-edge', {
      domain,
      code: 'cert.name-not-allowed',
      diagnostics: 1010,
      found: `the certificate carries ${names.join(', ') || 'no name'}; ${wanted} speaks for ${domain}`,
    })
  }
  if (arrival.remarks.dialog === undefined && !ours.has(arrival.uri.host)) return refuse(403, 'federation.no-relay')
  arrival.remarks.organisation = domain
  arrival.remarks.claimed = addressOfRecord(arrival.request.fromUri)
  return note(arrival, { source: relation.source, fqdn: edge.host, verification: relation.verification })
}

type Unfederated = Exclude<Relation, { kind: 'federated' }>

function refuseDomain(arrival: Arrival, domain: string, relation: Unfederated): Decision {
  return refusePartner(arrival, `federation.${relation.kind}`, { domain, ...whyNot(domain, relation) })
}

function whyNot(domain: string, relation: Unfederated): Omit<RefusedPartner, 'domain'> {
  const record = `_sipfederationtls._tcp.${domain}`
  switch (relation.kind) {
    case 'blocked':
      return { code: 'link.forbidden', diagnostics: 1002, found: `${domain} is a blocked domain` }
    case 'closed':
      return { code: 'link.forbidden', diagnostics: 1005, found: `this organisation does not federate with ${domain}` }
    case 'no-srv':
      return { code: 'dns.not-found', diagnostics: 1008, found: `no record ${record}` }
    case 'srv-outside':
      return {
        code: 'dns.srv-outside-domain',
        diagnostics: 1009,
        found: `${record} leads to ${relation.targets.join(', ')}`,
      }
    case 'dns-down':
      return { code: 'dns.unreachable', diagnostics: 1008, found: `${record}: ${relation.cause}` }
    default:
      return relation satisfies never
  }
}

function refusePartner({ remarks }: Arrival, because: string, refused: RefusedPartner): Decision {
  remarks.other.set(refusedKey, refused)
  return refuse(403, because)
}

function note({ remarks, flow }: Arrival, partner: Partner): Decision {
  remarks.other.set(noteKey, partner)
  // A partner found by DNS is on no list, and a dialog must outlive its connection all the same.
  if (!flow.notes.has(dialable)) flow.notes.set(dialable, true)
  return pass
}
