/** Sends a request by the flow that our own Route value names (RFC 5626 §5.3). */
import { type Arrival, type Decision, pass, type Policy, refuse, type Target } from '../decision.ts'
import { type FlowTokens, type TokenReading, tokenSeparator } from '../flow-token.ts'

/**
 * A request that came by the flow of the token is on its way out: it goes on by the remaining Route or the Request-URI.
 * 430 when the flow is gone, 403 when the token is forged; a token of another node of the pool leads to that node.
 *
 * @param options.port where the other nodes of the pool take MTLS
 */
export function flowToken(tokens: FlowTokens, options: { readonly port?: number } = {}): Policy {
  const port = options.port ?? 5061
  return {
    name: 'flow-token',
    decide(arrival) {
      const user = arrival.ownRoute?.uri.user
      if (user === undefined) return pass
      return user.includes(tokenSeparator) ? eitherWay(arrival, tokens, user) : oneWay(arrival, tokens.read(user), port)
    },
  }
}

function oneWay(arrival: Arrival, reading: TokenReading, port: number): Decision {
  switch (reading.kind) {
    case 'flow':
      return reading.flow.id === arrival.flow.id ? pass : alongFlow(arrival, reading)
    case 'gone':
      // The client may have lost that flow and sent this by a new one: the token was its own, not the way out.
      return cameFromClient(arrival) ? pass : refuse(430, 'route.no-flow')
    case 'elsewhere':
      return toNode(arrival, reading.node, port)
    case 'forged':
      return refuse(403, 'route.token-forged')
    case 'no-token':
      return pass
    default:
      return reading satisfies never
  }
}

/** Two tokens: the request leaves by the flow it did not come by. */
function eitherWay(arrival: Arrival, tokens: FlowTokens, user: string): Decision {
  const readings = user.split(tokenSeparator, 2).map((token) => tokens.read(token))
  if (readings.some(({ kind }) => kind === 'forged')) return refuse(403, 'route.token-forged')
  const others = readings.filter((reading) => reading.kind === 'flow' && reading.flow.id !== arrival.flow.id)
  const [way] = others
  if (way?.kind !== 'flow') return refuse(430, 'route.no-flow')
  return others.length === 1 ? alongFlow(arrival, way) : pass
}

function alongFlow(arrival: Arrival, { flow }: Extract<TokenReading, { kind: 'flow' }>): Decision {
  return route(arrival, { flow: flow.id, face: flow.face }, 'flow-token')
}

/** Our Route value goes along, so that the other node reads the token itself. */
function toNode(arrival: Arrival, node: string, port: number): Decision {
  const own = arrival.ownRoute
  if (own === undefined) return pass
  return route(arrival, { routes: [own.text], nextHop: `sip:${node}:${port};transport=tls` }, 'flow-token.elsewhere')
}

function cameFromClient({ flow }: Arrival): boolean {
  return flow.direction === 'accepted' && flow.peer?.class !== 'server' && flow.peer?.class !== 'edge'
}

function route({ uri }: Arrival, way: Partial<Target>, because: string): Decision {
  const target: Target = { uri: uri.text, flow: undefined, routes: [], nextHop: undefined, q: 1000, face: undefined, ...way }
  return { kind: 'route', targets: [target], because }
}
