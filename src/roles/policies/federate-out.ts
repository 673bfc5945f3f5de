/** From the inside to another organisation, and why not. */
import { andThen } from '../../services/maybe-promise.ts'
import {
  type Arrival,
  type Decision,
  pass,
  type Policy,
  refuse,
  type Target,
  type TargetKind,
} from '../../sip/routing/decision.ts'
import type { EdgeAddress, Federation, Relation } from '../federation.ts'
import { targetVia } from './next-hop.ts'
import { endpointText } from '../../sip/message/endpoint.ts'

export interface FederateOutOptions {
  readonly federation: Federation
  /** Whether a host is ours, a domain or a server: nothing for them leaves here. */
  readonly isOurs: (host: string) => boolean
  /** FQDN for `source=` in diagnostics. */
  readonly self: string
}

export function federateOut(options: FederateOutOptions): Policy {
  return {
    name: 'federate-out',
    decide(arrival) {
      const domain = arrival.uri.host
      if (domain === '' || options.isOurs(domain)) return pass
      return toPartner(arrival, domain, options)
    },
  }
}

/** Also for a request inside a dialog: of several edges of that organisation, the one that Route names comes first. */
export function toPartner(arrival: Arrival, domain: string, options: FederateOutOptions): Decision | Promise<Decision> {
  return andThen(options.federation.relationTo(domain), (relation) =>
    decisionFor(arrival, domain, relation, options.self),
  )
}

/** The ids and their extra fields are those of the original's diagnostics (topology-facts §5.1). */
function decisionFor(arrival: Arrival, domain: string, relation: Relation, self: string): Decision {
  const diagnosed = (status: number, because: string, id: number, reason: string, fields = ''): Decision =>
    refuse(status, because, [
      ['ms-diagnostics', `${id};reason="${reason}";source="${self}";domain="${domain}"${fields}`],
    ])
  switch (relation.kind) {
    case 'federated':
      return {
        kind: 'route',
        targets: [toEdges(arrival, domain, relation.edges)],
        because: `federation.${relation.source}`,
      }
    case 'blocked':
      return diagnosed(403, 'federation.blocked', 1002, 'Federation with this domain is not allowed')
    case 'closed':
      return diagnosed(504, 'route.no-target', 1005, 'Cannot route to destination domain')
    case 'no-srv':
      return diagnosed(504, 'dns.not-found', 1008, 'Unable to resolve DNS SRV record')
    case 'srv-outside':
      return diagnosed(
        504,
        'dns.srv-outside-domain',
        1009,
        'No match for domain in DNS SRV results',
        relation.targets.map((target, at) => `;fqdn${at + 1}="${target}"`).join(''),
      )
    case 'dns-down':
      return diagnosed(504, 'dns.unreachable', 1008, 'Unable to resolve DNS SRV record')
    default:
      return relation satisfies never
  }
}

function toEdges(
  { request, remarks, routes, uri }: Arrival,
  organisation: string,
  edges: Extract<Relation, { kind: 'federated' }>['edges'],
): Target {
  if (remarks.dialog === undefined) return toFirst(request.requestUri, organisation, edges, 'partner')
  const wanted = (routes[0]?.uri ?? uri).host
  const named = edges.filter(({ host }) => host === wanted)
  const [first, ...others] = [...named, ...edges.filter(({ host }) => host !== wanted)]
  return toFirst(request.requestUri, organisation, first === undefined ? edges : [first, ...others], 'dialog')
}

function toFirst(
  uri: string,
  organisation: string,
  [first, ...others]: Extract<Relation, { kind: 'federated' }>['edges'],
  by: TargetKind,
): Target {
  const target: Target = { ...targetVia(uri, uriOf(first), by, 'external'), organisation }
  return others.length === 0 ? target : { ...target, otherHops: others.map(uriOf) }
}

function uriOf({ host, port }: EdgeAddress): string {
  return `sip:${endpointText(host, port)};transport=tls`
}
