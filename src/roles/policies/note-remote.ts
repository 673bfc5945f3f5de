/**
 * Remembers for the later policies whether a request came in through the edge, and for which organisation it speaks.
 */
import { pass, type Policy } from '../../sip/routing/decision.ts'
import { cameFromOutside, markOf } from './strip-untrusted.ts'

/** @param domains ours, lower case */
export function noteRemote(domains: readonly string[]): Policy {
  const ours = new Set(domains)
  return {
    name: 'note-remote',
    decide(arrival) {
      const { remarks, request } = arrival
      remarks.remote = cameFromOutside(arrival)
      if (!remarks.remote || markOf(arrival)?.partner !== true) return pass
      // A partner's user that was called by a name of ours gives that name in From.
      const { dialog } = remarks
      const domain = request.fromUri.host
      if (!ours.has(domain)) remarks.organisation = domain
      else if (dialog !== undefined && dialog.sender.organisation !== '')
        remarks.organisation = dialog.sender.organisation
      return pass
    },
  }
}
