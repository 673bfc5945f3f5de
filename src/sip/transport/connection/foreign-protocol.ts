/** What came instead of SIP, as far as the first octets say. */

const tlsHandshake = 0x16
const tlsMajor = 3
const http = /^[A-Z]{3,10} [^\r\n]{0,2000} HTTP\/\d/

/**
 * `TLS`, `SSH`, `HTTP`, or what else cannot begin a SIP message: that is a token character or a line end
 * (RFC 3261 §25.1). undefined: it may be SIP.
 *
 * @param octets the first that came on a connection
 */
export function foreignProtocol(octets: Buffer): string | undefined {
  const [first, second] = octets
  if (first === undefined) return undefined
  if (first === tlsHandshake && (second === undefined || second === tlsMajor)) return 'TLS'
  const text = octets.toString('latin1', 0, Math.min(octets.length, 2100))
  if (text.startsWith('SSH-')) return 'SSH'
  if (http.test(text)) return 'HTTP'
  return isTokenOrBlank(first) ? undefined : `an octet 0x${first.toString(16).padStart(2, '0')}`
}

function isTokenOrBlank(octet: number): boolean {
  return /[\w\-.!%*+`'~\r\n\t ]/.test(String.fromCharCode(octet))
}
