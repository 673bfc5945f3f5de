/** SIP, SIPS and tel URIs (RFC 3261 §19.1 and §25.1, RFC 5630, RFC 3966); other schemes stay opaque. */
import { Scanner, URI_HEADER, URI_PARAM, USER } from './scanner.ts'
import type { SipUri } from './types.ts'

const noParameters: ReadonlyMap<string, string | undefined> = new Map()

/**
 * Reads a whole URI: `sip:alice@lab.test:5061;transport=tls?subject=x`, `tel:+1-201-555-0123`, `urn:service:sos`.
 *
 * @throws MessageError `uri-syntax`, with the offset where reading stopped
 */
export function parseUri(text: string): SipUri {
  const scan = new Scanner(text, 'uri-syntax')
  const colon = readScheme(scan)
  const scheme = text.slice(0, colon).toLowerCase()
  if (scheme === 'sip' || scheme === 'sips') return sipUri(scan, scheme)
  if (scheme === 'tel') return telUri(scan)
  readOpaque(scan)
  return { scheme, user: undefined, host: '', port: undefined, parameters: noParameters, headers: undefined, text }
}

/** Checks a URI that runs to the end of the scanner, without making anything. */
export function checkUri(scan: Scanner): void {
  const start = scan.position
  const colon = readScheme(scan)
  if (!isSip(scan.text, start, colon)) return readOpaque(scan)
  readUser(scan)
  scan.host().port()
  while (scan.take(SEMICOLON)) readParameter(scan)
  if (scan.take(QUESTION)) readHeaders(scan)
  if (!scan.atEnd()) scan.fail('the end of the URI')
}

const SEMICOLON = 59, EQUALS = 61, QUESTION = 63, AT = 64

/** `alpha *( alpha / digit / "+" / "-" / "." ) ":"`; gives the position of the colon. */
function readScheme(scan: Scanner): number {
  const { text, end } = scan
  let at = scan.position
  if (at >= end || !isLetter(text.charCodeAt(at))) scan.fail('a URI scheme')
  while (at < end && isSchemeCharacter(text.charCodeAt(at))) at++
  scan.position = at
  if (!scan.take(58)) scan.fail('":" behind the URI scheme')
  return at
}

function isLetter(code: number): boolean {
  return (code | 0x20) >= 97 && (code | 0x20) <= 122
}

function isSchemeCharacter(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57) || code === 43 || code === 45 || code === 46
}

function isSip(text: string, start: number, colon: number): boolean {
  const length = colon - start
  if (length !== 3 && length !== 4) return false
  if ((text.charCodeAt(start) | 0x20) !== 115 || (text.charCodeAt(start + 1) | 0x20) !== 105 || (text.charCodeAt(start + 2) | 0x20) !== 112) return false
  return length === 3 || (text.charCodeAt(start + 3) | 0x20) === 115
}

/** Moves behind `user@`; gives the position of the `@`, -1 (and does not move) when there is no user part. */
function readUser(scan: Scanner): number {
  const start = scan.position
  const length = scan.escapedRun(USER)
  if (scan.peek() !== AT) {
    scan.position = start
    return -1
  }
  if (length === 0) scan.fail('a user part')
  return scan.position++
}

function readParameter(scan: Scanner): void {
  if (scan.escapedRun(URI_PARAM) === 0) scan.fail('a URI parameter')
  if (scan.take(EQUALS) && scan.escapedRun(URI_PARAM) === 0) scan.fail('a URI parameter value')
}

function readHeaders(scan: Scanner): void {
  if (scan.escapedRun(URI_HEADER) === 0) scan.fail('a URI header')
}

/** Anything visible, for schemes we do not route by: no blanks, brackets or quotes. */
function readOpaque(scan: Scanner): void {
  if (scan.atEnd()) scan.fail('something behind the URI scheme')
  for (; !scan.atEnd(); scan.position++) {
    const code = scan.peek()
    if (code <= 32 || code >= 127 || code === 34 || code === 60 || code === 62) scan.fail('a URI character')
  }
}

function sipUri(scan: Scanner, scheme: string): SipUri {
  const { text } = scan
  const userStart = scan.position
  const at = readUser(scan)
  const user = at === -1 ? undefined : text.slice(userStart, at)
  const hostStart = scan.position
  const host = text.slice(hostStart, scan.host().position).toLowerCase()
  const port = scan.port()
  const parameters = readParameters(scan)
  let headers: string | undefined
  if (scan.take(QUESTION)) {
    const start = scan.position
    readHeaders(scan)
    headers = text.slice(start, scan.position)
  }
  if (!scan.atEnd()) scan.fail('the end of the URI')
  return { scheme, user, host, port, parameters, headers, text }
}

function readParameters(scan: Scanner): ReadonlyMap<string, string | undefined> {
  if (scan.peek() !== SEMICOLON) return noParameters
  const parameters = new Map<string, string | undefined>()
  while (scan.take(SEMICOLON)) {
    const start = scan.position
    if (scan.escapedRun(URI_PARAM) === 0) scan.fail('a URI parameter')
    const name = unescape(scan.text.slice(start, scan.position)).toLowerCase()
    if (parameters.has(name)) scan.fail(`"${name}" only once`)
    let value: string | undefined
    if (scan.take(EQUALS)) {
      const valueStart = scan.position
      if (scan.escapedRun(URI_PARAM) === 0) scan.fail('a URI parameter value')
      value = scan.text.slice(valueStart, scan.position)
    }
    parameters.set(name, value)
  }
  return parameters
}

function telUri(scan: Scanner): SipUri {
  const { text } = scan
  const start = scan.position
  const body = text.slice(start)
  const number = /^(\+[\d\-.()]*\d[\d\-.()]*|[\da-fA-F*#\-.()]+)(?=;|$)/.exec(body)?.[1]
  if (number === undefined) scan.fail('a telephone number')
  scan.position += number.length
  const parameters = readParameters(scan)
  if (!scan.atEnd()) scan.fail('the end of the URI')
  return { scheme: 'tel', user: number, host: '', port: undefined, parameters, headers: undefined, text }
}

/** `%HH` turned into octets, once: `v%61lue%25%34%31` is `value%41`. Latin1 in, latin1 out; a lone `%` stays. */
export function unescape(text: string): string {
  return text.includes('%') ? text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))) : text
}

/**
 * The key of a user: `SIPS:%61lice@LAB.test:5061;transport=tls` is `sip:alice@lab.test`.
 * Escapes of unreserved characters are undone, the others kept in upper case, so that `%00` stays apart from nothing
 * (RFC 3261 §10.3 step 5, §19.1.4). sips is the same user as sip (RFC 5630 §5.3).
 */
export function addressOfRecord(uri: SipUri): string {
  if (uri.scheme === 'tel') return `tel:${plainNumber(uri.user ?? '')}`
  if (uri.scheme !== 'sip' && uri.scheme !== 'sips') return uri.text
  if (uri.user === undefined) return `sip:${uri.host}`
  const [user = ''] = uri.user.split(':', 1)
  return `sip:${canonical(user)}@${uri.host}`
}

/** Visual separators carry no meaning (RFC 3966 §5.1.1). */
function plainNumber(number: string): string {
  return number.replace(/[-.()]/g, '').toLowerCase()
}

/** One spelling for all equal escapings: unreserved characters plain, everything else as it is with upper-case digits. */
function canonical(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%[0-9a-fA-F]{2}/g, (escape) => {
    const character = String.fromCharCode(parseInt(escape.slice(1), 16))
    return /[A-Za-z0-9\-_.!~*'()]/.test(character) ? character : escape.toUpperCase()
  })
}

/** Parameters that make two URIs different when only one of them has it (RFC 3261 §19.1.4). */
const decisive = ['user', 'ttl', 'method', 'maddr']

/** RFC 3261 §19.1.4; tel by RFC 3966 §4; other schemes by their text. */
export function equalUris(a: SipUri, b: SipUri): boolean {
  if (a.scheme !== b.scheme) return false
  if (a.scheme === 'tel') return plainNumber(a.user ?? '') === plainNumber(b.user ?? '') && equalTelParameters(a, b)
  if (a.scheme !== 'sip' && a.scheme !== 'sips') return a.text === b.text
  if (a.host !== b.host || a.port !== b.port) return false
  if ((a.user === undefined) !== (b.user === undefined)) return false
  if (canonical(a.user ?? '') !== canonical(b.user ?? '')) return false
  return equalParameters(a, b) && equalHeaders(a.headers, b.headers)
}

function equalParameters(a: SipUri, b: SipUri): boolean {
  for (const name of decisive) if (a.parameters.has(name) !== b.parameters.has(name)) return false
  for (const [name, value] of a.parameters) {
    if (b.parameters.has(name) && !equalValues(value, b.parameters.get(name))) return false
  }
  return true
}

function equalTelParameters(a: SipUri, b: SipUri): boolean {
  if (a.parameters.size !== b.parameters.size) return false
  for (const [name, value] of a.parameters) {
    if (!b.parameters.has(name) || !equalValues(value, b.parameters.get(name))) return false
  }
  return true
}

function equalValues(a: string | undefined, b: string | undefined): boolean {
  return canonical(a ?? '').toLowerCase() === canonical(b ?? '').toLowerCase()
}

/** The `?` part: same names with the same values, in any order; never ignored. */
function equalHeaders(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  return sortedHeaders(a) === sortedHeaders(b)
}

function sortedHeaders(headers: string): string {
  return headers.split('&').map(headerKey).sort().join('&')
}

function headerKey(header: string): string {
  const [name = '', value = ''] = header.split('=', 2)
  return `${canonical(name).toLowerCase()}=${canonical(value)}`
}
