/** Who may come in from outside: remote users when they are let in at all, partners when federation is on. */
import { type Arrival, pass, type Policy, refuse } from '../../sip/routing/decision.ts'

export interface RemoteUserOptions {
  /** `AllowOutsideUsers` of MSFT_SIPFederationExternalEdgeSetting. */
  readonly allowOutsideUsers: boolean
  /** SIP domains served inside (`SupportedInternalDomain`), lower case. */
  readonly domains: readonly string[]
}

/**
 * A peer without a partner's certificate is a remote user: it may speak only as a user of our domains. A partner may
 * speak only for users that are not ours. The access proxy never authenticates the user; the next hop does.
 */
export function remoteUser(options: RemoteUserOptions): Policy {
  const domains = new Set(options.domains)
  return {
    name: 'remote-user',
    decide(arrival) {
      const fromOurs = domains.has(arrival.request.from.uri.host)
      if (isPartner(arrival)) return fromOurs ? refuse(403, 'federation.own-domain-claimed') : pass
      if (!options.allowOutsideUsers) return refuse(403, 'remote.not-allowed')
      if (!fromOurs && !arrival.inDialog) return refuse(403, 'remote.foreign-domain')
      return pass
    },
  }
}

function isPartner({ flow }: Arrival): boolean {
  return flow.peer?.class === 'edge'
}
