/** Messages for tests: a valid one with what is given changed. */
import { composeRequest, parseText } from '../../src/sip/message/index.ts'
import type { HeaderField, SipRequest, SipResponse } from '../../src/sip/message/types.ts'

export interface RequestChange {
  readonly method?: string
  readonly uri?: string
  /** Whole Via value. */
  readonly via?: string
  readonly branch?: string
  readonly from?: string
  readonly to?: string
  readonly callId?: string
  readonly cseq?: number
  readonly maxForwards?: number
  readonly headers?: readonly HeaderField[]
  readonly body?: string
}

let serial = 0

export function request(change: RequestChange = {}): SipRequest {
  const branch = change.branch ?? `z9hG4bKtest${++serial}`
  const message = parseText(
    composeRequest({
      method: change.method ?? 'INVITE',
      uri: change.uri ?? 'sip:bob@lab.test',
      via: change.via ?? `SIP/2.0/TLS 127.0.41.99:40000;branch=${branch}`,
      from: change.from ?? '<sip:alice@lab.test>;tag=a1',
      to: change.to ?? '<sip:bob@lab.test>',
      callId: change.callId ?? `call-${serial}`,
      cseq: change.cseq ?? 1,
      maxForwards: change.maxForwards,
      headers: change.headers,
      body: change.body,
    }),
  )
  if (message.kind === 'request') return message
  throw new TypeError('not a request')
}

/** The answer of a peer to `sent`, a request as it went out. */
export function responseTo(
  sent: SipRequest,
  status: number,
  headers: readonly HeaderField[] = [],
  toTag = 'b1',
): SipResponse {
  const to = sent.toTag === undefined && status > 100 ? `${sent.header('To')};tag=${toTag}` : sent.header('To')
  const lines = [
    `SIP/2.0 ${status} Answer`,
    ...sent.headers('Via').map((value) => `Via: ${value}`),
    ...sent.headers('Record-Route').map((value) => `Record-Route: ${value}`),
    `From: ${sent.header('From')}`,
    `To: ${to}`,
    `Call-ID: ${sent.callId}`,
    `CSeq: ${sent.cseq} ${sent.method}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    'Content-Length: 0',
  ]
  const message = parseText(`${lines.join('\r\n')}\r\n\r\n`)
  if (message.kind === 'response') return message
  throw new TypeError('not a response')
}

/** The ACK a user agent sends for the failure `response` of `invite` (RFC 3261 §17.1.1.3). */
export function ackFor(invite: SipRequest, toTag: string | undefined, change: RequestChange = {}): SipRequest {
  const to = toTag === undefined ? '<sip:bob@lab.test>' : `<sip:bob@lab.test>;tag=${toTag}`
  return request({
    method: 'ACK',
    uri: invite.requestUri,
    via: invite.topVia.text,
    callId: invite.callId,
    cseq: invite.cseq,
    to,
    ...change,
  })
}

export function cancelFor(invite: SipRequest): SipRequest {
  return request({
    method: 'CANCEL',
    uri: invite.requestUri,
    via: invite.topVia.text,
    callId: invite.callId,
    cseq: invite.cseq,
  })
}

/** What tests compare of a message, as plain data. */
export function facts(message: SipRequest | SipResponse) {
  const { method, callId, cseq, fromTag, toTag, branch } = message
  return {
    method,
    callId,
    cseq,
    fromTag,
    toTag,
    branch,
    via: message.topVia.text,
    ...(message.kind === 'request' ? { requestUri: message.requestUri } : { status: message.status }),
  }
}
