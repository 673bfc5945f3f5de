/** The last entry of a target list: says plainly that nothing took the request. */
import { placeName } from '../../sip/message/fast/scanner.ts'
import type { NodePlan } from '../../topology/plan-types.ts'
import { type Policy, refuse } from '../../sip/routing/decision.ts'

/**
 * 404 for an unknown user of our domains, and for anything else at a name of ours; 504 with diagnostics 1005 for a
 * domain that nothing leads to.
 *
 * @param isOurs whether a host, lower case, is a domain or a server of ours
 */
export function noRoute(isOurs: (host: string) => boolean): Policy {
  return {
    name: 'no-route',
    decide: ({ uri }) => (isOurs(uri.host) ? refuse(404, 'route.unknown-user') : refuse(504, 'route.no-target')),
  }
}

/** Names and addresses of the faces of this very server, as the host of a URI has them. */
export function namesOfFaces(faces: NodePlan['faces']): readonly string[] {
  return faces.flatMap(({ fqdn, address, addresses }) => [fqdn, address, ...Object.values(addresses)].map(placeName))
}
