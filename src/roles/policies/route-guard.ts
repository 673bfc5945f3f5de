/**
 * A Route that did not come from a Record-Route of ours is refused (`SIPPROXY_E_ROUTING`, 0xC3E93C5E, topology-facts
 * §5.1): who is no server must not choose the way through the inside.
 */
import { type Arrival, pass, type Policy, refuse } from '../../sip/routing/decision.ts'
import type { FlowTokens } from '../../sip/routing/flow-token.ts'

export interface RouteGuardOptions {
  /** Whether a host, lower case, is a server of ours: a Route of such values alone is removed and gives no right. */
  readonly isOurs: (host: string) => boolean
}

/**
 * The rest of Route below our own value is a way through others: only a server may ask for one, unless our own value
 * carries a record of this very dialog. A token of a flow without a record is a Path value, which only servers see.
 */
export function routeGuard(tokens: FlowTokens, { isOurs }: RouteGuardOptions): Policy {
  return {
    name: 'route-guard',
    decide(arrival) {
      if (arrival.request.method === 'REGISTER' && !mayLeavePath(arrival)) return refusedPath
      if (arrival.flow.peer?.class === 'server' || arrival.remarks.dialog !== undefined) return pass
      const user = arrival.ownRoute?.uri.user
      if (user !== undefined && tokens.isToken(user)) return refuse(403, 'route.abuse')
      if (!arrival.routes.every(({ uri }) => isOurs(uri.host))) return refuse(403, 'route.abuse')
      if (arrival.routes.length > 0) arrival.leaveRoute()
      return pass
    },
  }
}

const refusedPath = refuse(403, 'register.path-from-client', [], 'Path: only a server may write it (RFC 3327 §6)')

/** A Path is where requests for the user will go: only who is trusted to forward may write one (RFC 3327 §6). */
function mayLeavePath({ request, flow }: Arrival): boolean {
  const peerClass = flow.peer?.class
  return request.header('Path') === undefined || (peerClass !== undefined && peerClass !== 'client')
}
