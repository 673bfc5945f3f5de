/** Sends a request by the flow that our own Route value names (RFC 5626 §5.3). */
import { type Arrival, type Decision, pass, type Policy, refuse, type Target } from '../decision.ts'
import type { Ends } from '../dialog-record.ts'
import { flowsIn, type FlowTokens, type TokenReading, tokenSeparator } from '../flow-token.ts'

export interface FlowTokenOptions {
  /** Where the other nodes of the pool take MTLS; 5061 unless given. */
  readonly port?: number
  /** Whether another node of the pool can be spoken to; absent: it is believed to be. */
  readonly isReachable?: (node: string) => boolean | Promise<boolean>
  /**
   * The way to the other end of a dialog whose flow is gone, `pass` when there is none: its user may have signed in
   * again by another flow, at another node. Absent: there is none.
   */
  readonly relocate?: (arrival: Arrival) => Decision | Promise<Decision>
}

/**
 * Sends a request over the flow that its Route value names. A sealed value has the record of the dialog and the flow
 * of the other end. A value of Path has a token only; a request that came over the flow of that token goes out. Answers
 * 430 when flow and user are gone, and 403 when the token is forged or belongs to another dialog. A token of another
 * node of the pool leads to that node while the node runs.
 */
export function flowToken(tokens: FlowTokens, options: FlowTokenOptions = {}): Policy {
  return {
    name: 'flow-token',
    decide(arrival) {
      const user = arrival.ownRoute?.uri.user
      if (user === undefined) return pass
      const flows = flowsIn(user)
      if (flows === user) return ofPath(arrival, tokens.read(user), options)
      const ends = tokens.recognise(user, arrival.request)
      if (ends.kind !== 'dialog' || arrival.remarks.dialog === undefined) return refuse(403, 'route.token-forged')
      return ends.other.hop === 'w' ? ofDialog(arrival, tokens.read(tokenFor(flows, ends)), options) : pass
    },
  }
}

/** The caller's token comes first. */
function tokenFor(flows: string, { sender, isCaller }: Ends): string {
  if (sender.hop !== 'w') return flows
  const separator = flows.indexOf(tokenSeparator)
  return isCaller ? flows.slice(separator + tokenSeparator.length) : flows.slice(0, separator)
}

function ofDialog(arrival: Arrival, reading: TokenReading, options: FlowTokenOptions): Decision | Promise<Decision> {
  switch (reading.kind) {
    case 'flow':
      return alongFlow(arrival, reading)
    case 'gone':
      return lost(arrival, options, noFlow)
    case 'elsewhere':
      return elsewhere(arrival, reading.node, options, noFlow)
    case 'forged':
    case 'no-token':
      return refuse(403, 'route.token-forged')
    default:
      return reading satisfies never
  }
}

function ofPath(arrival: Arrival, reading: TokenReading, options: FlowTokenOptions): Decision | Promise<Decision> {
  switch (reading.kind) {
    case 'flow':
      return reading.flow.id === arrival.flow.id ? pass : alongFlow(arrival, reading)
    case 'gone':
      return lost(arrival, options, orPass(arrival))
    case 'elsewhere':
      return elsewhere(arrival, reading.node, options, orPass(arrival))
    case 'forged':
      return refuse(403, 'route.token-forged')
    case 'no-token':
      return pass
    default:
      return reading satisfies never
  }
}

/**
 * Where a user is now, and which of two ends is meant, only the location service can tell.
 *
 * @param otherwise the answer when it cannot
 */
function lost(arrival: Arrival, { relocate }: FlowTokenOptions, otherwise: Decision): Decision | Promise<Decision> {
  // What is left of Route leads on: the token was the sender's own.
  if (relocate === undefined || (cameFromClient(arrival) && arrival.routes.length > 0)) return otherwise
  const found = relocate(arrival)
  if (found instanceof Promise) return found.then((decision) => (decision.kind === 'pass' ? otherwise : decision))
  return found.kind === 'pass' ? otherwise : found
}

const noFlow = refuse(430, 'route.no-flow')

/** The client may have lost that flow and sent this by a new one: the token was its own, not the way out. */
function orPass(arrival: Arrival): Decision {
  return cameFromClient(arrival) ? pass : noFlow
}

function elsewhere(
  arrival: Arrival,
  node: string,
  options: FlowTokenOptions,
  otherwise: Decision,
): Decision | Promise<Decision> {
  const go = (isUp: boolean): Decision | Promise<Decision> =>
    isUp ? toNode(arrival, node, options) : lost(arrival, options, otherwise)
  const reachable = options.isReachable === undefined ? true : options.isReachable(node)
  return reachable instanceof Promise ? reachable.then(go) : go(reachable)
}

function alongFlow(arrival: Arrival, { flow }: Extract<TokenReading, { kind: 'flow' }>): Decision {
  return route(arrival, { flow: flow.id, face: flow.face, routes: none, nextHop: undefined }, 'flow-token')
}

const none: readonly string[] = []

/** Our Route value goes along, so that the other node reads the token itself. */
function toNode(arrival: Arrival, node: string, { port = 5061 }: FlowTokenOptions): Decision {
  const own = arrival.ownRoute
  if (own === undefined) return pass
  const nextHop = `sip:${node}:${port};transport=tls`
  return route(arrival, { flow: undefined, face: undefined, routes: [own.text], nextHop }, 'flow-token.elsewhere')
}

function cameFromClient({ flow }: Arrival): boolean {
  return flow.direction === 'accepted' && flow.peer?.class !== 'server' && flow.peer?.class !== 'edge'
}

function route(
  { uri, remarks: { dialog } }: Arrival,
  { flow, face, routes, nextHop }: Pick<Target, 'flow' | 'face' | 'routes' | 'nextHop'>,
  because: string,
): Decision {
  const by = dialog === undefined ? 'path' : 'dialog'
  const target: Target = { uri: uri.text, flow, routes, nextHop, q: 1000, face, by, aor: '' }
  return { kind: 'route', targets: [target], because }
}
