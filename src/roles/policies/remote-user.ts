/** Who may come in from outside: remote users when they are let in at all, partners when federation is on. */
import { pass, type Policy, refuse } from '../../sip/routing/decision.ts'
import { partnerOf } from './federate-in.ts'

export interface RemoteUserOptions {
  /** `AllowOutsideUsers` of MSFT_SIPFederationExternalEdgeSetting. */
  readonly allowOutsideUsers: boolean
  /** SIP domains served inside (`SupportedInternalDomain`), lower case. */
  readonly domains: readonly string[]
}

/**
 * Who is no partner (`federateIn` said so before) is a remote user: it may speak only as a user of our domains. The
 * access proxy never authenticates the user; the next hop does.
 */
export function remoteUser(options: RemoteUserOptions): Policy {
  const domains = new Set(options.domains)
  return {
    name: 'remote-user',
    decide(arrival) {
      const fromOurs = domains.has(arrival.request.from.uri.host)
      if (partnerOf(arrival) !== undefined || (arrival.flow.peer?.class === 'edge' && arrival.inDialog)) return pass
      if (!options.allowOutsideUsers) return refuse(403, 'remote.not-allowed')
      if (!fromOurs && !arrival.inDialog) return refuse(403, 'remote.foreign-domain')
      return pass
    },
  }
}
