/** The head of a message, read in one forward pass: every header field indexed, those every element must check checked (RFC 3261 §16.3 step 1). */
import { CALL_ID, CONTENT_LENGTH, CSEQ, FROM, MAX_FORWARDS, nameEnd, recognise, ROUTE, TO, VIA } from './header-names.ts'
import type { Message } from './message.ts'
import { MessageError } from './message-error.ts'
import { checkTagged, tagOf } from './name-address.ts'
import { partialOf } from './partial.ts'
import { CR, HT, LF, Scanner, SP } from './scanner.ts'
import { isUsualMethod, readStartLine } from './start-line.ts'
import type { MessageLimits } from './types.ts'
import { checkVia, viaParts } from './via.ts'

const COLON = 58

/** Line entries of the message being read; copied out when the head is complete. Reading never waits, so one serves all. */
const lines: number[] = Array.from({ length: 256 }, () => 0)
const scan = new Scanner('', 'via-syntax')

/**
 * Parses and checks the head at the start of `text`; what stands behind the empty line is not looked at.
 *
 * @throws MessageError with `partial`
 */
export function readHead(text: string, limits: MessageLimits): Message {
  try {
    return read(text, limits)
  } catch (error) {
    if (!(error instanceof MessageError)) throw error
    throw new MessageError(error.status, error.code, error.message, error.offset, partialOf(text))
  }
}

function read(text: string, limits: MessageLimits): Message {
  const startLineEnd = text.indexOf('\r\n')
  if (startLineEnd === -1) throw new MessageError(400, 'head-incomplete', 'the start line has no end', text.length)
  if (startLineEnd > limits.startLineBytes) throw new MessageError(414, 'start-line-too-long', `the start line has ${startLineEnd} octets, at most ${limits.startLineBytes} are read`, 0)
  const message = readStartLine(text, startLineEnd)
  let count = 0
  let seen = 0
  let start = startLineEnd + 2
  while (text.charCodeAt(start) !== CR || text.charCodeAt(start + 1) !== LF) {
    let end = text.indexOf('\r\n', start)
    let next = text.charCodeAt(end + 2)
    while (end !== -1 && (next === SP || next === HT)) {
      end = text.indexOf('\r\n', end + 2)
      next = text.charCodeAt(end + 2)
    }
    if (end === -1) throw new MessageError(400, 'head-incomplete', 'no empty line behind the header fields', text.length)
    if (end > limits.headBytes) break
    if (count >= limits.headerFields) throw new MessageError(513, 'header-fields-too-many', `more than ${limits.headerFields} header fields`, start)
    const behindName = nameEnd(text, start)
    const colon = text.charCodeAt(behindName) === COLON ? behindName : colonBehind(text, start, behindName)
    const number = behindName === start ? 0 : recognise(text, start, behindName)
    lines[count++] = start * 256 + number
    if (number <= MAX_FORWARDS) {
      const bit = 1 << number
      if ((seen & bit) === 0) readValue(message, number, colon + 1, end)
      else if (number !== VIA) repeated(message, number, colon + 1, end)
      seen |= bit
    } else if (number === ROUTE && message.routeLine === -1) message.routeLine = count - 1
    start = end + 2
  }
  if (start + 2 > limits.headBytes) throw new MessageError(513, 'head-too-long', `the head has more than ${limits.headBytes} octets`, 0)
  if ((seen & mandatory) !== mandatory) throw missing(seen)
  lines[count] = start * 256
  message.lines = lines.slice(0, count + 1)
  message.bodyStart = start + 2
  return message
}

/** Blanks between name and colon are allowed (RFC 3261 §7.3.1); anything else there is not a header field. */
function colonBehind(text: string, start: number, behindName: number): number {
  let at = behindName
  while (text.charCodeAt(at) === SP || text.charCodeAt(at) === HT) at++
  if (behindName === start || text.charCodeAt(at) !== COLON) {
    throw new MessageError(400, 'header-field-syntax', `a line without a name and a colon: ${JSON.stringify(text.slice(start, start + 24))}`, start)
  }
  return at
}

const mandatory = (1 << VIA) | (1 << FROM) | (1 << TO) | (1 << CALL_ID) | (1 << CSEQ)
const names = ['', 'Via', 'From', 'To', 'Call-ID', 'CSeq', 'Content-Length', 'Max-Forwards']

function missing(seen: number): MessageError {
  const absent = names.filter((_, number) => (mandatory & (1 << number)) !== 0 && (seen & (1 << number)) === 0)
  return new MessageError(400, 'header-field-missing', `missing: ${absent.join(', ')}`, 0)
}

/** Two equal Content-Length fields do no harm; any other single field that stands twice leaves open which one counts. */
function repeated(message: Message, number: number, start: number, end: number): void {
  if (number !== CONTENT_LENGTH) throw new MessageError(400, 'header-field-repeated', `${names[number]} stands twice`, start)
  const first = message.contentLength
  readContentLength(message, start, end)
  if (message.contentLength !== first) throw new MessageError(400, 'content-length-conflict', `Content-Length is ${first} and ${message.contentLength}`, start)
}

function readValue(message: Message, number: number, start: number, end: number): void {
  switch (number) {
    case VIA: return readTopVia(message, start, end)
    case FROM: return readFrom(message, start, end)
    case TO: return readTo(message, start, end)
    case CALL_ID: return readCallId(message, start, end)
    case CSEQ: return readCSeq(message, start, end)
    case CONTENT_LENGTH: return readContentLength(message, start, end)
    default: return readMaxForwards(message, start, end)
  }
}

function readTopVia(message: Message, start: number, end: number): void {
  checkVia(scan.reset(message.text, 'via-syntax', start, end))
  message.viaStart = start
  message.viaEnd = end
  message.branchStart = viaParts.branchStart
  message.branchEnd = viaParts.branchEnd
}

function readFrom(message: Message, start: number, end: number): void {
  checkTagged(scan.reset(message.text, 'from-syntax', start, end))
  message.fromStart = start
  message.fromEnd = end
  message.fromTagStart = tagOf.start
  message.fromTagEnd = tagOf.end
}

function readTo(message: Message, start: number, end: number): void {
  checkTagged(scan.reset(message.text, 'to-syntax', start, end))
  message.toStart = start
  message.toEnd = end
  message.toTagStart = tagOf.start
  message.toTagEnd = tagOf.end
}

/** `word [ "@" word ]`, taken as any visible characters: nothing in them means anything here. */
function readCallId(message: Message, start: number, end: number): void {
  scan.reset(message.text, 'call-id-syntax', start, end).spaces()
  message.callIdStart = scan.position
  if (scan.visible() === 0) scan.fail('a Call-ID')
  message.callIdEnd = scan.position
  scan.spaces().finish('the end of the Call-ID')
}

function readCSeq(message: Message, start: number, end: number): void {
  scan.reset(message.text, 'cseq-syntax', start, end).spaces()
  message.cseq = scan.number(2 ** 32 - 1, 'a CSeq number below 2^32')
  const blanks = scan.position
  if (scan.spaces().position === blanks) scan.fail('a blank behind the CSeq number')
  const methodStart = scan.position
  const methodEnd = scan.token().position
  scan.spaces().finish('the end of CSeq')
  if (message.kind === 'response') message.method = message.text.slice(methodStart, methodEnd)
  else if (methodEnd - methodStart !== message.method.length || !message.text.startsWith(message.method, methodStart)) throw mismatch(message, methodStart, methodEnd)
}

/** RFC 4475 §3.1.2.17 and §3.1.2.18: that nobody knows the method is the greater fault of the two. */
function mismatch({ method, text }: Message, start: number, end: number): MessageError {
  return new MessageError(isUsualMethod(method) ? 400 : 501, 'cseq-method-mismatch', `the method is ${method}, CSeq says ${text.slice(start, end)}`, start)
}

function readContentLength(message: Message, start: number, end: number): void {
  scan.reset(message.text, 'content-length-syntax', start, end).spaces()
  message.contentLength = scan.number(2 ** 32 - 1, 'a Content-Length')
  scan.spaces().finish('the end of Content-Length')
}

function readMaxForwards(message: Message, start: number, end: number): void {
  scan.reset(message.text, 'max-forwards-syntax', start, end).spaces()
  message.maxForwardsOrAbsent = scan.number(255, 'Max-Forwards from 0 to 255')
  scan.spaces().finish('the end of Max-Forwards')
}
