/** Hands everything for our own domains to one next hop. */
import { pass, type Policy } from '../decision.ts'

/**
 * @param options.domains lower case
 * @param options.nextHop e.g. `sip:director.lab.test:5061;transport=tls`
 * @param options.face face to leave by; undefined: the one the request came in on
 */
export function ownDomain(options: {
  readonly domains: readonly string[]
  readonly nextHop: string
  readonly face?: string
}): Policy {
  const ours = new Set(options.domains)
  return {
    name: 'own-domain',
    decide({ uri }) {
      if (!ours.has(uri.host)) return pass
      const target = {
        uri: uri.text,
        flow: undefined,
        routes: [],
        nextHop: options.nextHop,
        q: 1000,
        face: options.face,
      }
      return { kind: 'route', targets: [target], because: 'own-domain' }
    },
  }
}
