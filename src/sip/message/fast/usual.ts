/**
 * The header fields every element checks, in the spelling nearly all of them have: one blank behind the colon, nothing
 * folded, no escapes. One pass a line, without steps (bench/parse.ts: a third of the parse). What is spelled otherwise,
 * or wrong, is not judged here: the answer is -1 and `head.ts` reads the line again by the whole grammar. Everything
 * taken here that grammar takes too, with the same offsets.
 */
import { CALL_ID, CONTENT_LENGTH, CSEQ, FROM, MAX_FORWARDS, TO, VIA } from '../header-names.ts'
import type { Message } from '../message.ts'
import { methodAt } from '../start-line.ts'
import {
  HOST,
  octetClasses,
  page,
  sameOctets,
  TOKEN,
  USER,
  valueEnd,
  versionAt,
  VISIBLE,
  wordOf,
  words,
} from './scanner.ts'

const octets = page
const view = words
const classes = octetClasses
const token = TOKEN,
  host = HOST,
  user = USER,
  visible = VISIBLE

const HT = 9,
  LF = 10,
  CR = 13,
  SP = 32,
  QUOTE = 34,
  COLON = 58,
  SEMICOLON = 59,
  LESS = 60,
  EQUALS = 61,
  GREATER = 62,
  AT = 64,
  BACKSLASH = 92,
  SLASH = 47
const SIP_COLON = wordOf('sip:'),
  BRAN = wordOf('bran'),
  NCH_IS = wordOf('nch='),
  RPOR = wordOf('rpor'),
  RECE = wordOf('rece'),
  IVED = wordOf('ived'),
  TAG_IS = wordOf('tag=')

/**
 * Reads the value behind the colon at `colon` into `message`.
 *
 * @returns offset of the CRLF behind it; -1: to be read by the whole grammar
 */
export function readUsual(message: Message, number: number, colon: number): number {
  if (octets[colon + 1] !== SP) return -1
  const start = colon + 2
  switch (number) {
    case VIA:
      return readVia(message, start)
    case FROM:
      return readFrom(message, start)
    case TO:
      return readTo(message, start)
    case CALL_ID:
      return readCallId(message, start)
    case CSEQ:
      return readCSeq(message, start)
    case CONTENT_LENGTH:
      return readContentLength(message, start)
    case MAX_FORWARDS:
      return readMaxForwards(message, start)
    default:
      return -1
  }
}

/** `at` when a line ends there that is not continued; -1 otherwise. */
function lineEndAt(at: number): number {
  if (octets[at] !== CR || octets[at + 1] !== LF) return -1
  const next = octets[at + 2]
  return next === SP || next === HT ? -1 : at
}

/** `SIP/2.0/TLS edge.lab.test:5061;branch=z9hG4bK7f1a;rport`; no other parameters than these two and `received`. */
function readVia(message: Message, start: number): number {
  if (!versionAt(start) || octets[start + 7] !== SLASH) return -1
  let at = start + 8
  while (((classes[octets[at] as number] as number) & token) !== 0) at++
  if (at === start + 8 || octets[at] !== SP) return -1
  const hostStart = ++at
  while (((classes[octets[at] as number] as number) & host) !== 0) at++
  if (at === hostStart) return -1
  const hostEnd = at
  digits.value = 0
  if (octets[at] === COLON && (at = portEnd(at + 1)) === -1) return -1
  const port = digits.value
  let branchStart = -1
  let branchEnd = -1
  let rport = -1
  let claimed = false
  while (octets[at] === SEMICOLON) {
    const word = view.getInt32(at + 1, true)
    if (word === BRAN && view.getInt32(at + 4, true) === NCH_IS && branchStart === -1) {
      branchStart = at + 8
      branchEnd = at = valueEnd(branchStart)
      if (branchEnd === branchStart) return -1
    } else if (word === RECE && view.getInt32(at + 5, true) === IVED && octets[at + 9] === EQUALS) {
      const start = at + 10
      at = valueEnd(start)
      if (at === start) return -1
      claimed = true
    } else if (word === RPOR && octets[at + 5] === 116 && rport === -1) {
      rport = at += 6
      if (octets[at] !== EQUALS) continue
      at = valueEnd(at + 1)
      if (at === rport + 1) return -1
      claimed = true
    } else return -1
  }
  if (lineEndAt(at) === -1) return -1
  message.viaStart = start - 1
  message.viaEnd = at
  message.topViaEnd = at
  message.viaHostStart = hostStart
  message.viaHostEnd = hostEnd
  message.viaPort = port
  message.viaRport = rport
  message.viaClaimed = claimed
  message.branchStart = branchStart
  message.branchEnd = branchEnd
  return at
}

/** Behind a port from 1 to 65535; -1 when there is none. */
function portEnd(start: number): number {
  const at = digitsEnd(start, 5)
  return digits.value > 0 && digits.value <= 65535 ? at : -1
}

/** Offsets of the tag of the address just read; start -1: none. */
const tag = { start: -1, end: -1 }

/** Offsets of the URI of that address. */
const uri = { start: 0, end: 0 }

function readFrom(message: Message, start: number): number {
  const end = readAddress(start)
  if (end === -1) return -1
  message.fromStart = start - 1
  message.fromEnd = end
  message.fromUriStart = uri.start
  message.fromUriEnd = uri.end
  message.fromTagStart = tag.start
  message.fromTagEnd = tag.end
  return end
}

function readTo(message: Message, start: number): number {
  const end = readAddress(start)
  if (end === -1) return -1
  message.toStart = start - 1
  message.toEnd = end
  message.toUriStart = uri.start
  message.toUriEnd = uri.end
  message.toTagStart = tag.start
  message.toTagEnd = tag.end
  return end
}

/** `"Alice Adams" <sip:alice@lab.test:5061>;tag=9fxced76sl;epid=0a1b2c3d4e5f`. */
function readAddress(start: number): number {
  let at = start
  if (octets[at] === QUOTE) {
    at = quoteEnd(at + 1)
    if (octets[at] === SP) at++
  }
  if (octets[at] !== LESS || view.getInt32(at + 1, true) !== SIP_COLON) return -1
  uri.start = at + 1
  const userStart = (at += 5)
  while (((classes[octets[at] as number] as number) & user) !== 0) at++
  if (at === userStart || octets[at] !== AT) return -1
  const hostStart = ++at
  while (((classes[octets[at] as number] as number) & host) !== 0) at++
  if (at === hostStart) return -1
  if (octets[at] === COLON && (at = portEnd(at + 1)) === -1) return -1
  uri.end = at
  return octets[at] === GREATER ? readParameters(at + 1) : -1
}

/**
 * Behind the closing quote of a string without quoted pairs and control characters; a place where no address goes on
 * when there is none.
 */
function quoteEnd(start: number): number {
  let at = start
  for (let code = octets[at] as number; code !== QUOTE; code = octets[++at] as number)
    if (code === BACKSLASH || code < SP) return at
  return at + 1
}

/** `;tag=9fxced76sl;epid=0a1b2c3d4e5f` up to the end of the line; leaves the tag in `tag`. */
function readParameters(start: number): number {
  let at = start
  tag.start = -1
  while (octets[at] === SEMICOLON) {
    const nameStart = at + 1
    if (view.getInt32(nameStart, true) === TAG_IS) {
      if (tag.start !== -1) return -1
      tag.start = nameStart + 4
      tag.end = at = valueEnd(tag.start)
      if (at === tag.start) return -1
      continue
    }
    at = nameStart
    while (((classes[octets[at] as number] as number) & token) !== 0) at++
    if (octets[at] !== EQUALS || at === nameStart || isTag(nameStart, at)) return -1
    const valueStart = at + 1
    at = valueEnd(valueStart)
    if (at === valueStart) return -1
  }
  return lineEndAt(at)
}

/** Whether a name of three octets may be another spelling of `tag`. */
function isTag(start: number, end: number): boolean {
  return end - start === 3 && ((octets[start] as number) | 0x20) === 116
}

function readCallId(message: Message, start: number): number {
  let at = start
  while (((classes[octets[at] as number] as number) & visible) !== 0) at++
  if (at === start || lineEndAt(at) === -1) return -1
  message.callIdStart = start
  message.callIdEnd = at
  return at
}

/** `314159 INVITE`, in a request with the method of its first line. */
function readCSeq(message: Message, start: number): number {
  const number = digitsEnd(start, 9)
  if (number === -1 || octets[number] !== SP) return -1
  let at = number + 1
  while (((classes[octets[at] as number] as number) & token) !== 0) at++
  if (at === number + 1 || lineEndAt(at) === -1) return -1
  if (message.kind === 'response') message.method = methodAt(message.text, number + 1, at)
  else if (message.method.length !== at - number - 1 || !sameOctets(0, number + 1, message.method.length)) return -1
  message.cseq = digits.value
  return at
}

function readContentLength(message: Message, start: number): number {
  const at = digitsEnd(start, 9)
  if (at === -1 || lineEndAt(at) === -1) return -1
  message.contentLength = digits.value
  return at
}

function readMaxForwards(message: Message, start: number): number {
  const at = digitsEnd(start, 2)
  if (at === -1 || lineEndAt(at) === -1) return -1
  message.maxForwardsOrAbsent = digits.value
  return at
}

/** What the last `digitsEnd` read. */
const digits = { value: 0 }

/** Behind 1 to `most` digits; -1 when they are more or none. */
function digitsEnd(start: number, most: number): number {
  let at = start
  let read = 0
  for (let digit = (octets[at] as number) - 48; digit >= 0 && digit <= 9; digit = (octets[++at] as number) - 48) {
    if (at - start === most) return -1
    read = read * 10 + digit
  }
  digits.value = read
  return at === start ? -1 : at
}
