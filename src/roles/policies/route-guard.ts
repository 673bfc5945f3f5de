/**
 * A Route that did not come from a Record-Route of ours is refused (`SIPPROXY_E_ROUTING`, 0xC3E93C5E, topology-facts
 * §5.1): who is no server must not choose the way through the inside.
 */
import { type Arrival, pass, type Policy, refuse } from '../../sip/routing/decision.ts'
import type { FlowTokens } from '../../sip/routing/flow-token.ts'

export interface RouteGuardOptions {
  /**
   * Hosts that the next Route value may name, lower case. A client knows the token of its own flow from any of its
   * dialogs: where the way in is known, that token opens no other. Absent: any.
   */
  readonly towards?: readonly string[]
}

/**
 * What is left of Route below our own value is a way through others: outside a dialog nobody but a server may ask for
 * one, inside one the value that named us must carry the tokens we made for that dialog. Tokens of another dialog are
 * refused wherever they lead.
 */
export function routeGuard(tokens: FlowTokens, options: RouteGuardOptions = {}): Policy {
  const towards = options.towards === undefined ? undefined : new Set(options.towards)
  return {
    name: 'route-guard',
    decide(arrival) {
      if (arrival.request.method === 'REGISTER' && !mayLeavePath(arrival)) return refuse(403, 'route.abuse')
      const user = arrival.ownRoute?.uri.user
      const [next] = arrival.routes
      if ((user === undefined && next === undefined) || arrival.flow.peer?.class === 'server') return pass
      if (user === undefined || !arrival.inDialog || !tokens.isOfDialog(user, arrival.request.callId)) {
        return next === undefined && user !== undefined && !tokens.isToken(user) ? pass : refuse(403, 'route.abuse')
      }
      return towards === undefined || next === undefined || towards.has(next.uri.host)
        ? pass
        : refuse(403, 'route.abuse')
    },
  }
}

/** A Path is where requests for the user will go: only who is trusted to forward may write one (RFC 3327 §6). */
function mayLeavePath({ request, flow }: Arrival): boolean {
  const peerClass = flow.peer?.class
  return request.header('Path') === undefined || (peerClass !== undefined && peerClass !== 'client')
}
