/** The access proxy tells the inside where a message came from. */
import { pass, type Policy } from '../../sip/routing/decision.ts'
import { type Partner, partnerOf } from './federate-in.ts'
import { edgeMark } from './strip-untrusted.ts'

/** @param options.edge FQDN of the internal face, as `ms-ep-fqdn` */
export function markOutside(options: { readonly edge: string }): Policy {
  return {
    name: 'mark-outside',
    decide(arrival) {
      const { remarks } = arrival
      const partner = partnerOf(arrival)
      const source = partner?.source ?? 'InternetUser'
      const remote = partner === undefined ? '' : `;ms-remote-fqdn=${partner.fqdn}`
      remarks.remove.push(edgeMark)
      remarks.add.push([edgeMark, `ms-source-type=${source};ms-ep-fqdn=${options.edge};ms-source-network=external;ms-source-verified-user=${verified(partner)}${remote}`])
      remarks.remote = true
      return pass
    },
  }
}

/** A partner's users are as good as its administrator said (`UserVerificationLevel`); with `UseSourceVerification` nobody here can tell. */
function verified(partner: Partner | undefined): string {
  return partner?.verification === 'AlwaysVerifiable' ? 'verified' : 'unverified'
}
