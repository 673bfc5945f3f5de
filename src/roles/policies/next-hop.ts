/** Everything that is left goes to one configured host. */
import type { Policy, Target, TargetKind } from '../../sip/routing/decision.ts'
import type { Arrival } from '../../sip/routing/decision.ts'

export interface NextHopOptions {
  /** `sip:director.lab.test:5061;transport=tls` */
  readonly uri: string
  /** Face to leave by; absent: the only one. */
  readonly face?: string
  /** Which requests; absent: all. */
  readonly when?: (arrival: Arrival) => boolean
  readonly by: TargetKind
  readonly because: string
}

export function nextHop(options: NextHopOptions): Policy {
  return {
    name: 'next-hop',
    decide(arrival) {
      if (options.when !== undefined && !options.when(arrival)) return { kind: 'pass' }
      return {
        kind: 'route',
        targets: [targetVia(arrival.request.requestUri, options.uri, options.by, options.face)],
        because: options.because,
      }
    },
  }
}

/** What is for another domain leaves by the enterprise edge, where there is one. */
export function toEnterpriseEdge(
  edge: { readonly fqdn: string; readonly port: number } | undefined,
  isOurs: (host: string) => boolean,
): readonly Policy[] {
  if (edge === undefined) return []
  const uri = `sip:${edge.fqdn}:${edge.port};transport=tls`
  const when = (arrival: Arrival): boolean => !isOurs(arrival.uri.host)
  return [nextHop({ uri, when, by: 'enterprise-edge', because: 'enterprise-edge' })]
}

/** The request unchanged, sent to `nextHop`. */
export function targetVia(uri: string, nextHop: string | undefined, by: TargetKind, face?: string): Target {
  return { uri, flow: undefined, routes: [], nextHop, q: 1000, face, by }
}
