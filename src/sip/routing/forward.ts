/** RFC 3261 §16.6 steps 1 to 8: what one copy of a request looks like, and by which URI its next hop is found. */
import { writeRequest } from '../message/edit.ts'
import { parseNameAddress } from '../message/name-address.ts'
import type { HeaderField, NameAddress, SipUri } from '../message/types.ts'
import { parseUri } from '../message/uri.ts'
import type { Branch } from '../transaction/types.ts'
import type { Flow } from '../transport/flow.ts'
import type { Incoming } from './arrival.ts'
import type { Core } from './core.ts'
import type { Target } from './decision.ts'
import {
  decoded,
  type DialogRecord,
  encoded,
  encodedUser,
  hopText,
  organisationText,
  type Side,
  unknownIdentity,
} from './dialog-record.ts'
import { asSecure, inScheme, mustBeSecure } from './secured.ts'
import { type DialogName, type FlowTokens, needsToken, tokenSeparator } from './flow-token.ts'

/** Request-URI and Route of one copy, and where they lead. */
export interface Way {
  readonly requestUri: string
  readonly dropRoutes: number
  readonly pushRoutes: readonly string[]
  readonly appendRoute: string | undefined
  /** What `locate` is asked for (step 7). */
  readonly nextHop: SipUri
  readonly target: Target
}

/** @throws MessageError when the target, its first Route value or its next hop is no URI */
export function wayOf(arrival: Incoming, target: Target): Way {
  const loose = looseWay(arrival, target)
  const top = topRoute(arrival, target)
  const named = target.nextHop === undefined ? (top?.uri ?? targetUri(arrival, target)) : parseUri(target.nextHop)
  const nextHop = mustBeSecure(arrival, target) ? asSecure(named) : named
  if (top === undefined || top.uri.parameters.has('lr')) return { ...loose, nextHop, target }
  return { ...strictWay(loose, top), nextHop, target }
}

type Routes = Omit<Way, 'nextHop' | 'target'>

function looseWay(arrival: Incoming, target: Target): Routes {
  const { popped, routes, lastTaken } = arrival
  const requestUri = inScheme(arrival.uri.scheme, target.uri)
  if (!lastTaken) return { requestUri, dropRoutes: popped, pushRoutes: target.routes, appendRoute: undefined }
  const pushRoutes = [...target.routes, ...routes.map((route) => route.text)]
  return { requestUri, dropRoutes: popped + routes.length + 1, pushRoutes, appendRoute: undefined }
}

/** Step 6: a strict router wants itself in the Request-URI, and the real one last in Route. */
function strictWay(loose: Routes, top: NameAddress): Routes {
  const pushed = loose.pushRoutes.length > 0
  return {
    requestUri: top.uri.text,
    dropRoutes: pushed ? loose.dropRoutes : loose.dropRoutes + 1,
    pushRoutes: loose.pushRoutes.slice(1),
    appendRoute: `<${loose.requestUri}>`,
  }
}

function topRoute(arrival: Incoming, target: Target): NameAddress | undefined {
  const [pushed] = target.routes
  return pushed === undefined ? arrival.routes[0] : parseNameAddress(pushed)
}

function targetUri(arrival: Incoming, target: Target): SipUri {
  return target.uri === arrival.uri.text ? arrival.uri : parseUri(target.uri)
}

/** The copy as it goes out on `flow`. */
export function writeCopy(
  core: Core,
  arrival: Incoming,
  way: Way,
  flow: Flow,
  branch: Branch,
  breadth: number,
): string {
  const { request, remarks } = arrival
  return writeRequest(request, {
    requestUri: way.requestUri === request.requestUri ? undefined : way.requestUri,
    maxForwards: request.maxForwards === undefined ? 70 : request.maxForwards - 1,
    via: core.own.via(flow, branch),
    dropRoutes: way.dropRoutes,
    pushRoutes: way.pushRoutes,
    appendRoute: way.appendRoute,
    recordRoutes: recordRoutes(core, arrival, way, flow),
    remove: arrival.hasBreadth ? [...remarks.remove, 'max-breadth'] : remarks.remove,
    add: arrival.claimsDialog && !arrival.hasBreadth ? remarks.add : [...remarks.add, breadthField(breadth)],
  })
}

const fullBreadth: HeaderField = ['Max-Breadth', '60']

/** RFC 5393 §5.3.3. A request inside a dialog cannot fork: it gets none that it did not bring. */
function breadthField(breadth: number): HeaderField {
  return breadth === 60 ? fullBreadth : ['Max-Breadth', String(breadth)]
}

/** Requests that form a dialog or refresh its target. */
const recorded = new Set(['INVITE', 'SUBSCRIBE', 'NOTIFY', 'REFER', 'UPDATE'])
const none: readonly string[] = []

export function isRecorded(method: string): boolean {
  return recorded.has(method)
}

/**
 * Step 4. Two values where the sides differ (RFC 5658 §3), the leaving side on top: each peer then dials the name,
 * port and transport of its own side. One value carries the tokens of both flows. Each is sealed for its dialog: that
 * is what lets the later requests in.
 */
function recordRoutes({ own, settings }: Core, arrival: Incoming, { target }: Way, flow: Flow): readonly string[] {
  const mode = settings.forward.recordRoute
  if (mode === 'none' || !isRecorded(arrival.request.method)) return none
  const from = arrival.flow
  const { scheme } = arrival.uri
  const tokens = settings.flowTokens
  const differ = mode === 'double' && (from.face !== flow.face || from.transport !== flow.transport)
  if (tokens === undefined) {
    const near = own.recordRoute(from, scheme, undefined)
    const value = withIdentity(differ ? own.recordRoute(flow, scheme, undefined) : near, target.identity)
    return differ ? [value, near] : [value]
  }
  const name = dialogName(arrival)
  const inward = needsToken(from) ? tokens.of(from) : ''
  const outward = needsToken(flow) ? tokens.of(flow) : ''
  if (differ) {
    const outer = tokens.seal(recordOf(arrival, target, tokens, flow, flow), name, outward)
    const inner = tokens.seal(recordOf(arrival, target, tokens, flow, from), name, inward)
    return [withIdentity(own.recordRoute(flow, scheme, outer), target.identity), own.recordRoute(from, scheme, inner)]
  }
  const both = inward !== '' && outward !== '' ? inward + tokenSeparator + outward : inward + outward
  const user = tokens.seal(recordOf(arrival, target, tokens, flow, undefined), name, both)
  return [withIdentity(own.recordRoute(from, scheme, user), target.identity)]
}

/** Who sends this request counts as the caller of what it begins, a request inside a dialog too. */
function dialogName({ request }: Incoming): DialogName {
  return { callId: request.callId, tag: request.fromTag ?? '' }
}

/** @param named the flow whose token comes with the record; undefined: both */
function recordOf(
  arrival: Incoming,
  target: Target,
  tokens: FlowTokens,
  flow: Flow,
  named: Flow | undefined,
): DialogRecord {
  const { request, remarks } = arrival
  const { dialog } = remarks
  const isInside = dialog?.proved === true
  const origin = isInside ? dialog.sender.organisation : originOf(remarks)
  const destination = isInside ? dialog.other.organisation : organisationText(target.organisation ?? '')
  const near = hopFor(arrival.flow, tokens, named, origin)
  const far = hopFor(flow, tokens, named, destination)
  if (isInside) return { caller: { ...dialog.sender, hop: near }, callee: { ...dialog.other, hop: far } }
  return {
    caller: {
      identity: encoded(remarks.identity ?? remarks.claimed ?? ''),
      uri: encodedUser(request.fromUri),
      organisation: origin,
      hop: near,
    },
    callee: {
      identity: calleeOf(arrival, target),
      uri: encodedUser(request.toUri),
      organisation: destination,
      hop: far,
    },
  }
}

function originOf({ organisation, trunk }: Incoming['remarks']): string {
  return organisation === '' ? trunk : organisationText(organisation)
}

function calleeOf({ uri, remarks: { dialog } }: Incoming, { aor, by }: Target): string {
  if (aor === '') return by === 'dialog' && dialog !== undefined ? known(dialog.other) : unknownIdentity
  return aor === undefined ? encodedUser(uri) : encoded(aor)
}

function known({ identity }: Side): string {
  return decoded(identity) === undefined ? unknownIdentity : identity
}

function hopFor(flow: Flow, tokens: FlowTokens, named: Flow | undefined, organisation: string): string {
  if (!needsToken(flow)) return hopText(flow, 'none', '', organisation)
  return named === undefined || named === flow
    ? hopText(flow, 'beside', '')
    : hopText(flow, 'elsewhere', tokens.claimOf(flow))
}

/** Rare: `<sip:pool.lab.test:5061;transport=tls;lr;identity=static-route:2>`. */
function withIdentity(value: string, identity: string | undefined): string {
  return identity === undefined ? value : `${value.slice(0, -1)};identity=${identity}>`
}
