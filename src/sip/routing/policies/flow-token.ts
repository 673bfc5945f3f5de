/** Sends a request by the flow that our own Route value names (RFC 5626 §5.3). */
import { type Arrival, type Decision, pass, type Policy, refuse, type Target } from '../decision.ts'
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
 * A request that came by the flow of the token is on its way out: it goes on by the remaining Route or the Request-URI.
 * 430 when the flow is gone and the user with it, 403 when the token is forged or belongs to another dialog; a token of
 * another node of the pool leads to that node while it lives.
 */
export function flowToken(tokens: FlowTokens, options: FlowTokenOptions = {}): Policy {
  return {
    name: 'flow-token',
    decide(arrival) {
      const user = arrival.ownRoute?.uri.user
      if (user === undefined) return pass
      const flows = flowsIn(user)
      if (flows !== user && !tokens.isOfDialog(user, arrival.request.callId)) return refuse(403, 'route.token-forged')
      if (flows === '') return pass
      return flows.includes(tokenSeparator)
        ? eitherWay(arrival, tokens, flows, options)
        : oneWay(arrival, tokens.read(flows), options)
    },
  }
}

function oneWay(arrival: Arrival, reading: TokenReading, options: FlowTokenOptions): Decision | Promise<Decision> {
  switch (reading.kind) {
    case 'flow':
      return reading.flow.id === arrival.flow.id ? pass : alongFlow(arrival, reading)
    case 'gone':
      return lost(arrival, options, orPass(arrival))
    case 'elsewhere':
      return elsewhere(arrival, reading.node, options)
    case 'forged':
      return refuse(403, 'route.token-forged')
    case 'no-token':
      return pass
    default:
      return reading satisfies never
  }
}

/** Two tokens: the request leaves by the flow it did not come by. */
function eitherWay(
  arrival: Arrival,
  tokens: FlowTokens,
  flows: string,
  options: FlowTokenOptions,
): Decision | Promise<Decision> {
  const separator = flows.indexOf(tokenSeparator)
  const one = tokens.read(flows.slice(0, separator))
  const other = tokens.read(flows.slice(separator + tokenSeparator.length))
  if (one.kind === 'forged' || other.kind === 'forged') return refuse(403, 'route.token-forged')
  const isWay = leadsAway(arrival, one)
  const isOtherWay = leadsAway(arrival, other)
  if (isWay && isOtherWay) return lost(arrival, options, pass)
  if (isWay) return alongFlow(arrival, one)
  return isOtherWay ? alongFlow(arrival, other) : lost(arrival, options, noFlow)
}

function leadsAway(arrival: Arrival, reading: TokenReading): reading is Extract<TokenReading, { kind: 'flow' }> {
  return reading.kind === 'flow' && reading.flow.id !== arrival.flow.id
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

function elsewhere(arrival: Arrival, node: string, options: FlowTokenOptions): Decision | Promise<Decision> {
  const reachable = options.isReachable === undefined ? true : options.isReachable(node)
  if (reachable instanceof Promise)
    return reachable.then((isUp) => (isUp ? toNode(arrival, node, options) : lost(arrival, options, orPass(arrival))))
  return reachable ? toNode(arrival, node, options) : lost(arrival, options, orPass(arrival))
}

function alongFlow(arrival: Arrival, { flow }: Extract<TokenReading, { kind: 'flow' }>): Decision {
  return route(arrival, { flow: flow.id, face: flow.face }, 'flow-token')
}

/** Our Route value goes along, so that the other node reads the token itself. */
function toNode(arrival: Arrival, node: string, { port = 5061 }: FlowTokenOptions): Decision {
  const own = arrival.ownRoute
  if (own === undefined) return pass
  return route(arrival, { routes: [own.text], nextHop: `sip:${node}:${port};transport=tls` }, 'flow-token.elsewhere')
}

function cameFromClient({ flow }: Arrival): boolean {
  return flow.direction === 'accepted' && flow.peer?.class !== 'server' && flow.peer?.class !== 'edge'
}

function route({ uri }: Arrival, way: Partial<Target>, because: string): Decision {
  const target: Target = {
    uri: uri.text,
    flow: undefined,
    routes: [],
    nextHop: undefined,
    q: 1000,
    face: undefined,
    ...way,
  }
  return { kind: 'route', targets: [target], because }
}
