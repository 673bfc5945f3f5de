/**
 * A Route that did not come from a Record-Route of ours is refused (`SIPPROXY_E_ROUTING`, 0xC3E93C5E, topology-facts §5.1): who is
 * no server must not choose the way through the inside.
 */
import { type Arrival, pass, type Policy, refuse } from '../../sip/routing/decision.ts'
import { type FlowTokens, tokenSeparator } from '../../sip/routing/flow-token.ts'

export interface RouteGuardOptions {
  /**
   * Hosts that the next Route value may name, lower case. A client knows the token of its own flow from any of its dialogs: where
   * the way in is known, that token opens no other. Absent: any.
   */
  readonly towards?: readonly string[]
}

/**
 * What is left of Route below our own value is a way through others: outside a dialog nobody but a server may ask for one, inside
 * one the value that named us must carry a token that we made for that flow or that dialog.
 */
export function routeGuard(tokens: FlowTokens, options: RouteGuardOptions = {}): Policy {
  const towards = options.towards === undefined ? undefined : new Set(options.towards)
  return {
    name: 'route-guard',
    decide(arrival) {
      if (arrival.request.method === 'REGISTER' && !mayLeavePath(arrival)) return refuse(403, 'route.abuse')
      if (arrival.routes.length === 0 || arrival.flow.peer?.class === 'server') return pass
      if (!arrival.inDialog || !isOurs(arrival, tokens)) return refuse(403, 'route.abuse')
      const [next] = arrival.routes
      return towards === undefined || next === undefined || towards.has(next.uri.host) ? pass : refuse(403, 'route.abuse')
    },
  }
}

/** A Path is where requests for the user will go: only who is trusted to forward may write one (RFC 3327 §6). */
function mayLeavePath({ request, flow }: Arrival): boolean {
  const peerClass = flow.peer?.class
  return request.header('Path') === undefined || (peerClass !== undefined && peerClass !== 'client')
}

/** A flow that has closed meanwhile is still ours: the target list answers that with 430. */
function isOurs({ ownRoute, request }: Arrival, tokens: FlowTokens): boolean {
  const user = ownRoute?.uri.user
  if (user === undefined) return false
  if (tokens.isOfDialog(user, request.callId)) return true
  return user.split(tokenSeparator, 2).every((token) => {
    const { kind } = tokens.read(token)
    return kind === 'flow' || kind === 'gone' || kind === 'elsewhere'
  })
}
