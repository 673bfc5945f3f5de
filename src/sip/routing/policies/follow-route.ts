/**
 * Sends a request where its Route says, or, inside a dialog that we are on, where its Request-URI says (RFC 3261
 * §16.12).
 */
import { pass, type Policy } from '../decision.ts'

/**
 * @param options.face face to leave by; undefined: the one the request came in on
 * @param options.routeOnly where the Request-URI is not to be followed: it was written by somebody outside
 */
export function followRoute(options: { readonly face?: string; readonly routeOnly?: boolean } = {}): Policy {
  const { face, routeOnly = false } = options
  return {
    name: 'follow-route',
    decide({ uri, routes, inDialog, ownRoute }) {
      if (routes.length === 0 && (routeOnly || !inDialog || ownRoute === undefined)) return pass
      const target = {
        uri: uri.text,
        flow: undefined,
        routes: [],
        nextHop: undefined,
        q: 1000,
        face,
        identity: ownRoute?.uri.parameters.get('identity'),
      }
      return { kind: 'route', targets: [target], because: routes.length > 0 ? 'route-set' : 'in-dialog' }
    },
  }
}
