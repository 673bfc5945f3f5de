/** Who may come in from outside: remote users when they are let in at all, partners when federation is on. */
import { pass, type Policy, refuse } from '../../sip/routing/decision.ts'
import { addressOfRecord } from '../../sip/message/uri.ts'
import { speaksAs } from './dialog.ts'
import { isProbe, partnerOf } from './federate-in.ts'

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
      if (partnerOf(arrival) !== undefined || isProbe(arrival)) return pass
      if (!options.allowOutsideUsers) return refuse(403, 'remote.not-allowed')
      const { dialog } = arrival.remarks
      // A user who was called by another name, for example a number, gives that name in From.
      const isOfDialog = dialog !== undefined && dialog.sender.organisation === '' && speaksAs(arrival, dialog.sender)
      if (!domains.has(arrival.request.fromUri.host) && !isOfDialog) return refuse(403, 'remote.foreign-domain')
      arrival.remarks.claimed = addressOfRecord(arrival.request.fromUri)
      return pass
    },
  }
}
