/** A certificate as verdicts, tables and `siplab certs show` print it. */
import { X509Certificate } from 'node:crypto'
import type { VerdictCertificate } from '../verdicts/verdict.ts'

/** The summary of a PEM text (its first certificate), DER or parsed certificate. */
export function summarise(certificate: X509Certificate | string | Uint8Array): VerdictCertificate {
  const parsed = certificate instanceof X509Certificate ? certificate : new X509Certificate(certificate)
  const serial = parsed.serialNumber.toLowerCase()
  return {
    subject: oneLine(parsed.subject),
    issuer: oneLine(parsed.issuer),
    subjectAltNames: subjectAltNames(parsed),
    serial,
    serialReversed: reverseOctets(serial),
    notBefore: parsed.validFromDate.toISOString(),
    notAfter: parsed.validToDate.toISOString(),
    fingerprint: parsed.fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}

/** What a trace says of a certificate: `shownOf(summarise(leaf))`. */
export function shownOf({
  subject,
  issuer,
  serial,
  notAfter,
}: VerdictCertificate): Pick<VerdictCertificate, 'subject' | 'issuer' | 'serial' | 'notAfter'> {
  return { subject, issuer, serial, notAfter }
}

/**
 * `01ab2f` -> `2fab01`, the order in which the old event logs printed serial numbers. An odd digit count gets a leading
 * zero.
 */
export function reverseOctets(hex: string): string {
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  return (even.match(/../g) ?? []).reverse().join('')
}

/**
 * The SAN entries with their kind: `DNS:fe1.lab.test`, `URI:sip:lab.test`, `IP:127.0.0.1`. Node quotes an entry that
 * holds a separator (CVE-2021-44532); such an entry is kept as the quoted text.
 */
function subjectAltNames(certificate: X509Certificate): readonly string[] {
  const text = certificate.subjectAltName
  if (text === undefined || text === '') return []
  const entries = text.match(/(?:[^",]|"(?:[^"\\]|\\.)*")+/g) ?? []
  // One blank follows the comma; any other belongs to the name, which then is another name.
  return entries.map((entry) => entry.replace(/^ /, '').replace(/^IP Address:/, 'IP:'))
}

/**
 * Node writes one attribute per line, first attribute first; RFC 4514 §2.1 has the last one first, joined by commas.
 */
function oneLine(name: string | undefined): string {
  return (name ?? '')
    .split('\n')
    .filter((part) => part !== '')
    .reverse()
    .join(',')
}
