/** Remembers for the later policies whether a request came in through the edge. */
import { pass, type Policy } from '../../sip/routing/decision.ts'
import { cameFromOutside } from './strip-untrusted.ts'

export function noteRemote(): Policy {
  return {
    name: 'note-remote',
    decide(arrival) {
      arrival.remarks.remote = cameFromOutside(arrival)
      return pass
    },
  }
}
