/** From text to a message: one forward pass that indexes every header field and checks what every element must refuse (RFC 3261 §7, §16.3 step 1). */
import { CALL_ID, CONTENT_LENGTH, CSEQ, FROM, knownNumber, longName, MAX_FORWARDS, TO, VIA } from './header-names.ts'
import { Message } from './message.ts'
import { MessageError, type MessageErrorCode } from './message-error.ts'
import { checkTagged, tagOf } from './name-address.ts'
import { partialOf } from './partial.ts'
import { charClass, Scanner, TOKEN, unfold } from './scanner.ts'
import { defaultLimits, type MessageLimits, type SipMessage } from './types.ts'
import { parseUri } from './uri.ts'
import { checkVia, viaParts } from './via.ts'

/**
 * Reads one datagram: one message, whose body runs to the end when Content-Length is absent; octets behind the body are dropped
 * (RFC 3261 §18.3).
 *
 * @throws MessageError
 */
export function parseDatagram(bytes: Buffer, limits: MessageLimits = defaultLimits): SipMessage {
  return parseText(bytes.toString('latin1'), limits)
}

/** The same from latin1 text (a WebSocket message, a test). */
export function parseText(text: string, limits: MessageLimits = defaultLimits): SipMessage {
  let start = 0
  while (text.startsWith('\r\n', start)) start += 2
  const trimmed = start === 0 ? text : text.slice(start)
  const message = readHead(trimmed, limits)
  const length = message.contentLength === -1 ? trimmed.length - message.bodyStart : message.contentLength
  if (length > limits.bodyBytes) throw fault(trimmed, 513, 'body-too-long', `a body of ${length} octets, at most ${limits.bodyBytes} are read`, message.bodyStart)
  const end = message.bodyStart + length
  if (end > trimmed.length) throw fault(trimmed, 400, 'body-incomplete', `Content-Length is ${length}, ${trimmed.length - message.bodyStart} octets came`, message.bodyStart)
  if (end < trimmed.length) message.text = trimmed.slice(0, end)
  return message as SipMessage
}

/** Parses and checks the head at the start of `text`; what stands behind the empty line is not looked at. */
export function readHead(text: string, limits: MessageLimits): Message {
  try {
    return new HeadReader(text, limits).read()
  } catch (error) {
    if (!(error instanceof MessageError)) throw error
    throw new MessageError(error.status, error.code, error.message, error.offset, partialOf(text))
  }
}

function fault(text: string, status: number, code: MessageErrorCode, message: string, offset: number): MessageError {
  return new MessageError(status, code, message, offset, partialOf(text))
}

class HeadReader {
  text: string
  limits: MessageLimits
  lines: number[] = []
  seen = 0

  constructor(text: string, limits: MessageLimits) {
    this.text = text
    this.limits = limits
  }

  read(): Message {
    const { text } = this
    const lineEnd = text.indexOf('\r\n')
    if (lineEnd === -1) throw new MessageError(400, 'head-incomplete', 'no end of the start line', text.length)
    if (lineEnd > this.limits.startLineBytes) throw new MessageError(414, 'start-line-too-long', `a start line of ${lineEnd} octets`, 0)
    const message = readStartLine(text, lineEnd)
    let start = lineEnd + 2
    while (!text.startsWith('\r\n', start)) start = this.line(message, start)
    this.lines.push(start * 256)
    message.lines = this.lines
    message.bodyStart = start + 2
    if (message.bodyStart > this.limits.headBytes) throw new MessageError(513, 'head-too-long', `a head of ${message.bodyStart} octets`, 0)
    this.checkPresent()
    if (message.kind === 'response') return message
    return message
  }

  private line(message: Message, start: number): number {
    const { text } = this
    let end = text.indexOf('\r\n', start)
    while (end !== -1 && (text.charCodeAt(end + 2) === 32 || text.charCodeAt(end + 2) === 9)) end = text.indexOf('\r\n', end + 2)
    if (end === -1) throw new MessageError(400, 'head-incomplete', 'no empty line behind the header fields', text.length)
    if (this.lines.length >= this.limits.headerFields) throw new MessageError(513, 'header-fields-too-many', `more than ${this.limits.headerFields} header fields`, start)
    let nameEnd = start
    while (((charClass[text.charCodeAt(nameEnd)] ?? 0) & TOKEN) !== 0) nameEnd++
    let colon = nameEnd
    while (text.charCodeAt(colon) === 32 || text.charCodeAt(colon) === 9) colon++
    if (nameEnd === start || text.charCodeAt(colon) !== 58) throw new MessageError(400, 'header-field-syntax', 'a line without a name and a colon', start)
    const number = knownNumber(longName(text.slice(start, nameEnd)))
    this.lines.push(start * 256 + (number === 0 ? (text.charCodeAt(start) | 0x20) & 0x7f : number))
    if (number !== 0) this.value(message, number, colon + 1, end)
    return end + 2
  }

  private value(message: Message, number: number, start: number, end: number): void {
    const first = (this.seen & (1 << number)) === 0
    this.seen |= 1 << number
    if (!first && number <= MAX_FORWARDS && number !== VIA) return this.repeated(message, number, start, end)
    const { text } = this
    const scan = new Scanner(text, 'via-syntax', start, end)
    switch (number) {
      case VIA:
        if (!first) return
        checkVia(scan)
        message.viaStart = start
        message.viaEnd = end
        message.branchStart = viaParts.branchStart
        message.branchEnd = viaParts.branchEnd
        return
      case FROM:
        scan.code = 'from-syntax'
        checkTagged(scan)
        message.fromStart = start
        message.fromEnd = end
        message.fromTagStart = tagOf.start
        message.fromTagEnd = tagOf.end
        return
      case TO:
        scan.code = 'to-syntax'
        checkTagged(scan)
        message.toStart = start
        message.toEnd = end
        message.toTagStart = tagOf.start
        message.toTagEnd = tagOf.end
        return
      case CALL_ID:
        scan.code = 'call-id-syntax'
        message.callIdStart = scan.spaces().position
        while (!scan.atEnd() && scan.peek() > 32 && scan.peek() < 127) scan.position++
        message.callIdEnd = scan.position
        if (scan.position === message.callIdStart || !scan.spaces().atEnd()) scan.fail('a Call-ID')
        return
      case CSEQ: {
        scan.code = 'cseq-syntax'
        message.cseq = scan.spaces().number(4294967295, 'a CSeq number below 2^32')
        const methodStart = scan.spaces().position
        const method = text.slice(methodStart, scan.token().position)
        if (!scan.spaces().atEnd()) scan.fail('the end of CSeq')
        if (message.kind === 'response') message.method = method
        else if (message.method !== method) throw mismatch(message.method, method, methodStart)
        return
      }
      case CONTENT_LENGTH:
        scan.code = 'content-length-syntax'
        message.contentLength = scan.spaces().number(4294967295, 'a Content-Length')
        if (!scan.spaces().atEnd()) scan.fail('a Content-Length')
        return
      case MAX_FORWARDS:
        scan.code = 'max-forwards-syntax'
        message.maxForwardsOrAbsent = scan.spaces().number(255, 'Max-Forwards from 0 to 255')
        if (!scan.spaces().atEnd()) scan.fail('Max-Forwards from 0 to 255')
    }
  }

  private repeated(message: Message, number: number, start: number, end: number): void {
    if (number !== CONTENT_LENGTH) throw new MessageError(400, 'header-field-repeated', 'a header field that may stand once stands twice', start)
    if (Number(unfold(this.text, start, end)) !== message.contentLength) throw new MessageError(400, 'content-length-conflict', 'two values of Content-Length', start)
  }

  private checkPresent(): void {
    const needed = [[VIA, 'Via'], [FROM, 'From'], [TO, 'To'], [CALL_ID, 'Call-ID'], [CSEQ, 'CSeq']] as const
    for (const [number, name] of needed) {
      if ((this.seen & (1 << number)) === 0) throw new MessageError(400, 'header-field-missing', `no ${name}`, 0)
    }
  }
}

const knownMethods = new Set(['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'REGISTER', 'PRACK', 'SUBSCRIBE', 'NOTIFY', 'PUBLISH', 'INFO', 'REFER', 'MESSAGE', 'UPDATE', 'SERVICE', 'BENOTIFY'])

/** RFC 4475 §3.1.2.17 and §3.1.2.18: an unknown method is the greater fault of the two. */
function mismatch(method: string, cseqMethod: string, offset: number): MessageError {
  return new MessageError(knownMethods.has(method) ? 400 : 501, 'cseq-method-mismatch', `the method is ${method}, CSeq says ${cseqMethod}`, offset)
}

function readStartLine(text: string, end: number): Message {
  if (text.startsWith('SIP/')) return readStatusLine(text, end)
  const methodEnd = text.indexOf(' ')
  const line = /^([A-Za-z0-9\-.!%*_+`'~]+) ([A-Za-z][^\x00-\x20<>"\x7f-\xff]*) (SIP\/\d+\.\d+)$/i.exec(text.slice(0, end))
  const [, method, uri, version] = line ?? []
  if (method === undefined || uri === undefined || version === undefined) throw new MessageError(400, 'start-line-syntax', 'wanted "METHOD URI SIP/2.0"', Math.max(methodEnd, 0))
  if (version.toUpperCase() !== 'SIP/2.0') throw new MessageError(505, 'version-unsupported', `${version} is not spoken here`, end - version.length)
  const message = new Message('request', text)
  message.method = method
  message.requestUri = uri
  if (uri.includes('?') && parseUri(uri).headers !== undefined) throw new MessageError(400, 'start-line-syntax', 'a Request-URI has no header part', methodEnd + 1)
  return message
}

function readStatusLine(text: string, end: number): Message {
  const [, version, status, reason] = /^(SIP\/\d+\.\d+) (\d+)(?: (.*))?$/s.exec(text.slice(0, end)) ?? []
  if (version === undefined || status === undefined) throw new MessageError(400, 'start-line-syntax', 'wanted "SIP/2.0 200 OK"', 0)
  if (version !== 'SIP/2.0') throw new MessageError(505, 'version-unsupported', `${version} is not spoken here`, 0)
  const code = Number(status)
  if (status.length !== 3 || code < 100 || code > 699) throw new MessageError(400, 'status-code-range', `a status code is from 100 to 699, found ${status.slice(0, 20)}`, 8)
  const message = new Message('response', text)
  message.status = code
  message.reason = reason ?? ''
  return message
}
