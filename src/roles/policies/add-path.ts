/**
 * A REGISTER on its way in leaves a trail, so that requests for the user find the way back (RFC 3327 §5.2, RFC 5626
 * §5.1).
 */
import type { Flow } from '../../sip/transport/flow.ts'
import { type Arrival, pass, type Policy } from '../../sip/routing/decision.ts'

export interface AddPathOptions {
  /** `edge.lab.test:5061` */
  readonly hostPort: string
  /** The user part for the flow the REGISTER came on; absent: the Path names the host alone. */
  readonly token?: (flow: Flow) => string
  readonly when?: (arrival: Arrival) => boolean
}

export function addPath(options: AddPathOptions): Policy {
  return {
    name: 'add-path',
    decide(arrival) {
      if (arrival.request.method !== 'REGISTER') return pass
      if (options.when !== undefined && !options.when(arrival)) return pass
      const user = options.token === undefined ? '' : `${options.token(arrival.flow)}@`
      const outbound = options.token === undefined ? '' : ';ob'
      arrival.remarks.add.push(['Path', `<sip:${user}${options.hostPort};transport=tls;lr${outbound}>`])
      return pass
    },
  }
}
