/** The two requests that go exactly where another went: CANCEL (RFC 3261 §9.1) and the ACK of a failure (§17.1.1.3). */
import { parseOwn } from '../message/parse.ts'
import type { SipRequest, SipResponse } from '../message/types.ts'

/**
 * @param invite text of the INVITE as it was sent
 * @param reason value of Reason, e.g. `SIP;cause=200;text="Call completed elsewhere"` (RFC 3326 §3.1)
 */
export function writeCancel(invite: string, reason?: string): string {
  const request = sent(invite)
  return write(request, 'CANCEL', request.header('To') ?? '', reason === undefined ? [] : [`Reason: ${reason}`])
}

/** @param response the failure; its To carries the tag */
export function writeAck(invite: string, response: SipResponse): string {
  return write(sent(invite), 'ACK', response.header('To') ?? '')
}

function write(invite: SipRequest, method: 'ACK' | 'CANCEL', to: string, more: readonly string[] = []): string {
  const lines = [
    `${method} ${invite.requestUri} SIP/2.0`,
    `Via: ${invite.topVia.text}`,
    'Max-Forwards: 70',
    ...invite.headers('Route').map((value) => `Route: ${value}`),
    `From: ${invite.header('From') ?? ''}`,
    `To: ${to}`,
    `Call-ID: ${invite.callId}`,
    `CSeq: ${invite.cseq} ${method}`,
    ...more,
    'Content-Length: 0',
  ]
  return lines.join('\r\n') + '\r\n\r\n'
}

function sent(text: string): SipRequest {
  const message = parseOwn(text)
  if (message.kind === 'request') return message
  throw new TypeError('a client transaction sends requests only')
}
