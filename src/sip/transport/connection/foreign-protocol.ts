/** What came instead of SIP, as far as the first octets say. */
import { beginsWithProxyHeader } from './door.ts'

const tlsHandshake = 0x16
const tlsMajor = 3
const http = /^[A-Z]{3,10} [^\r\n]{0,2000} HTTP\/\d/
/** The first line that is not empty, when its end is there. */
const firstLine = /^[\r\n]*([^\r\n]+)\r?\n/
/** Every request and every response names its version there, wrong as it may be (RFC 3261 §7.1, §7.2). */
const sipVersion = /SIP\//i
const mostRead = 2100
/** No header field and no start line holds one of these (RFC 3261 §25.1); LDAP, databases and UTF-16 do. */
const control = /^[\r\n]*[^\r\n]*?([\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f])/

/**
 * `TLS`, `SSH`, `HTTP`, `a PROXY header`, or what else cannot begin a SIP message: an octet that is no token character
 * and no line end (RFC 3261 §25.1), or a line without `SIP/`. undefined: it may be SIP.
 *
 * @param octets the first that came on a connection
 */
export function foreignProtocol(octets: Buffer): string | undefined {
  const [first, second] = octets
  if (first === undefined) return undefined
  if (first === tlsHandshake && (second === undefined || second === tlsMajor)) return 'TLS'
  if (beginsWithProxyHeader(octets)) return 'a PROXY header'
  const text = opening(octets)
  if (text.startsWith('SSH-')) return 'SSH'
  if (http.test(text)) return 'HTTP'
  if (!isTokenOrBlank(first)) return octetText(text.charAt(0))
  const [, stray] = control.exec(text) ?? []
  if (stray !== undefined) return octetText(stray)
  const [, line] = firstLine.exec(text) ?? []
  return line === undefined || sipVersion.test(line) ? undefined : 'a line without SIP/2.0'
}

/** Whether more octets would say nothing new: the first line that is not empty has come, or too much for one. */
export function hasFirstLine(octets: Buffer): boolean {
  return octets.length >= mostRead || firstLine.test(opening(octets))
}

function opening(octets: Buffer): string {
  return octets.toString('latin1', 0, Math.min(octets.length, mostRead))
}

function octetText(character: string): string {
  return `an octet 0x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}

function isTokenOrBlank(octet: number): boolean {
  return /[\w\-.!%*+`'~\r\n\t ]/.test(String.fromCharCode(octet))
}
