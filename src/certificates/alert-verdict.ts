/**
 * The verdict of an end that received an alert about its certificate. The alert proves that the other end refused, and
 * nothing more: every cause stays that the certificate and the clock of this end do not exclude.
 */
import { X509Certificate } from 'node:crypto'
import { type VerdictCode, type VerdictDetails, verdict, verdictCodes } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { alertName, candidatesForAlert, isAboutCertificate } from './alerts.ts'
import { pemBlocks } from './examine/pem.ts'
import { summarise } from './summary.ts'

export interface ShownCertificate {
  /** PEM as it was sent: the leaf, then its issuers. */
  readonly chain: string
  /** The purpose in which it was shown. */
  readonly purpose: 'serverAuth' | 'clientAuth'
  /** By the clock of this end, milliseconds since 1970. */
  readonly now: number
}

/**
 * `alertVerdict(45, shown, { node: 'fe1' })` -> "The other end refused our certificate CN=fe1.lab.test", with the
 * causes that are left in `candidates`, the commonest first.
 *
 * @returns undefined when the alert is not about a certificate, or none was shown that can be read
 */
export function alertVerdict(
  number: number,
  shown: ShownCertificate,
  details: VerdictDetails = {},
): Verdict | undefined {
  const [leaf, ...issuers] = readChain(shown.chain)
  if (leaf === undefined || !isAboutCertificate(number)) return undefined
  const causes = candidatesForAlert({ number })
  const left = causes.filter((code) => !isExcluded(code, leaf, issuers, shown))
  // A date that is right by our clock: the clock of the other end comes first.
  const ordered = left.includes('clock.wrong') && !left.includes('cert.expired') ? first('clock.wrong', left) : left
  const certificate = summarise(leaf)
  const [only] = ordered
  const code = only !== undefined && ordered.length === 1 ? only : 'tls.peer-refused'
  const name = alertName(number) ?? 'no registered alert'
  return {
    ...verdict(code, {
      ...details,
      certificate,
      message: `The other end refused our certificate ${certificate.subject}`,
      found:
        `alert ${number} (${name}); by our clock our certificate is ${validity(leaf, shown.now)} (it lasts from ` +
        `${certificate.notBefore} to ${certificate.notAfter}), and it carries ` +
        `${certificate.subjectAltNames.join(', ') || 'no SAN'}; causes that fit, commonest first: ` +
        ordered.join(', '),
      fix:
        'look into the log of the other end, which knows the cause; compare its clock, its trust list and the name ' +
        'that it dialled with this certificate',
    }),
    candidates: ordered.map((each) => ({ code: each, why: `${meaningOf(each)}: a peer sends alert ${number} for it` })),
    whoseCertificate: 'ours',
    whoRefused: 'them',
  }
}

function validity({ validFromDate, validToDate }: X509Certificate, now: number): string {
  if (now > validToDate.getTime()) return 'expired'
  return now < validFromDate.getTime() ? 'not valid yet' : 'valid'
}

function first(code: VerdictCode, codes: readonly VerdictCode[]): readonly VerdictCode[] {
  return [code, ...codes.filter((each) => each !== code)]
}

function meaningOf(code: VerdictCode): string {
  return (verdictCodes.find((entry) => entry.code === code)?.meaning ?? code).replace(
    '{certificate}',
    'the certificate',
  )
}

function readChain(pem: string): readonly X509Certificate[] {
  return pemBlocks(pem).flatMap((der) => {
    try {
      return [new X509Certificate(der)]
    } catch (error) {
      // OpenSSL cannot read what a fault broke on purpose; then this end cannot exclude anything either.
      if (error instanceof Error) return []
      throw error
    }
  })
}

const purposeOids = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const

/** What this end holds against the cause: its own certificate, and its clock. */
function isExcluded(
  code: VerdictCode,
  leaf: X509Certificate,
  issuers: readonly X509Certificate[],
  { purpose, now }: ShownCertificate,
): boolean {
  switch (code) {
    case 'cert.expired':
      return now <= leaf.validToDate.getTime()
    case 'cert.not-yet-valid':
      return now >= leaf.validFromDate.getTime()
    case 'chain.expired':
      return issuers.length > 0 && issuers.every(({ validToDate }) => now <= validToDate.getTime())
    case 'cert.self-signed':
      return leaf.subject !== leaf.issuer
    case 'cert.san-missing':
      return leaf.subjectAltName !== undefined
    case 'cert.eku-missing': {
      // `keyUsage` of Node is the extended one, as OIDs; without one every purpose is allowed.
      const held: readonly string[] | undefined = leaf.keyUsage
      return held === undefined || held.includes(purposeOids[purpose])
    }
    case 'cert.key-weak': {
      const bits = leaf.publicKey.asymmetricKeyDetails?.modulusLength
      return bits === undefined || bits >= 2048
    }
    case 'tls.client-cert-missing':
    case 'cert.malformed':
      return true
    default:
      return false
  }
}
