/**
 * `sips` means TLS on every hop, the last one too (RFC 3261 §16.6 step 7, RFC 5630 §5.3): what cannot be reached so is
 * no target.
 */
import { parseNameAddress } from '../message/name-address.ts'
import type { SipUri } from '../message/types.ts'
import { parseUri } from '../message/uri.ts'
import type { FlowId } from '../transport/flow.ts'
import type { Core } from './core.ts'
import type { Arrival, Target } from './decision.ts'

/** Whether a copy for this target must leave by TLS: the request is for `sips`, or the Contact is. */
export function mustBeSecure({ uri }: Arrival, target: Target): boolean {
  return uri.scheme === 'sips' || isSips(target.uri)
}

/** Asked several times for each request (bench/forward.ts). */
function isSips(uri: string): boolean {
  return uri.charCodeAt(4) === COLON && uri.slice(0, 4).toLowerCase() === 'sips'
}

const COLON = 58

/**
 * Whether the way to the target can be secured, as far as its URIs say; the flow that it takes says the rest.
 *
 * @param isSecure whether a flow is secured; undefined: it is closed, and the fork will say so
 */
export function canBeSecure(
  arrival: Arrival,
  target: Target,
  isSecure: (flow: FlowId) => boolean | undefined,
): boolean {
  if (!mustBeSecure(arrival, target)) return true
  if (target.flow !== undefined) return isSecure(target.flow) !== false
  if (target.nextHop !== undefined) return isSecurable(parseUri(target.nextHop))
  const [pushed] = target.routes
  if (pushed !== undefined) return isSecurable(parseNameAddress(pushed).uri)
  const [route] = arrival.routes
  return route === undefined ? isSecured(parseUri(target.uri)) : isSecurable(route.uri)
}

/** A next hop without a transport is located as a `sips` URI would be. */
function isSecurable(uri: SipUri): boolean {
  return isSecured(uri) || (uri.scheme === 'sip' && !uri.parameters.has('transport'))
}

/** A Contact that does not say TLS is not one for it. */
function isSecured({ scheme, parameters }: SipUri): boolean {
  const transport = parameters.get('transport')?.toLowerCase()
  if (transport === 'tls' || transport === 'wss') return true
  return scheme === 'sips' && transport !== 'udp'
}

/** The URI that `locate` gets instead of a `sip` URI (RFC 3261 §16.6 step 7). */
export function asSecure(uri: SipUri): SipUri {
  return uri.scheme === 'sip' && !uri.parameters.has('transport') ? { ...uri, scheme: 'sips' } : uri
}

/**
 * The Request-URI of a copy keeps the scheme of the request (RFC 5630 §5.3). One for `sips` stays so:
 * `sip:bob@192.0.2.7;transport=tls` becomes `sips:bob@…`. One for `sip` comes to a `sips` Contact as `sip`, by TLS all
 * the same: its caller has no `sips` Contact, and the phone would have to refuse it.
 */
export function inScheme(scheme: string, uri: string): string {
  if (scheme === 'sips') return /^sip:/i.test(uri) ? `sips:${uri.slice(4)}` : uri
  return scheme === 'sip' && isSips(uri) ? `sip:${uri.slice(5)}` : uri
}

/** For `canBeSecure`, from the flows of this process. */
export function isSecureFlow({ settings: { transport } }: Core): (flow: FlowId) => boolean | undefined {
  return (flow) => transport.flow(flow)?.secure
}
