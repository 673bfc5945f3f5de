/** Responses made here, from the request they answer (RFC 3261 §8.2.6). */
import type { PartialRequest } from './message-error.ts'
import { flat } from './fast/flat.ts'
import { RECORD_ROUTE, TO, VIA } from './header-names.ts'
import { internals, type Message } from './message.ts'
import { randomToken } from './random.ts'
import { reasonOf } from './reasons.ts'
import { stampedVia, stampOf, stampPlace } from './stamp.ts'
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
 * The whole response, ready for the wire: `answer(request, 404)`, `answer(invite, 302, { headers: [['Contact',
 * '<sip:…>']] })`. Via stamped, header names spelled out (some clients read nothing else), Content-Length last.
 */
export function answer(request: SipRequest, status: number, options: AnswerOptions = {}): string {
  const { reason, headers = [], body = '', contentType } = options
  return (
    (reason === undefined ? statusLineOf(status) : `SIP/2.0 ${status} ${reason}\r\n`) +
    echo(internals(request), formsDialog(request, status), tagFor(request, status, options.toTag)) +
    (status === 100 ? timestampOf(request) : '') +
    headerLines(headers) +
    (contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`) +
    (body === '' ? emptyBody : `Content-Length: ${body.length}\r\n\r\n${body}`)
  )
}

const emptyBody = 'Content-Length: 0\r\n\r\n'

const statusLines = new Map<number, string>()

/** With the usual phrase. Each is made once. */
function statusLineOf(status: number): string {
  const known = statusLines.get(status)
  if (known !== undefined) return known
  const line = flat(`SIP/2.0 ${status} ${reasonOf(status)}\r\n`)
  if (status < 700) statusLines.set(status, line)
  return line
}

const echoed = ['', 'Via', 'From', 'To', 'Call-ID', 'CSeq']

/**
 * The fields that a response has from its request (RFC 3261 §8.2.6.2), in the order they came in. What needs no change
 * is copied in one piece with its neighbours: a piece costs more than its octets, twice, when it is joined and when the
 * whole is made flat (bench/proxy.ts, overload).
 *
 * @param toTag empty: none is added
 */
function echo(message: Message, withRecordRoutes: boolean, toTag: string): string {
  const { text } = message
  let out = ''
  /** From here on the text is copied as it is; -1: no. */
  let from = -1
  let isTop = true
  for (let line = 0; line < message.lineCount; line++) {
    const number = message.numberOf(line)
    const isWanted = number < echoed.length || (number === RECORD_ROUTE && withRecordRoutes)
    const isTopVia = number === VIA && isTop
    if (isTopVia) isTop = false
    if (isWanted && !message.isOdd(line) && !(isTopVia && message.viaClaimed)) {
      if (from === -1) from = message.lineStart(line)
      const at = isTopVia ? stampPlace(message) : message.toEnd
      const more = isTopVia ? stampOf(message) : number === TO ? toTag : ''
      if (more === '') continue
      out += text.slice(from, at) + more
      from = at
      continue
    }
    if (from !== -1) out += text.slice(from, message.lineStart(line))
    from = -1
    if (isWanted)
      out +=
        `${echoed[number] ?? 'Record-Route'}: ` +
        `${isTopVia ? stampedVia(message) : message.valueOf(line)}${number === TO ? toTag : ''}\r\n`
  }
  return from === -1 ? out : out + text.slice(from, message.bodyStart - 2)
}

/** Responses that form a dialog tell the caller the way (RFC 3261 §12.1.1). */
function formsDialog({ method }: SipRequest, status: number): boolean {
  if (status <= 100 || status > 299) return false
  return method === 'INVITE' || method === 'SUBSCRIBE' || method === 'REFER'
}

function tagFor(request: SipRequest, status: number, tag: string | undefined): string {
  if (status === 100 || request.toTag !== undefined) return ''
  return `;tag=${tag ?? randomToken(4)}`
}

/** A 100 gives the caller's clock back (RFC 3261 §8.2.6.1). Sent at once, it has no delay to add. */
function timestampOf(request: SipRequest): string {
  const value = request.header('Timestamp')
  return value === undefined ? '' : `Timestamp: ${value}\r\n`
}

function headerLines(headers: readonly HeaderField[]): string {
  let text = ''
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`
  return text
}

/** `399 fe1.lab.test "to-syntax: wanted …"` (RFC 3261 §20.43), whatever the text is made of. */
export function warning399(agent: string, text: string): string {
  const plain = text.replace(/[^\x20-\x7e]/g, '?').slice(0, 300)
  return `399 ${agent} "${plain.replace(/["\\]/g, "'")}"`
}

/**
 * The answer to a request that could not be read whole, from what could. Fields that were missing stay missing.
 *
 * @param warning value of Warning; absent: none
 */
export function answerMalformed(partial: PartialRequest, status: number, warning?: string): string {
  const field = (name: string, extra = ''): string => {
    const value = partial.header(name)
    return value === undefined ? '' : `${name}: ${value}${extra}\r\n`
  }
  const tag = /;\s*tag\s*=/i.test(partial.header('To') ?? '') ? '' : `;tag=${randomToken(4)}`
  return (
    `SIP/2.0 ${status} ` +
    `${reasonOf(status)}\r\n${partial.viaBlock()}${field('From')}${field('To', tag)}` +
    `${field('Call-ID')}${field('CSeq')}` +
    (warning === undefined ? '' : `Warning: ${warning}\r\n`) +
    'Content-Length: 0\r\n\r\n'
  )
}
