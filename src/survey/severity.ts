/** What it means that an end accepts a fault: how bad that is, and why, by the code that a strict end gives. */
import type { Fault, Side } from '../faults/catalogue/fault.ts'
import type { VerdictCode } from '../verdicts/codes.ts'
import type { Severity } from './result.ts'

interface Weight {
  readonly severity: Severity
  /** What becomes possible. */
  readonly why: string
}

const stranger = 'Anyone can make such a certificate and be taken for a trusted peer.'
const stolen = 'Anyone who has the key of a revoked certificate can connect.'
const beyondCa = 'A limited CA, or a certificate that is no CA, can issue certificates for anyone.'
const weakKey = 'The key or digest can be forged with the computers of today.'
const purposeWhy = 'A certificate for another purpose, for example a web page, is accepted on the SIP link.'

/** Of faults that a strict end refuses. A code that is not listed is `serious`. */
const weights: Partial<Readonly<Record<VerdictCode, Weight>>> = {
  'cert.expired': { severity: 'critical', why: 'Anyone who finds the old private key can still connect.' },
  'chain.expired': { severity: 'critical', why: 'An expired CA can still issue certificates for anyone.' },
  'cert.self-signed': { severity: 'critical', why: stranger },
  'chain.untrusted-root': { severity: 'critical', why: stranger },
  'chain.issuer-mismatch': { severity: 'critical', why: stranger },
  'cert.signature-invalid': { severity: 'critical', why: stranger },
  'trust.empty': { severity: 'critical', why: stranger },
  'trust.malformed': { severity: 'critical', why: stranger },
  'trust.missing': { severity: 'critical', why: stranger },
  'chain.not-a-ca': { severity: 'critical', why: 'Every owner of a server certificate can issue for anyone.' },
  'chain.no-cert-sign': { severity: 'serious', why: beyondCa },
  'tls.client-cert-missing': { severity: 'critical', why: 'Anyone can connect: no certificate is required.' },
  'cert.revoked': { severity: 'critical', why: stolen },
  'chain.revoked': { severity: 'critical', why: stolen },
  'cert.name-mismatch': {
    severity: 'critical',
    why: 'Any holder of a certificate below the same root can pose as the server that was dialled.',
  },
  'cert.name-not-allowed': {
    severity: 'serious',
    why: 'Everyone with a certificate below the trusted root is a trusted peer; a list of names restricts that.',
  },
  'cert.not-yet-valid': {
    severity: 'serious',
    why: 'Dates are not checked: it may accept an expired certificate too.',
  },
  'chain.not-yet-valid': { severity: 'serious', why: 'The dates of CAs are not checked.' },
  'chain.root-expired': { severity: 'remark', why: 'RFC 5280 leaves it open whether the dates of a root count.' },
  'cert.eku-missing': { severity: 'serious', why: purposeWhy },
  'chain.eku-narrow': { severity: 'serious', why: purposeWhy },
  'cert.ku-wrong': { severity: 'remark', why: 'The key usage of the certificate is not checked.' },
  'cert.critical-extension': { severity: 'serious', why: 'A restriction that the CA marked as critical is ignored.' },
  'cert.signature-weak': { severity: 'serious', why: weakKey },
  'cert.key-weak': { severity: 'serious', why: weakKey },
  'chain.key-weak': { severity: 'serious', why: weakKey },
  'tls.dh-too-small': { severity: 'serious', why: weakKey },
  'chain.name-constraint': { severity: 'serious', why: beyondCa },
  'chain.path-too-long': { severity: 'serious', why: beyondCa },
  'chain.incomplete': {
    severity: 'remark',
    why: 'The software took the missing CA from another source; a peer without that source refuses the certificate.',
  },
  'chain.partial-anchor': {
    severity: 'remark',
    why: 'A CA below the root is accepted as trust anchor; RFC 5280 allows it.',
  },
  'crl.missing': { severity: 'serious', why: 'Revocation of certificates of that CA is not noticed.' },
  'crl.expired': { severity: 'serious', why: 'Anyone who blocks the CRL keeps a revoked certificate accepted.' },
  'crl.not-yet-valid': { severity: 'remark', why: 'The dates of the CRL are not checked.' },
  'crl.signature-invalid': { severity: 'critical', why: 'Anyone can make a CRL that revokes nothing.' },
  'crl.no-crl-sign': { severity: 'remark', why: 'The right to sign CRLs is not checked.' },
  'tls.no-common-version': { severity: 'serious', why: 'TLS 1.0 is broken and withdrawn (RFC 8996).' },
}

/** Faults whose code says less than the fault: what they are in truth, or how much they weigh. */
const bySlug: Readonly<Record<string, Weight>> = {
  'cn-matches-san-does-not': {
    severity: 'serious',
    why: 'The CA vouches for the SAN; some CAs do not check the name in the subject.',
  },
  'untrusted-leaf-issuer': { severity: 'critical', why: stranger },
  'md5-signature': { severity: 'critical', why: 'MD5 signatures have been forged in practice since 2008.' },
  'tls1.0-both': { severity: 'serious', why: 'TLS 1.0 is broken and withdrawn (RFC 8996).' },
  'any-eku': { severity: 'remark', why: 'Accepted by Windows; OpenSSL refuses it.' },
}

const openByChoice: Weight = {
  severity: 'remark',
  why: 'Most stacks accept it; a stricter peer does not, so it is better not to depend on it.',
}

/** Codes that a strict end gives where the catalogue lets the fault pass, since our own end speaks it on purpose. */
const strictCode: Readonly<Record<string, VerdictCode>> = { 'tls1.0-both': 'tls.no-common-version' }

export interface Judged extends Weight {
  /** What a strict end says. */
  readonly verdict: VerdictCode
}

/** How much an accepted fault weighs. Absent: nothing is wrong with it, and to refuse it would be odd. */
export function weigh(fault: Fault, side: Side): Judged | undefined {
  const expect = side === 'client' ? (fault.expectClient ?? fault.expect) : fault.expect
  const verdict = expect.verdict ?? strictCode[fault.slug]
  if (verdict === undefined) return undefined
  const known = bySlug[fault.slug]
  if (known !== undefined) return { verdict, ...known }
  if (expect.kind === 'accepted') return { verdict, ...openByChoice }
  return {
    verdict,
    ...(weights[verdict] ?? { severity: 'serious', why: 'The software omits a check that a strict peer makes.' }),
  }
}
