/** The last entry of a target list: says plainly that nothing took the request. */
import { type Policy, refuse } from '../../sip/routing/decision.ts'

/** 404 for a user of our domains that nobody knows, 504 with diagnostics 1005 for a domain nothing leads to. */
export function noRoute(options: { readonly domains: readonly string[] }): Policy {
  const domains = new Set(options.domains)
  return {
    name: 'no-route',
    decide: ({ uri }) => (domains.has(uri.host) ? refuse(404, 'route.unknown-user') : refuse(504, 'route.no-target')),
  }
}
