/** The inside of an access proxy: only the next hop and the listed servers may speak to it. */
import { pass, type Policy, refuse } from '../../sip/routing/decision.ts'

/**
 * The names were compared once, when the flow opened (RFC 5922 §7.2); here only the class that came of it counts.
 * A peer without a certificate is no server.
 */
export function trustedServer(): Policy {
  return {
    name: 'trusted-server',
    decide({ flow }) {
      if (flow.peer === undefined) return refuse(403, 'tls.client-cert-missing')
      return flow.peer.class === 'server' ? pass : refuse(403, 'cert.name-not-allowed')
    },
  }
}
