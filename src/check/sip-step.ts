/** The first SIP answer, and whether the other end answers a keep-alive. */
import type { CheckLog } from './check-log.ts'
import { failure, fine, warning, type Finding } from './step.ts'
import { strangerOf, strangerText } from './strangers.ts'
import type { Heard, Talk } from './talk.ts'

/** @param heard what came back for the OPTIONS that was already sent on this connection */
export async function sipStep(
  log: CheckLog,
  talk: Talk,
  uri: string,
  heard: Heard,
  timeoutMs: number,
): Promise<boolean> {
  return log.step('sip', 'SIP on this connection', async (inner) => {
    inner.put('sip.options', `OPTIONS ${uri}`, optionsFinding(heard, timeoutMs), heard.ms)
    if (heard.kind !== 'response') return { finding: optionsFinding(heard, timeoutMs), value: false }
    await keepAlive(inner, talk, timeoutMs)
    return { finding: fine(`SIP is spoken here: ${heard.response.status} ${heard.response.reason}.`), value: true }
  })
}

/** Any final answer shows that SIP is spoken and that the server accepted us; 401 or 403 is as good as 200. */
function optionsFinding(heard: Heard, timeoutMs: number): Finding {
  switch (heard.kind) {
    case 'response': {
      const { status, reason } = heard.response
      const allow = heard.response.header('Allow')
      const server = heard.response.header('Server') ?? heard.response.header('User-Agent')
      const diagnostics = heard.response.header('ms-diagnostics')
      return fine(`Answered with ${status} ${reason}.`, {
        status,
        reason,
        ...(allow === undefined ? {} : { allow }),
        ...(server === undefined ? {} : { server }),
        ...(diagnostics === undefined ? {} : { diagnostics }),
      })
    }
    case 'not-sip':
      return failure('sip.not-sip', { found: strangerText({ kind: strangerOf(heard.line), line: heard.line }) })
    case 'silent':
      return failure('link.unconfirmed', {
        message: 'The port accepts connections and says nothing',
        found: `no answer to OPTIONS within ${timeoutMs} ms`,
        fix: 'check that a SIP server listens on this port, and whether it wants TLS',
      })
    case 'closed':
      return failure('link.unconfirmed', {
        message: 'The other end closed the connection instead of answering OPTIONS',
        found: heard.found,
      })
    default:
      return heard satisfies never
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
