/** The first SIP answer, and whether the other end answers a keep-alive. */
import type { CheckLog } from './check-log.ts'
import { failure, fine, warning, type Finding } from './step.ts'
import { strangerOf, strangerText } from './strangers.ts'
import type { Observed, Talk } from './talk.ts'

/** @param observed what came back for the OPTIONS that was already sent on this connection */
export async function sipStep(
  log: CheckLog,
  talk: Talk,
  uri: string,
  observed: Observed,
  timeoutMs: number,
): Promise<boolean> {
  return log.step('sip', 'SIP on this connection', async (inner) => {
    inner.put('sip.options', `OPTIONS ${uri}`, optionsFinding(observed, timeoutMs), observed.ms)
    if (observed.kind !== 'response') return { finding: optionsFinding(observed, timeoutMs), value: false }
    await keepAlive(inner, talk, timeoutMs)
    return {
      finding: fine(`The server speaks SIP: ${observed.response.status} ${observed.response.reason}.`),
      value: true,
    }
  })
}

/** Any final answer shows that SIP is spoken and that the server accepted us; 401 or 403 is as good as 200. */
function optionsFinding(observed: Observed, timeoutMs: number): Finding {
  switch (observed.kind) {
    case 'response': {
      const { status, reason } = observed.response
      const allow = observed.response.header('Allow')
      const server = observed.response.header('Server') ?? observed.response.header('User-Agent')
      const diagnostics = observed.response.header('ms-diagnostics')
      return fine(`Answered with ${status} ${reason}.`, {
        status,
        reason,
        ...(allow === undefined ? {} : { allow }),
        ...(server === undefined ? {} : { server }),
        ...(diagnostics === undefined ? {} : { diagnostics }),
      })
    }
    case 'not-sip':
      return failure('sip.not-sip', { found: strangerText({ kind: strangerOf(observed.line), line: observed.line }) })
    case 'silent':
      return failure('link.unconfirmed', {
        message: 'The port accepts connections and says nothing',
        found: `no answer to OPTIONS within ${timeoutMs} ms`,
        fix: 'check that a SIP server listens on this port, and whether it wants TLS',
      })
    case 'closed':
      return failure('link.unconfirmed', {
        message: 'The other end closed the connection instead of answering OPTIONS',
        found: observed.found,
      })
    default:
      return observed satisfies never
  }
}

async function keepAlive(log: CheckLog, talk: Talk, timeoutMs: number): Promise<void> {
  await log.step('sip.keep-alive', 'keep-alive: CRLF CRLF', async () => {
    const answer = await talk.ping(timeoutMs)
    if (answer === 'pong') return { finding: fine('Answered with CRLF (RFC 5626 §4.4.1).'), value: undefined }
    const found = answer === 'closed' ? 'the connection was closed' : `nothing came within ${timeoutMs} ms`
    return { finding: warning('sip.keep-alive-missing', { found }), value: undefined }
  })
}
