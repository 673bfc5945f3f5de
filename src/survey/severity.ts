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
const stolen = 'Anyone who holds the key of a revoked certificate gets in.'
const beyondCa = 'A CA that was given a limit, or was never one, can issue for anyone.'
const weakKey = 'The key or digest can be forged with the means of today.'
const purposeWhy = 'A certificate that was issued for something else, for example a web page, opens the SIP link.'

/** Of faults that a strict end refuses. A code that is not listed is `serious`. */
const weights: Partial<Readonly<Record<VerdictCode, Weight>>> = {
  'cert.expired': { severity: 'critical', why: 'An old key, long forgotten on some disk, still opens the link.' },
  'chain.expired': { severity: 'critical', why: 'A CA whose time is over can still issue for anyone.' },
  'cert.self-signed': { severity: 'critical', why: stranger },
  'chain.untrusted-root': { severity: 'critical', why: stranger },
  'chain.issuer-mismatch': { severity: 'critical', why: stranger },
  'cert.signature-invalid': { severity: 'critical', why: stranger },
  'trust.empty': { severity: 'critical', why: stranger },
  'trust.malformed': { severity: 'critical', why: stranger },
  'trust.missing': { severity: 'critical', why: stranger },
  'chain.not-a-ca': { severity: 'critical', why: 'Every holder of a server certificate can issue for anyone.' },
  'chain.no-cert-sign': { severity: 'serious', why: beyondCa },
  'tls.client-cert-missing': { severity: 'critical', why: 'Anyone gets in: no certificate is demanded.' },
  'cert.revoked': { severity: 'critical', why: stolen },
  'chain.revoked': { severity: 'critical', why: stolen },
  'cert.name-mismatch': {
    severity: 'critical',
    why: 'Any holder of a certificate below the same root can pose as the server that was dialled.',
  },
  'cert.name-not-allowed': {
    severity: 'serious',
    why: 'Every certificate below the trusted root is a trusted peer; a list of names would tell them apart.',
  },
  'cert.not-yet-valid': { severity: 'serious', why: 'Dates are not read: an expired certificate may pass too.' },
  'chain.not-yet-valid': { severity: 'serious', why: 'Dates of CAs are not read.' },
  'chain.root-expired': { severity: 'remark', why: 'RFC 5280 leaves it open whether the dates of a root count.' },
  'cert.eku-missing': { severity: 'serious', why: purposeWhy },
  'chain.eku-narrow': { severity: 'serious', why: purposeWhy },
  'cert.ku-wrong': { severity: 'remark', why: 'The key usage of the certificate is not read.' },
  'cert.critical-extension': { severity: 'serious', why: 'A restriction that the CA calls critical is passed over.' },
  'cert.signature-weak': { severity: 'serious', why: weakKey },
  'cert.key-weak': { severity: 'serious', why: weakKey },
  'chain.key-weak': { severity: 'serious', why: weakKey },
  'tls.dh-too-small': { severity: 'serious', why: weakKey },
  'chain.name-constraint': { severity: 'serious', why: beyondCa },
  'chain.path-too-long': { severity: 'serious', why: beyondCa },
  'chain.incomplete': {
    severity: 'remark',
    why: 'It completed the chain from elsewhere; another peer cannot, and refuses the same certificate.',
  },
  'chain.partial-anchor': {
    severity: 'remark',
    why: 'A CA below the root is an anchor by itself; RFC 5280 allows it.',
  },
  'crl.missing': { severity: 'serious', why: 'Revocation of certificates of that CA is not noticed.' },
  'crl.expired': { severity: 'serious', why: 'Anyone who blocks a new list keeps a revoked certificate accepted.' },
  'crl.not-yet-valid': { severity: 'remark', why: 'The dates of a list are not read.' },
  'crl.signature-invalid': { severity: 'critical', why: 'Anyone can write the list that revokes nothing.' },
  'crl.no-crl-sign': { severity: 'remark', why: 'The right to sign lists is not read.' },
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
    ...(weights[verdict] ?? { severity: 'serious', why: 'A check that a strict peer makes is not made.' }),
  }
}
