/**
 * The head of a message, read in one forward pass: every header field indexed, those every element must check checked
 * (RFC 3261 §16.3 step 1).
 */
import {
  CALL_ID,
  CONTACT,
  CONTENT_LENGTH,
  CSEQ,
  FROM,
  MAX_FORWARDS,
  ODD,
  recognise,
  ROUTE,
  TO,
  usualColon,
  usualNumber,
  VIA,
} from './header-names.ts'
import type { Message } from './message.ts'
import { MessageError } from './message-error.ts'
import { checkTagged, tag } from './name-address.ts'
import { partialOf } from './partial.ts'
import { page, pageBytes, sameOctets, scanner, tokenEnd } from './fast/scanner.ts'
import { isUsualMethod, methodAt, readStartLine } from './start-line.ts'
import type { MessageLimits } from './types.ts'
import { readUsual } from './fast/usual.ts'
import { uriSpan } from './uri.ts'
import { checkVia, viaParts } from './via.ts'

const octets = page
const scan = scanner

const HT = 9,
  LF = 10,
  CR = 13,
  SP = 32,
  COLON = 58

/**
 * Line entries of the message being read; copied out when the head is complete. Reading never waits, so one serves all.
 */
const lines: number[] = Array.from({ length: 256 }, () => 0)

/**
 * Parses and checks the head at the start of `text`; the text after the empty line is not looked at.
 *
 * @param octets the same as octets when they are at hand
 * @throws MessageError with `partial`
 */
export function readHead(text: string, octets: Buffer | undefined, limits: MessageLimits): Message {
  try {
    const headBytes = Math.min(limits.headBytes, pageBytes - 4)
    scan.openHead(text, octets, Math.min(text.length, headBytes))
    return read(text, limits, headBytes)
  } catch (error) {
    if (!(error instanceof MessageError)) throw error
    throw error.with(partialOf(text))
  }
}

function read(text: string, limits: MessageLimits, headBytes: number): Message {
  const startLineEnd = text.indexOf('\r\n')
  if (startLineEnd === -1 || startLineEnd > limits.startLineBytes) throw startLineFault(text, startLineEnd, limits)
  const message = readStartLine(text, startLineEnd)
  let count = 0
  let seen = 0
  let present = 0
  let start = startLineEnd + 2
  while (octets[start] !== CR || octets[start + 1] !== LF) {
    if (count === limits.headerFields)
      throw new MessageError(513, 'header-fields-too-many', `more than ${limits.headerFields} header fields`, start)
    let number = usualNumber(start)
    const isNew = number !== 0 && number <= MAX_FORWARDS && (seen & (1 << number)) === 0
    let end = isNew ? readUsual(message, number, start + usualColon(number)) : -1
    if (end !== -1) {
      seen |= 1 << number
      present |= 1 << number
      lines[count++] = start * 256 + number
      start = end + 2
      continue
    }
    let odd = 0
    end = lineEnd(text, start, headBytes)
    if (octets[end + 2] === SP || octets[end + 2] === HT) {
      end = foldedEnd(text, end, headBytes)
      odd = ODD
    }
    let colon = start + usualColon(number)
    if (number === 0) {
      const nameEnd = tokenEnd(start)
      number = recognise(start, nameEnd)
      if (number <= CONTACT) odd = ODD
      colon = octets[nameEnd] === COLON && nameEnd !== start ? nameEnd : findColon(start)
    }
    lines[count] = start * 256 + odd + number
    present |= 1 << number
    if (number <= MAX_FORWARDS) {
      const bit = 1 << number
      if ((seen & bit) === 0) readValue(message, number, colon + 1, end)
      else if (number !== VIA) repeated(message, number, colon + 1, end)
      seen |= bit
    } else if (number === ROUTE && message.routeLine === -1) message.routeLine = count
    count++
    start = end + 2
  }
  if ((seen & mandatory) !== mandatory) throw missing(seen)
  lines[count] = start * 256
  message.lines = lines.slice(0, count + 1)
  message.present = present
  message.bodyStart = start + 2
  return message
}

/**
 * Offset of the next CRLF. A search for one character is cheaper than one for two (bench/parse.ts). A CR or LF alone
 * ends a line for many a peer, and what follows it would be a header field, or a message, that no server of ours read.
 */
function lineEnd(text: string, start: number, headBytes: number): number {
  const end = text.indexOf('\n', start)
  if (end === -1 || end + 3 > headBytes) throw headFault(text, headBytes)
  if (text.indexOf('\r', start) !== end - 1)
    throw new MessageError(400, 'header-field-syntax', 'a single CR or LF', start)
  return end - 1
}

function startLineFault(text: string, end: number, limits: MessageLimits): MessageError {
  if (end === -1 && text.length <= limits.startLineBytes)
    return new MessageError(400, 'head-incomplete', 'the start line has no end', text.length)
  return new MessageError(414, 'start-line-too-long', `the start line has more than ${limits.startLineBytes} octets`, 0)
}

function headFault(text: string, headBytes: number): MessageError {
  if (text.length <= headBytes)
    return new MessageError(400, 'head-incomplete', 'no empty line behind the header fields', text.length)
  return new MessageError(513, 'head-too-long', `the head has more than ${headBytes} octets`, 0)
}

/** A line that starts with a blank continues the one before (RFC 3261 §7.3.1). */
function foldedEnd(text: string, first: number, headBytes: number): number {
  let end = first
  while (octets[end + 2] === SP || octets[end + 2] === HT) {
    end = lineEnd(text, end + 2, headBytes)
  }
  return end
}

/** Blanks between name and colon are allowed (RFC 3261 §7.3.1); a line without a name or a colon is no header field. */
function findColon(start: number): number {
  let at = tokenEnd(start)
  if (at !== start) while (octets[at] === SP || octets[at] === HT) at++
  if (at !== start && octets[at] === COLON) return at
  throw new MessageError(
    400,
    'header-field-syntax',
    `a line without a name and a colon: ${JSON.stringify(scan.text.slice(start, start + 24))}`,
    start,
  )
}

const mandatory = (1 << VIA) | (1 << FROM) | (1 << TO) | (1 << CALL_ID) | (1 << CSEQ)
const names = ['', 'Via', 'From', 'To', 'Call-ID', 'CSeq', 'Content-Length', 'Max-Forwards']

function missing(seen: number): MessageError {
  const absent = names.filter((_, number) => (mandatory & (1 << number)) !== 0 && (seen & (1 << number)) === 0)
  return new MessageError(400, 'header-field-missing', `missing: ${absent.join(', ')}`, 0)
}

/**
 * Two equal Content-Length fields do no harm; any other single field that comes twice leaves open which one counts.
 */
function repeated(message: Message, number: number, start: number, end: number): void {
  if (number !== CONTENT_LENGTH)
    throw new MessageError(400, 'header-field-repeated', `${names[number]} comes twice`, start)
  const first = message.contentLength
  readContentLength(message, start, end)
  if (message.contentLength !== first)
    throw new MessageError(
      400,
      'content-length-conflict',
      `Content-Length is ${first} and ${message.contentLength}`,
      start,
    )
}

function readValue(message: Message, number: number, start: number, end: number): void {
  switch (number) {
    case VIA:
      return readTopVia(message, start, end)
    case FROM:
      return readFrom(message, start, end)
    case TO:
      return readTo(message, start, end)
    case CALL_ID:
      return readCallId(message, start, end)
    case CSEQ:
      return readCSeq(message, start, end)
    case CONTENT_LENGTH:
      return readContentLength(message, start, end)
    default:
      return readMaxForwards(message, start, end)
  }
}

function readTopVia(message: Message, start: number, end: number): void {
  scan.within(start, end, 'via-syntax')
  checkVia()
  message.viaStart = start
  message.viaEnd = end
  message.branchStart = viaParts.branchStart
  message.branchEnd = viaParts.branchEnd
  message.viaHostStart = viaParts.hostStart
  message.viaHostEnd = viaParts.hostEnd
  message.viaPort = viaParts.port
  message.viaRport = viaParts.rport
  message.viaClaimed = viaParts.claimed
  message.asksForAlias = viaParts.alias
  message.topViaEnd = viaParts.end
}

function readFrom(message: Message, start: number, end: number): void {
  scan.within(start, end, 'from-syntax')
  checkTagged()
  message.fromStart = start
  message.fromEnd = end
  message.fromUriStart = uriSpan.start
  message.fromUriEnd = uriSpan.end
  message.fromTagStart = tag.start
  message.fromTagEnd = tag.end
}

function readTo(message: Message, start: number, end: number): void {
  scan.within(start, end, 'to-syntax')
  checkTagged()
  message.toStart = start
  message.toEnd = end
  message.toUriStart = uriSpan.start
  message.toUriEnd = uriSpan.end
  message.toTagStart = tag.start
  message.toTagEnd = tag.end
}

/** `word [ "@" word ]`, taken as any visible characters: nothing in them means anything here. */
function readCallId(message: Message, start: number, end: number): void {
  scan.within(start, end, 'call-id-syntax').spaces()
  message.callIdStart = scan.position
  if (scan.visibleRun() === 0) scan.fail('a Call-ID')
  message.callIdEnd = scan.position
  scan.spaces().finish('the end of the Call-ID')
}

function readCSeq(message: Message, start: number, end: number): void {
  scan.within(start, end, 'cseq-syntax').spaces()
  message.cseq = scan.number(2 ** 32 - 1, 'a CSeq number below 2^32')
  const blanks = scan.position
  if (scan.spaces().position === blanks) scan.fail('a blank behind the CSeq number')
  const methodStart = scan.position
  const methodEnd = scan.token().position
  scan.spaces().finish('the end of CSeq')
  if (message.kind === 'response') message.method = methodAt(message.text, methodStart, methodEnd)
  else if (methodEnd - methodStart !== message.method.length || !sameOctets(0, methodStart, message.method.length))
    throw mismatch(message, methodStart, methodEnd)
}

/** RFC 4475 §3.1.2.17 and §3.1.2.18: an unknown method is the greater fault of the two. */
function mismatch({ method, text }: Message, start: number, end: number): MessageError {
  return new MessageError(
    isUsualMethod(method) ? 400 : 501,
    'cseq-method-mismatch',
    `the method is ${method}, CSeq says ${text.slice(start, end)}`,
    start,
  )
}

function readContentLength(message: Message, start: number, end: number): void {
  scan.within(start, end, 'content-length-syntax').spaces()
  message.contentLength = scan.number(2 ** 32 - 1, 'a Content-Length')
  scan.spaces().finish('the end of Content-Length')
}

function readMaxForwards(message: Message, start: number, end: number): void {
  scan.within(start, end, 'max-forwards-syntax').spaces()
  message.maxForwardsOrAbsent = scan.number(255, 'Max-Forwards from 0 to 255')
  scan.spaces().finish('the end of Max-Forwards')
}
