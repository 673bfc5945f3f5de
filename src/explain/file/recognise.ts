/** Is this a certificate file? Asked before its octets are taken for a log or a capture. */
import { isDer, shapeOf } from './der-shape.ts'

/** With too few dashes too, or with those of a word processor: the file is still meant as PEM. */
const label =
  /[-\u0080-\u00ff]{2,15} ?BEGIN (?:[A-Z0-9 #]{0,20}(?:CERTIFICATE|(?:PRIVATE|PUBLIC) KEY|CRL|PKCS ?#?7|CMS|(?:DH|EC|DSA) PARAMETERS)[A-Z0-9 #]{0,20})[-\u0080-\u00ff]{2}/
/** Output of a program that prints certificates too: it says more than they do. */
const log = /^CONNECTED\(|error:[0-9A-F]{8}|verify error|verify return|SSL alert number|handshake failure|^\s*\d+ s:/im
/** A line of a log begins with its time; the text of `openssl x509 -text` does not. */
const timed = /^(?:<\d+>)?\[?(?:\d{4}-\d\d-\d\d[T ]\d\d:|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d\d:\d\d:\d\d)/m

/** JKS and JCEKS of Java. */
const keystores = ['feedfeed', 'cececece']
/** Byte order marks of UTF-8 and UTF-16, in Latin 1. */
const mark = /^(?:\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff)/

/** Looks at the first 256 KiB. */
export function looksLikeCertificateFile(octets: Buffer): boolean {
  const start = octets.subarray(0, 262_144)
  if (isDer(start) || (start[0] === 0x30 && shapeOf(start) !== 'nothing')) return true
  if (keystores.includes(start.subarray(0, 4).toString('hex'))) return true
  const text = start.toString('latin1').replace(mark, '').replaceAll('\0', '')
  const found = label.exec(text)
  if (found !== null) return !log.test(text) && !timed.test(text.slice(0, found.index))
  const joined = text.slice(0, 4096).replace(/\s+/g, '')
  if (/^LS0tLS1CRUdJTi[A-Za-z0-9+/]{40,}={0,2}$/.test(joined)) return true
  return /^MI[A-Za-z0-9+/]{62,}={0,2}$/.test(joined) && shapeOf(Buffer.from(joined, 'base64')) !== 'nothing'
}
