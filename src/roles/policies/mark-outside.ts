/** The access proxy tells the inside where a message came from. */
import { type Arrival, pass, type Policy } from '../../sip/routing/decision.ts'
import { type Partner, partnerOf } from './federate-in.ts'
import { dialogProved, edgeMark, sourceDomain, sourceVerified } from './strip-untrusted.ts'

/** @param options.edge FQDN of the internal face, as `ms-ep-fqdn` */
export function markOutside(options: { readonly edge: string }): Policy {
  return {
    name: 'mark-outside',
    decide(arrival) {
      const { remarks } = arrival
      const partner = partnerOf(arrival)
      const source = partner?.source ?? 'InternetUser'
      const remote = partner === undefined ? '' : `;ms-remote-fqdn=${partner.fqdn}`
      const known = remarks.dialog?.proved === true ? `;${dialogProved}` : ''
      remarks.remove.push(edgeMark)
      remarks.add.push([
        edgeMark,
        `ms-source-type=${source};ms-ep-fqdn=${options.edge};ms-source-network=external;ms-source-verified-user=` +
          `${verified(arrival, partner)}${remote}${organisation(arrival)}${known}`,
      ])
      remarks.remote = true
      return pass
    },
  }
}

/** Inside a dialog a user gives the name that it was called by, which may be one of another organisation. */
function organisation({ request, remarks }: Arrival): string {
  const isOther = remarks.organisation !== '' && remarks.organisation !== request.fromUri.host
  return isOther ? `;${sourceDomain}${remarks.organisation}` : ''
}

/**
 * A partner's users are as good as our administrator said (`UserVerificationLevel`), or as the partner's own edge says.
 */
function verified({ request }: Arrival, partner: Partner | undefined): string {
  if (partner === undefined) return 'unverified'
  switch (partner.verification) {
    case 'AlwaysVerifiable':
      return 'verified'
    case 'UseSourceVerification':
      return saysVerified(request.header(edgeMark)) ? 'verified' : 'unverified'
    case 'AlwaysUnverifiable':
      return 'unverified'
    default:
      return partner.verification satisfies never
  }
}

function saysVerified(mark: string | undefined): boolean {
  return mark?.split(';').some((part) => part.trim().toLowerCase() === sourceVerified) === true
}
