/**
 * Remembers for the later policies whether a request came in through the edge, and for which organisation it speaks.
 */
import { pass, type Policy, refuse } from '../../sip/routing/decision.ts'
import { cameFromOutside, markOf } from './strip-untrusted.ts'

/** @param domains ours, lower case */
export function noteRemote(domains: readonly string[]): Policy {
  const ours = new Set(domains)
  return {
    name: 'note-remote',
    decide(arrival) {
      const { remarks, request } = arrival
      remarks.remote = cameFromOutside(arrival)
      const mark = remarks.remote ? markOf(arrival) : undefined
      if (mark?.partner !== true) return pass
      // Called by the name of another, it gives that name in From. Only the one who called it receives such a request.
      const { domain } = mark
      const { dialog } = remarks
      if (domain !== undefined && (dialog === undefined || dialog.endsHome === true))
        return refuse(403, 'law.not-your-dialog')
      const organisation = domain ?? request.fromUri.host
      if (!ours.has(organisation)) remarks.organisation = organisation
      return pass
    },
  }
}
