/** The first line: `INVITE sip:bob@lab.test SIP/2.0` or `SIP/2.0 200 OK` (RFC 3261 §7.1, §7.2). */
import { Message } from './message.ts'
import { MessageError } from './message-error.ts'
import { beforeQuestionEnd, opaqueEnd, page, scanner, tokenEnd, versionAt } from './fast/scanner.ts'
import { checkUri, hasHeaders } from './uri.ts'

const octets = page
const scan = scanner

const SP = 32,
  SLASH = 47,
  S = 83,
  QUESTION = 63

/**
 * Reads the line up to `end` (its CRLF) and makes the message that the rest of the head fills in.
 * Repairs nothing: doubled blanks, blanks at the end and brackets around the URI are refused (RFC 4475 §3.1.2.7 to
 * §3.1.2.10).
 *
 * @throws MessageError `start-line-syntax`, `version-unsupported` (505), `status-code-range`
 */
export function readStartLine(text: string, end: number): Message {
  return octets[0] === S && octets[3] === SLASH && text.startsWith('SIP/')
    ? readStatusLine(text, end)
    : readRequestLine(text, end)
}

function readRequestLine(text: string, end: number): Message {
  let at = tokenEnd(0)
  if (at === 0 || octets[at] !== SP) throw syntax('a method and one blank', at)
  const methodEnd = at
  at = beforeQuestionEnd(methodEnd + 1)
  const question = octets[at] === QUESTION
  if (question) at = opaqueEnd(at)
  if ((octets[at] as number) > SP) throw syntax('a Request-URI', at)
  if (at === methodEnd + 1 || octets[at] !== SP) throw syntax('a Request-URI and one blank', at)
  if (end - at !== 8 || !versionAt(at + 1)) checkVersion(text.slice(at + 1, end), at + 1)
  const message = new Message('request', text)
  message.method = methodAt(text, 0, methodEnd)
  message.requestUri = text.slice(methodEnd + 1, at)
  if (question) refuseHeaders(methodEnd + 1, at)
  return message
}

/** The usual methods as one shared string each: comparing them later is comparing pointers. */
export function methodAt(text: string, start: number, end: number): string {
  const candidates = byInitial[octets[start] as number]
  if (candidates !== undefined)
    for (const method of candidates) if (method.length === end - start && text.startsWith(method, start)) return method
  return text.slice(start, end)
}

const usual = [
  'INVITE',
  'ACK',
  'BYE',
  'REGISTER',
  'MESSAGE',
  'OPTIONS',
  'SUBSCRIBE',
  'NOTIFY',
  'CANCEL',
  'INFO',
  'SERVICE',
  'UPDATE',
  'REFER',
  'PUBLISH',
  'PRACK',
  'BENOTIFY',
]
const byInitial = Array.from({ length: 128 }, (_, code) => usual.filter((method) => method.charCodeAt(0) === code))
const usualMethods: ReadonlySet<string> = new Set(usual)

export function isUsualMethod(method: string): boolean {
  return usualMethods.has(method)
}

/**
 * A header part would become header fields of the forwarded request: a Request-URI may not have one (RFC 3261 §19.1.1
 * table 1, RFC 4475 §3.1.2.11).
 */
function refuseHeaders(start: number, end: number): void {
  scan.within(start, end, 'start-line-syntax')
  checkUri()
  if (hasHeaders()) throw syntax('a Request-URI without a header part', start)
}

function checkVersion(version: string, offset: number): void {
  if (/^SIP\/2\.0$/i.test(version)) return
  if (/^SIP\/\d+\.\d+$/i.test(version))
    throw new MessageError(505, 'version-unsupported', `SIP version wanted 2.0, found ${version}`, offset)
  throw syntax('SIP/2.0 and the end of the line', offset)
}

function syntax(wanted: string, offset: number): MessageError {
  return new MessageError(400, 'start-line-syntax', `start line: wanted ${wanted} at ${offset}`, offset)
}

function readStatusLine(text: string, end: number): Message {
  if (!versionAt(0) || octets[7] !== SP) throw unknownVersion(text.slice(0, end))
  let at = 8
  let status = 0
  for (; at < end; at++) {
    const digit = (octets[at] as number) - 48
    if (digit < 0 || digit > 9) break
    if (at < 12) status = status * 10 + digit
  }
  if (at !== 11 || status < 100 || status > 699)
    throw new MessageError(
      400,
      'status-code-range',
      `status code: wanted 100 to 699, found ${text.slice(8, Math.min(at, 24))}`,
      8,
    )
  if (at !== end && octets[at] !== SP) throw syntax('a blank behind the status code', at)
  const message = new Message('response', text)
  message.status = status
  message.reason = text.slice(at + 1, Math.max(end, at + 1))
  if (/[\r\n]/.test(message.reason)) throw syntax('no CR or LF in the reason phrase', at + 1)
  return message
}

function unknownVersion(line: string): MessageError {
  if (/^SIP\/\d+\.\d+ /.test(line))
    return new MessageError(505, 'version-unsupported', `SIP version wanted 2.0, found ${line.slice(0, 16)}`, 0)
  return syntax('SIP/2.0 and a status code', 0)
}
