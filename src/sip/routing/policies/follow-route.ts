/**
 * Sends a request along the Route that servers of ours wrote: the Path of a binding, or the route of a dialog. Where
 * Route names none of them, a request inside a dialog goes where the sealed record says, and Request-URI and Route have
 * no say in it (RFC 3261 §16.12).
 */
import { type Hop, readHop } from '../dialog-record.ts'
import type { SipUri } from '../../message/types.ts'
import {
  type Arrival,
  type Decision,
  pass,
  type Policy,
  refuse,
  type Standing,
  type Target,
  type TargetKind,
} from '../decision.ts'
import { endpointText } from '../../message/endpoint.ts'

export interface KnownServers {
  /** @param host lower case */
  readonly hosts: ReadonlySet<string>
  /** Where they listen. */
  readonly ports: ReadonlySet<number>
}

/** A static route by its next hop, or a host that calls and has no route. */
export interface Trunk {
  /** `Side.organisation` of its calls, in both directions. */
  readonly organisation: string
  readonly port: number
  /** `sip:gateway.lab.test:5061;transport=tls` */
  readonly nextHop: string
}

export interface FollowRouteOptions {
  /** Face to leave by; absent: the one the request came in on. */
  readonly face?: string
  /** The servers that this one sends to by configuration. */
  readonly known: KnownServers
  /** Empty or absent: no dialog leads to a static route from here. */
  readonly trunks?: readonly Trunk[]
  /** The way to the organisation at the other end of a dialog. Absent: there is none. */
  readonly toOrganisation?: (arrival: Arrival, organisation: string) => Decision | Promise<Decision>
  /**
   * What a request goes to whose sender has not proved that the dialog is its own, where the next server asks for the
   * proof. Absent: the other end of the dialog, and the law judges it.
   */
  readonly unproved?: TargetKind
  /** Whether a URI leads to a server: an end of a dialog on its machine is none. Absent: no server is known. */
  readonly isServer?: (uri: SipUri) => boolean
  /** The home of a subscription that names a domain of ours in Request-URI: `sip:director.lab.test:5061`. */
  readonly homes?: { readonly domains: readonly string[]; readonly nextHop: string }
}

export function followRoute(options: FollowRouteOptions): Policy {
  return {
    name: 'follow-route',
    decide(arrival) {
      const { dialog } = arrival.remarks
      const [next] = arrival.routes
      if (next !== undefined && isKnown(next.uri, options.known))
        return way(arrival, options, dialog === undefined ? 'path' : inward(arrival, dialog, options))
      if (dialog?.endsHome === true) return pass
      if (dialog !== undefined) return toOtherEnd(arrival, dialog, options)
      return next === undefined ? pass : refuse(403, 'route.abuse')
    },
  }
}

/** Nothing that the sender writes leads elsewhere than to the party that the record names. */
function toOtherEnd(arrival: Arrival, dialog: Standing, options: FollowRouteOptions): Decision | Promise<Decision> {
  const { organisation, hop: text } = dialog.other
  const hop = readHop(text)
  switch (hop.kind) {
    case 'token':
    case 'flow':
      return refuse(430, 'route.no-flow')
    case 'address':
      return leadsTo(hop, wantedBy(arrival), options)
        ? way(arrival, options, 'dialog')
        : way(arrival, options, 'dialog', `sip:${endpointText(hop.address, hop.port)};transport=${hop.transport}`)
    case 'server':
      return organisation === ''
        ? toServer(arrival, dialog, hop.address, options)
        : toOtherOrganisation(arrival, organisation, hop.address, options)
    default:
      return hop satisfies never
  }
}

function toServer(arrival: Arrival, dialog: Standing, address: string, options: FollowRouteOptions): Decision {
  const { homes } = options
  const by = inward(arrival, dialog, options)
  if (isKnown(wantedBy(arrival), options.known) || isAt(address, arrival, options)) return way(arrival, options, by)
  return homes !== undefined && arrival.routes.length === 0 && homes.domains.includes(arrival.uri.host)
    ? way(arrival, options, by, homes.nextHop)
    : refuse(403, 'route.abuse')
}

function toOtherOrganisation(
  arrival: Arrival,
  organisation: string,
  address: string,
  options: FollowRouteOptions,
): Decision | Promise<Decision> {
  if (options.toOrganisation !== undefined) return options.toOrganisation(arrival, organisation)
  const wanted = wantedBy(arrival)
  if (isAt(address, arrival, options) && isSecure(wanted)) return way(arrival, options, 'dialog')
  const trunks = options.trunks?.filter((trunk) => trunk.organisation === organisation) ?? []
  const trunk = trunks.find(({ port }) => port === wanted.port) ?? trunks[0]
  if (trunk !== undefined) return way(arrival, options, 'dialog', trunk.nextHop)
  return isKnown(wanted, options.known) ? way(arrival, options, 'dialog') : refuse(403, 'route.abuse')
}

/** What a server proved by its certificate does not go on in the clear. */
function isSecure({ scheme, parameters }: SipUri): boolean {
  return scheme === 'sips' || parameters.get('transport')?.toLowerCase() === 'tls'
}

/**
 * As nearly every request does: then its URI need not be made anew. A phone on UDP may send from another port than it
 * names in Contact (RFC 3261 §18.1.1).
 */
function leadsTo(
  { transport, address, port }: Extract<Hop, { kind: 'address' }>,
  wanted: SipUri,
  { isServer }: FollowRouteOptions,
): boolean {
  const { scheme, parameters } = wanted
  const wantedTransport = parameters.get('transport') ?? (scheme === 'sips' ? 'tls' : 'udp')
  if (wantedTransport !== transport || placeOf(wanted) !== address || (scheme === 'sips' && transport !== 'tls'))
    return false
  return wanted.port === port || (transport === 'udp' && isServer?.(wanted) !== true)
}

function wantedBy({ routes, uri }: Arrival): SipUri {
  return routes[0]?.uri ?? uri
}

function isAt(address: string, arrival: Arrival, { known }: FollowRouteOptions): boolean {
  const wanted = wantedBy(arrival)
  return placeOf(wanted) === address && (wanted.port === undefined || known.ports.has(wanted.port))
}

/** An ACK cannot be asked for a proof, and goes to the recorded end as it is (RFC 3261 §22.1). */
function inward({ request }: Arrival, { proved }: Standing, { unproved = 'dialog' }: FollowRouteOptions): TargetKind {
  return proved || request.method === 'ACK' ? 'dialog' : unproved
}

/** Where a URI leads: `maddr` counts before the host (RFC 3263 §4). */
function placeOf({ host, parameters }: SipUri): string {
  const place = parameters.get('maddr')?.toLowerCase() ?? host
  return place.startsWith('[') && place.endsWith(']') ? place.slice(1, -1) : place
}

function isKnown(uri: SipUri, { hosts, ports }: KnownServers): boolean {
  return hosts.has(placeOf(uri)) && (uri.port === undefined || ports.has(uri.port))
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
