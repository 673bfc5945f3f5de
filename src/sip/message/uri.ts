/** SIP, SIPS and tel URIs (RFC 3261 §19.1 and §25.1, RFC 5630, RFC 3966); other schemes stay opaque. */
import { flat } from './fast/flat.ts'
import { noParameters } from './parameters.ts'
import { hostName, page, placeName, scanner } from './fast/scanner.ts'
import { hashOf } from './text-hash.ts'
import type { SipUri } from './types.ts'

const octets = page
const scan = scanner

const COLON = 58,
  SEMICOLON = 59,
  EQUALS = 61,
  QUESTION = 63,
  AT = 64
const I = 105,
  P = 112,
  S = 115

/**
 * Offsets of the parts of the URI just checked; -1: absent. For other schemes than sip and sips only `start`, `colon`
 * and `end`.
 */
const parts = {
  start: 0,
  colon: 0,
  userEnd: -1,
  hostStart: 0,
  hostEnd: 0,
  port: -1,
  parameters: -1,
  headers: -1,
  end: 0,
  isSip: true,
}

/** Start and end of the URI that `checkUri` went over. */
export const uriSpan: { readonly start: number; readonly end: number } = parts

/**
 * Reads a whole URI: `sip:alice@lab.test:5061;transport=tls?subject=x`, `tel:+1-201-555-0123`, `urn:service:sos`.
 *
 * @throws MessageError `uri-syntax`, with the offset where reading stopped
 */
export function parseUri(text: string): SipUri {
  if (text.length > longestKept) return readUri(text)
  const at = hashOf(text) & (places - 1)
  const known = kept[at]
  if (known !== undefined && known.text === text) return known
  // A copy: what is kept must not keep the message it was cut from.
  return (kept[at] = readUri(flat(text)))
}

/**
 * The last URIs read, by a hash of their text: the names and Contacts of the same few users come in one request after
 * the other (bench/proxy.ts, UDP calls).
 */
const places = 512
const longestKept = 128
const kept: (SipUri | undefined)[] = Array.from({ length: places }, () => undefined)

function readUri(text: string): SipUri {
  scan.open(text, 'uri-syntax')
  checkUri()
  scan.finish('the end of the URI')
  return makeUri()
}

/**
 * Moves over a URI as far as its grammar goes, without making anything; the caller reads what follows.
 *
 * @param bare no brackets around it: parameters and headers behind it are not its own (RFC 3261 §20.10)
 * @throws MessageError of the scanner's code
 */
export function checkUri(bare = false): void {
  const start = scan.position
  parts.start = start
  parts.colon = readScheme()
  parts.isSip = isSip(start, parts.colon)
  if (parts.isSip) checkSip(bare)
  else if (scan.opaqueRun(bare) === 0) scan.fail('something behind the URI scheme')
  parts.end = scan.position
}

/** Whether the URI just checked has a part behind `?`. */
export function hasHeaders(): boolean {
  return parts.isSip && parts.headers !== -1
}

function checkSip(bare: boolean): void {
  const start = scan.position
  const length = scan.userRun(bare)
  parts.userEnd = -1
  if (scan.peek() === AT) {
    if (length === 0) scan.fail('a user part')
    parts.userEnd = scan.position++
  } else scan.position = start
  parts.hostStart = scan.position
  parts.hostEnd = scan.host().position
  parts.port = scan.port() ?? -1
  parts.parameters = -1
  parts.headers = -1
  if (bare) return
  if (scan.peek() === SEMICOLON) parts.parameters = scan.position
  while (scan.take(SEMICOLON)) checkParameter()
  if (!scan.take(QUESTION)) return
  parts.headers = scan.position
  if (scan.uriHeaderRun() === 0) scan.fail('a URI header')
}

/** `alpha *( alpha / digit / "+" / "-" / "." ) ":"`; gives the position of the colon. */
function readScheme(): number {
  const initial = scan.peek() | 0x20
  if (initial < 97 || initial > 122) scan.fail('a URI scheme')
  scan.schemeRun()
  if (!scan.take(COLON)) scan.fail('":" behind the URI scheme')
  return scan.position - 1
}

function isSip(start: number, colon: number): boolean {
  if (
    ((octets[start] as number) | 0x20) !== S ||
    ((octets[start + 1] as number) | 0x20) !== I ||
    ((octets[start + 2] as number) | 0x20) !== P
  )
    return false
  return colon - start === 3 || (colon - start === 4 && ((octets[start + 3] as number) | 0x20) === S)
}

function checkParameter(): void {
  if (scan.uriParameterRun() === 0) scan.fail('a URI parameter')
  if (scan.take(EQUALS) && scan.uriParameterRun() === 0) scan.fail('a URI parameter value')
}

/** Makes the URI that `checkUri` went over. */
export function makeUri(): SipUri {
  const { start, colon, userEnd, hostStart, hostEnd, end } = parts
  const { text: source } = scan
  const text = source.slice(start, end)
  const scheme = source.slice(start, colon).toLowerCase()
  if (scheme === 'tel') return telUri(colon + 1, end, text)
  if (!parts.isSip)
    return { scheme, user: undefined, host: '', port: undefined, parameters: noParameters, headers: undefined, text }
  return {
    scheme,
    user: userEnd === -1 ? undefined : source.slice(colon + 1, userEnd),
    host: hostName(source.slice(hostStart, hostEnd)),
    port: parts.port === -1 ? undefined : parts.port,
    parameters: parts.parameters === -1 ? noParameters : readParameters(parts.parameters),
    headers: parts.headers === -1 ? undefined : source.slice(parts.headers, end),
    text,
  }
}

/** Reads parameters from `start` on; the position is where it was, afterwards. */
function readParameters(start: number): ReadonlyMap<string, string | undefined> {
  const behind = scan.position
  const parameters = new Map<string, string | undefined>()
  scan.position = start
  while (scan.take(SEMICOLON)) {
    const nameStart = scan.position
    scan.uriParameterRun()
    const name = unescape(scan.since(nameStart)).toLowerCase()
    if (parameters.has(name)) scan.fail(`"${name}" only once`)
    const value = scan.take(EQUALS) ? valueHere() : undefined
    parameters.set(name, name === 'maddr' && value !== undefined ? placeHere(value) : value)
  }
  scan.position = behind
  return parameters
}

function valueHere(): string {
  const start = scan.position
  scan.uriParameterRun()
  return scan.since(start)
}

/** `maddr` names a host: one spelling, as for the host itself. Escapes that no host can have stay. */
function placeHere(value: string): string {
  const plain = unescape(value)
  return /^[A-Za-z0-9._:[\]-]+(?:%[A-Za-z0-9._-]+\]?)?$/.test(plain) ? placeName(plain) : value
}

function telUri(start: number, end: number, text: string): SipUri {
  const subscriber = scan.text.slice(start, end)
  const [whole, number] = /^(\+[\d\-.()]*\d[\d\-.()]*|[\da-fA-F*#\-.()]+)(?:;[^;?]+)*$/.exec(subscriber) ?? []
  if (whole === undefined || number === undefined) {
    scan.position = start
    return scan.fail('a telephone number')
  }
  const parameters = number.length === whole.length ? noParameters : readParameters(start + number.length)
  return { scheme: 'tel', user: number, host: '', port: undefined, parameters, headers: undefined, text }
}

/**
 * The URI with another user or host: `sip:bob@192.0.2.7:5060;x=1` for the host `192.0.2.7:5060`. The part behind `?` is
 * left out. A parameter name that needs escapes gets them back: `x%3By` must not become two parameters.
 */
export function uriText({ scheme, user, parameters }: Omit<SipUri, 'text'>, hostPort: string): string {
  let text = `${scheme}:${user === undefined ? '' : `${user}@`}${hostPort}`
  for (const [name, value] of parameters) text += `;${escapeParameter(name)}${value === undefined ? '' : `=${value}`}`
  return text
}

/** RFC 3261 §25.1 `paramchar`: everything else is escaped. */
export function escapeParameter(text: string): string {
  return text.replace(
    /[^A-Za-z0-9\-_.!~*'()[\]/:&+$]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** `%HH` turned into octets, once: `v%61lue%25%34%31` is `value%41`. Latin1 in, latin1 out; a lone `%` stays. */
export function unescape(text: string): string {
  return text.includes('%')
    ? text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    : text
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
  const password = uri.user.indexOf(':')
  return `sip:${canonical(password === -1 ? uri.user : uri.user.slice(0, password))}@${uri.host}`
}

/** Visual separators carry no meaning (RFC 3966 §5.1.1). */
function plainNumber(number: string): string {
  return number.replace(/[-.()]/g, '').toLowerCase()
}

/**
 * One spelling for all equal escapings: unreserved characters plain, everything else as it is with upper-case digits.
 */
function canonical(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%[0-9a-fA-F]{2}/g, (escape) => {
    const character = String.fromCharCode(parseInt(escape.slice(1), 16))
    return /[A-Za-z0-9\-_.!~*'()]/.test(character) ? character : escape.toUpperCase()
  })
}

/**
 * Parameters that make two URIs different when only one of them has it (RFC 3261 §19.1.4): a missing one is not the
 * same as its default. `gr` names one device of a user, its absence names the user (RFC 5627 §3).
 */
const decisive = ['user', 'ttl', 'method', 'maddr', 'transport', 'gr']

/**
 * The one comparison of URIs, for bindings, look-ups and redirections: RFC 3261 §19.1.4; hosts in their one spelling,
 * so IPv6 references by their value (RFC 5954 §4.2); tel by RFC 3966 §4; other schemes by their text.
 */
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

/** Of parameters, escaped or not (RFC 3261 §19.1.4). */
export function equalValues(a: string | undefined, b: string | undefined): boolean {
  return a === b || canonicalValue(a ?? '') === canonicalValue(b ?? '')
}

/** A value has brackets as they are or escaped: they are not among the reserved characters (§19.1.4). */
function canonicalValue(text: string): string {
  return canonical(text).replaceAll('%5B', '[').replaceAll('%5D', ']').toLowerCase()
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
