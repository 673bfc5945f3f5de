/**
 * Sends a request along the Route that servers of ours wrote: the Path of a binding, or the route of a dialog; inside a
 * dialog that ends below us, where the sealed record says (RFC 3261 §16.12).
 */
import { organisationText, readHop, type Side } from '../dialog-record.ts'
import type { SipUri } from '../../message/types.ts'
import { type Arrival, type Decision, pass, type Policy, refuse, type Target, type TargetKind } from '../decision.ts'
import { endpointText } from '../../message/endpoint.ts'

export interface KnownServers {
  /** @param host lower case */
  readonly hosts: ReadonlySet<string>
  /** Where they listen. */
  readonly ports: ReadonlySet<number>
}

export interface FollowRouteOptions {
  /** Face to leave by; absent: the one the request came in on. */
  readonly face?: string
  /** The servers that this one sends to by configuration. */
  readonly known: KnownServers
  /**
   * The way to the organisation at the other end of a dialog, where its Route value names no host of its own. Absent:
   * there is none.
   */
  readonly toOrganisation?: (arrival: Arrival, organisation: string) => Decision | Promise<Decision>
}

export function followRoute(options: FollowRouteOptions): Policy {
  return {
    name: 'follow-route',
    decide(arrival) {
      const { dialog } = arrival.remarks
      const [next] = arrival.routes
      if (next !== undefined && isKnown(next.uri, options.known))
        return way(arrival, options, dialog === undefined ? 'path' : 'dialog')
      if (dialog?.endsHome === true) return pass
      if (dialog !== undefined) return toOtherEnd(arrival, dialog.other, options)
      return next === undefined ? pass : refuse(403, 'route.abuse')
    },
  }
}

/** Nothing that the sender writes leads elsewhere than to the party that the record names. */
function toOtherEnd(arrival: Arrival, other: Side, options: FollowRouteOptions): Decision | Promise<Decision> {
  const wanted = arrival.routes[0]?.uri ?? arrival.uri
  const host = placeOf(wanted)
  const hop = readHop(other.hop)
  switch (hop.kind) {
    case 'token':
    case 'flow':
      return refuse(430, 'route.no-flow')
    case 'address':
      if (host === hop.address || isOf(host, other.organisation)) return way(arrival, options, 'dialog')
      return way(arrival, options, 'dialog', `sip:${endpointText(hop.address, hop.port)};transport=${hop.transport}`)
    case 'server': {
      if (isKnown(wanted, options.known) || isOf(host, other.organisation)) return way(arrival, options, 'dialog')
      if (host === hop.address && (wanted.port === undefined || options.known.ports.has(wanted.port)))
        return way(arrival, options, 'dialog')
      const domain = other.organisation
      return domain === '' || options.toOrganisation === undefined
        ? refuse(403, 'route.abuse')
        : options.toOrganisation(arrival, domain)
    }
    default:
      return hop satisfies never
  }
}

/** Where a URI leads: `maddr` counts before the host (RFC 3263 §4). */
function placeOf({ host, parameters }: SipUri): string {
  const place = parameters.get('maddr')?.toLowerCase() ?? host
  return place.startsWith('[') && place.endsWith(']') ? place.slice(1, -1) : place
}

function isKnown(uri: SipUri, { hosts, ports }: KnownServers): boolean {
  return hosts.has(placeOf(uri)) && (uri.port === undefined || ports.has(uri.port))
}

/** A host of a domain: the domain itself, or a name in it. */
function isOf(host: string, organisation: string): boolean {
  const name = organisationText(host)
  return organisation !== '' && (name === organisation || name.endsWith(`.${organisation}`))
}

function way(
  { uri, routes, ownRoute }: Arrival,
  { face }: FollowRouteOptions,
  by: TargetKind,
  nextHop?: string,
): Decision {
  const target: Target = {
    uri: uri.text,
    flow: undefined,
    routes: [],
    nextHop,
    q: 1000,
    face,
    identity: ownRoute?.uri.parameters.get('identity'),
    by,
    aor: '',
  }
  return { kind: 'route', targets: [target], because: routes.length > 0 ? 'route-set' : 'in-dialog' }
}
