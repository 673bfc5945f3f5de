/** Is this a certificate file? Asked before its octets are taken for a log or a capture. */
import { shapeOf } from './der.ts'

const label = /-----BEGIN (?:[A-Z0-9 #]{0,20}(?:CERTIFICATE|PRIVATE KEY|CRL|PKCS ?#?7|CMS)[A-Z0-9 #]{0,20})-----/
/** Lines that only a log has: a report of OpenSSL holds a PEM block and is still a text. */
const log = /error:[0-9A-F]{8}|verify error:|Verify return code: [1-9]|SSL alert number|handshake failure/

/** Looks at the first 256 KiB. */
export function looksLikeCertificateFile(octets: Buffer): boolean {
  const start = octets.subarray(0, 262_144)
  if (start[0] === 0x30 && shapeOf(start) !== 'nothing') return true
  if (start.subarray(0, 4).toString('hex') === 'feedfeed') return true
  const text = start.toString('latin1').replaceAll('\0', '')
  if (label.test(text)) return !log.test(text)
  const joined = text.slice(0, 4096).replace(/\s+/g, '')
  return /^MI[A-Za-z0-9+/]{62,}={0,2}$/.test(joined) && shapeOf(Buffer.from(joined, 'base64')) !== 'nothing'
}
