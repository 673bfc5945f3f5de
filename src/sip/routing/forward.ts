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
import { needsToken, tokenSeparator } from './flow-token.ts'

/** Request-URI and Route of one copy, and where they lead. */
export interface Way {
  readonly requestUri: string
  readonly dropRoutes: number
  readonly pushRoutes: readonly string[]
  readonly appendRoute: string | undefined
  /** What `locate` is asked for (step 7). */
  readonly nextHop: SipUri
  /** See `Target.identity`. */
  readonly identity: string | undefined
}

/** @throws MessageError when the target, its first Route value or its next hop is no URI */
export function wayOf(arrival: Incoming, target: Target): Way {
  const loose = looseWay(arrival, target)
  const top = topRoute(arrival, target)
  const nextHop = target.nextHop === undefined ? (top?.uri ?? targetUri(arrival, target)) : parseUri(target.nextHop)
  if (top === undefined || top.uri.parameters.has('lr')) return { ...loose, nextHop, identity: target.identity }
  return { ...strictWay(loose, target, top), nextHop, identity: target.identity }
}

type Routes = Omit<Way, 'nextHop' | 'identity'>

function looseWay(arrival: Incoming, target: Target): Routes {
  const { popped, routes, lastTaken } = arrival
  if (!lastTaken)
    return { requestUri: target.uri, dropRoutes: popped, pushRoutes: target.routes, appendRoute: undefined }
  const pushRoutes = [...target.routes, ...routes.map((route) => route.text)]
  return { requestUri: target.uri, dropRoutes: popped + routes.length + 1, pushRoutes, appendRoute: undefined }
}

/** Step 6: a strict router wants itself in the Request-URI, and the real one last in Route. */
function strictWay(loose: Routes, target: Target, top: NameAddress): Routes {
  const pushed = loose.pushRoutes.length > 0
  return {
    requestUri: top.uri.text,
    dropRoutes: pushed ? loose.dropRoutes : loose.dropRoutes + 1,
    pushRoutes: loose.pushRoutes.slice(1),
    appendRoute: `<${target.uri}>`,
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
    recordRoutes: recordRoutes(core, arrival, flow, way.identity),
    remove: arrival.hasBreadth ? [...remarks.remove, 'max-breadth'] : remarks.remove,
    add: arrival.inDialog && !arrival.hasBreadth ? remarks.add : [...remarks.add, breadthField(breadth)],
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

/**
 * Step 4. Two values where the sides differ (RFC 5658 §3), the leaving side on top: each peer then dials the name,
 * port and transport of its own side. One value carries the tokens of both flows. A value that names no flow carries
 * the seal of its dialog alone where somebody will ask for one: beside a flow's value, towards an edge, which vouches
 * for nobody, and for datagrams, whose source proves nothing.
 */
function recordRoutes(
  { own, settings }: Core,
  arrival: Incoming,
  flow: Flow,
  identity: string | undefined,
): readonly string[] {
  const mode = settings.forward.recordRoute
  if (mode === 'none' || !recorded.has(arrival.request.method)) return none
  const from = arrival.flow
  const { scheme } = arrival.uri
  const tokens = settings.flowTokens
  const inward = tokens !== undefined && needsToken(from) ? tokens.of(from) : ''
  const outward = tokens !== undefined && needsToken(flow) ? tokens.of(flow) : ''
  const { callId } = arrival.request
  const differ = from.face !== flow.face || from.transport !== flow.transport
  if (mode === 'double' && differ)
    return [
      withIdentity(own.recordRoute(flow, scheme, tokens?.ofDialog(callId, outward)), identity),
      own.recordRoute(from, scheme, tokens?.ofDialog(callId, inward)),
    ]
  const both = inward !== '' && outward !== '' ? inward + tokenSeparator + outward : inward + outward
  const signed =
    both !== '' || from.peer?.class === 'edge' || flow.peer?.class === 'edge' || !(isServer(from) && isServer(flow))
  return [withIdentity(own.recordRoute(from, scheme, signed ? tokens?.ofDialog(callId, both) : undefined), identity)]
}

/** Rare: `<sip:pool.lab.test:5061;transport=tls;lr;identity=static-route:2>`. */
function withIdentity(value: string, identity: string | undefined): string {
  return identity === undefined ? value : `${value.slice(0, -1)};identity=${identity}>`
}

function isServer({ peer }: Flow): boolean {
  return peer?.class === 'server'
}
