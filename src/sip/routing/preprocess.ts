/** RFC 3261 §16.4: undoes what strict routers did, and removes the Route values that were meant for us. */
import type { NameAddress, SipUri } from '../message/types.ts'
import { parseUri, unescape, uriText } from '../message/uri.ts'
import type { Incoming } from './arrival.ts'
import type { OwnNames } from './own.ts'

const DOT = 46

/** @param domain the domain of the users that are meant when a Request-URI has our name for a host; absent: none */
export function preprocess(arrival: Incoming, own: OwnNames, domain?: string): void {
  undoStrictRouting(arrival, own)
  stripOwnMaddr(arrival, own)
  if (domain !== undefined) nameDomain(arrival, own, domain)
  popOwnRoutes(arrival, own)
}

/** A strict router put our Record-Route value into the Request-URI and the real one at the end of Route. */
function undoStrictRouting(arrival: Incoming, own: OwnNames): void {
  const { routes, uri } = arrival
  const last = routes.at(-1)
  if (last === undefined || !uri.parameters.has('lr') || !own.has(uri)) return
  arrival.ownRoute = asRoute(uri)
  arrival.nearRoute = arrival.ownRoute
  arrival.uri = last.uri
  arrival.routes = routes.slice(0, -1)
  arrival.lastTaken = true
}

function stripOwnMaddr(arrival: Incoming, own: OwnNames): void {
  const { uri } = arrival
  const maddr = uri.parameters.get('maddr')
  if (maddr === undefined || !own.has({ ...uri, host: maddr })) return
  arrival.uri = parseUri(withoutMaddr(uri.text))
}

/** A user part may hold `;maddr=` as well, and a parameter name may be escaped: `;%6Daddr=`. */
function withoutMaddr(text: string): string {
  const behindUser = text.indexOf('@') + 1
  const question = text.indexOf('?', behindUser)
  const end = question === -1 ? text.length : question
  const [host = '', ...parameters] = text.slice(behindUser, end).split(';')
  const kept = parameters.filter((each) => unescape(each.split('=', 1).join('')).toLowerCase() !== 'maddr')
  return text.slice(0, behindUser) + [host, ...kept].join(';') + text.slice(end)
}

/**
 * `sip:bob@192.0.2.1` or `sip:bob@fe1.lab.test` at that very server is bob of its domain: no other user has that name.
 * OPTIONS to the name of a server mean the server itself, with any user or none, and so does any request without a
 * user; but a REGISTER to that name registers in its domain.
 */
function nameDomain(arrival: Incoming, own: OwnNames, domain: string): void {
  const { uri, request } = arrival
  if (uri.scheme === 'tel') return
  const isDomain = uri.host === domain
  if (isDomain && !hasRootDot(uri)) return
  if (!isDomain && !(own.has(uri) && isForUsers(request.method, uri, arrival.claimsDialog))) return
  arrival.uri = parseUri(uriText(uri, domain))
}

/** The text still has the dot that `host` has no more: other servers would compare it with their domains. */
function hasRootDot({ scheme, user, host, text }: SipUri): boolean {
  const start = scheme.length + 1 + (user === undefined ? 0 : user.length + 1)
  return text.charCodeAt(start + host.length) === DOT
}

function isForUsers(method: string, { user }: SipUri, claimsDialog: boolean): boolean {
  if (method === 'REGISTER') return true
  return user !== undefined && (method !== 'OPTIONS' || claimsDialog)
}

/**
 * Both values of a double Record-Route are ours, and so are those of the next node of a pool; the last one names the
 * side the request is to leave by. One without a user part says nothing: a node between two servers wrote it.
 */
function popOwnRoutes(arrival: Incoming, own: OwnNames): void {
  let count = 0
  for (const route of arrival.routes) {
    if (count === mostOwnRoutes || !own.isOnRoute(route.uri)) break
    if (arrival.ownRoute === undefined || route.uri.user !== undefined) arrival.ownRoute = route
    if (arrival.nearRoute?.uri.user === undefined) arrival.nearRoute = route
    count++
  }
  if (count === 0) return
  arrival.popped = count
  arrival.routes = arrival.routes.slice(count)
}

/** Two nodes of a pool, each with a value for each of its sides. */
const mostOwnRoutes = 4

function asRoute(uri: SipUri): NameAddress {
  return { displayName: undefined, uri, parameters: new Map(), text: `<${uri.text}>` }
}
