/** The access proxy tells the inside where a message came from. */
import { pass, type Policy } from '../../sip/routing/decision.ts'
import { edgeMark } from './strip-untrusted.ts'

/** @param options.edge FQDN of the internal face, as `ms-ep-fqdn` */
export function markOutside(options: { readonly edge: string }): Policy {
  return {
    name: 'mark-outside',
    decide({ flow, remarks }) {
      const partner = flow.peer?.class === 'edge'
      const source = partner ? 'DirectPartner' : 'InternetUser'
      const remote = partner ? `;ms-remote-fqdn=${flow.peer?.names[0]}` : ''
      remarks.remove.push(edgeMark)
      remarks.add.push([edgeMark, `ms-source-type=${source};ms-ep-fqdn=${options.edge};ms-source-network=external;ms-source-verified-user=unverified${remote}`])
      remarks.remote = true
      return pass
    },
  }
}
