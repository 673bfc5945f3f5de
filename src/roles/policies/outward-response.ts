/** What leaves the access proxy toward the outside says no more than it must; what comes from there is not believed. */
import { carriesAny } from '../../sip/message/field-set.ts'
import type { SipResponse } from '../../sip/message/types.ts'
import type { Arrival } from '../../sip/routing/decision.ts'
import type { ResponseChange } from '../../sip/routing/settings.ts'
import type { Flow } from '../../sip/transport/flow.ts'
import { wordsForInside } from './strip-untrusted.ts'

const signedIn = 'signed-in'
const diagnostics = ['ms-diagnostics']
/** The home says it too, to clients it knows by their epid: once is enough. */
const logonData = ['ms-user-logon-data']

/**
 * Diagnostics go to a remote user once it has signed in on that flow, never to a partner or to a stranger
 * (`MSFT_SIPDiagnosticHeader`: both switches are off by default). A remote user learns that it is one, already on the
 * 401 ([MS-SIPRE] §4.10).
 */
export function outwardResponse(response: SipResponse, { flow }: Arrival): ResponseChange | undefined {
  if (response.method === 'REGISTER') {
    if (response.status >= 200 && response.status < 300) flow.notes.set(signedIn, true)
    return {
      remove: maySeeDiagnostics(flow) ? logonData : [...logonData, ...diagnostics],
      add: [['ms-user-logon-data', 'RemoteUser']],
    }
  }
  if (flow.peer !== undefined) return withoutWords(response)
  if (response.status < 300 || maySeeDiagnostics(flow)) return undefined
  return { remove: diagnostics, add: [] }
}

/**
 * An answer from outside to a request of ours: who sent it has no say in who it is, or in why something failed here.
 */
export function inwardResponse(response: SipResponse): ResponseChange | undefined {
  return withoutWords(response)
}

function withoutWords(response: SipResponse): ResponseChange | undefined {
  return carriesAny(response, wordsForInside) ? wordsOff : undefined
}

const wordsOff: ResponseChange = { remove: wordsForInside.names, add: [] }

export function maySeeDiagnostics(flow: Flow): boolean {
  return flow.notes.get(signedIn) === true
}
