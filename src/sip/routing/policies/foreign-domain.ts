/** A Request-URI outside the domains this element answers for is its own target (RFC 3261 §16.5). */
import { pass, type Policy } from '../decision.ts'

/** @param options.domains ours, lower case */
export function foreignDomain(options: { readonly domains: readonly string[]; readonly face?: string }): Policy {
  const ours = new Set(options.domains)
  return {
    name: 'foreign-domain',
    decide({ uri }) {
      if (uri.host === '' || ours.has(uri.host)) return pass
      const target = { uri: uri.text, flow: undefined, routes: [], nextHop: undefined, q: 1000, face: options.face }
      return { kind: 'route', targets: [target], because: 'foreign-domain' }
    },
  }
}
