/** Responses made here, from the request they answer (RFC 3261 §8.2.6). */
import type { PartialRequest } from './message-error.ts'
import { internals } from './message.ts'
import { VIA } from './header-names.ts'
import { randomToken } from './random.ts'
import { reasonOf } from './reasons.ts'
import { unfold } from './scanner.ts'
import { stampedVia } from './stamp.ts'
import type { HeaderField, SipRequest } from './types.ts'

export interface AnswerOptions {
  /** undefined: the usual phrase of the status. */
  readonly reason?: string | undefined
  /** Tag for To when the request has none; undefined: a fresh one. Never added to 100. */
  readonly toTag?: string | undefined
  readonly headers?: readonly HeaderField[] | undefined
  /** Latin1. */
  readonly body?: string | undefined
  readonly contentType?: string | undefined
}

/**
 * The whole response as it stands on the wire: `answer(request, 404)`, `answer(invite, 302, { headers: [['Contact', '<sip:…>']] })`.
 * Via stamped, header names spelled out (some clients read nothing else), Content-Length last.
 */
export function answer(request: SipRequest, status: number, options: AnswerOptions = {}): string {
  const { reason = reasonOf(status), headers = [], body = '' } = options
  return (
    `SIP/2.0 ${status} ${reason}\r\n${viaBlock(request)}${recordRoutes(request, status)}` +
    `From: ${fromOf(request)}\r\nTo: ${toOf(request)}${toTag(request, status, options.toTag)}\r\n` +
    `Call-ID: ${request.callId}\r\nCSeq: ${request.cseq} ${request.method}\r\n` +
    headerLines(headers) +
    (options.contentType === undefined ? '' : `Content-Type: ${options.contentType}\r\n`) +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  )
}

function headerLines(headers: readonly HeaderField[]): string {
  let text = ''
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`
  return text
}

/** The answer to a request that could not be read whole, from what could. Fields that were missing stay missing. */
export function answerMalformed(partial: PartialRequest, status: number, reason: string = reasonOf(status)): string {
  const field = (name: string, extra = ''): string => {
    const value = partial.header(name)
    return value === undefined ? '' : `${name}: ${value}${extra}\r\n`
  }
  const tag = /;\s*tag\s*=/i.test(partial.header('To') ?? '') ? '' : `;tag=${randomToken(4)}`
  return `SIP/2.0 ${status} ${reason}\r\n${partial.viaBlock()}${field('From')}${field('To', tag)}${field('Call-ID')}${field('CSeq')}Content-Length: 0\r\n\r\n`
}

function viaBlock(request: SipRequest): string {
  const message = internals(request)
  let block = ''
  for (let line = 0; line < message.lineCount; line++) {
    if (message.numberOf(line) !== VIA) continue
    const value = block === '' ? stampedVia(message) : message.valueOf(line)
    block += `Via: ${value}\r\n`
  }
  return block
}

/** Responses that form a dialog tell the caller the way (RFC 3261 §12.1.1). */
function recordRoutes(request: SipRequest, status: number): string {
  if (status <= 100 || status > 299) return ''
  if (request.method !== 'INVITE' && request.method !== 'SUBSCRIBE' && request.method !== 'REFER') return ''
  return request.headers('record-route').map((value) => `Record-Route: ${value}\r\n`).join('')
}

function fromOf(request: SipRequest): string {
  const { text, fromStart, fromEnd } = internals(request)
  return unfold(text, fromStart, fromEnd)
}

function toOf(request: SipRequest): string {
  const { text, toStart, toEnd } = internals(request)
  return unfold(text, toStart, toEnd)
}

function toTag(request: SipRequest, status: number, tag: string | undefined): string {
  if (status === 100 || request.toTag !== undefined) return ''
  return `;tag=${tag ?? randomToken(4)}`
}
