/**
 * The verdict of an end that received an alert about its certificate. The alert proves that the other end refused, and
 * nothing more: every cause stays that the certificate and the clock of this end do not exclude.
 */
import { X509Certificate } from 'node:crypto'
import { type VerdictCode, type VerdictDetails, verdict, verdictCodes } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { alertName, candidatesForAlert, isAboutCertificate, causesOfSilence, isSentForAnything } from './alerts.ts'
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
 * @returns undefined when no stack sends the alert for a certificate, or none was shown that can be read
 */
export function alertVerdict(
  number: number,
  shown: ShownCertificate,
  details: VerdictDetails = {},
): Verdict | undefined {
  const [leaf, ...issuers] = readChain(shown.chain)
  if (leaf === undefined || !(isAboutCertificate(number) || isSentForAnything(number))) return undefined
  const refused = isAboutCertificate(number)
  const name = alertName(number) ?? 'no registered alert'
  return refusalOf(candidatesForAlert({ number }), { leaf, issuers, ...shown }, details, {
    generic: refused ? 'tls.peer-refused' : 'tls.alert',
    message: refused ? 'The other end refused our certificate {certificate}' : 'The other end broke the handshake off',
    sign: `alert ${number} (${name})`,
    byDate: number === certificateExpired,
    ...(refused ? { whoseCertificate: 'ours' } : {}),
  })
}

/**
 * The verdict of an end whose peer closed after the handshake, before it said anything: under TLS 1.3, and with stacks
 * that verify late, that is all a refusal shows.
 *
 * @param sign what was seen: `closed without a reason`
 * @returns undefined when no certificate was shown that can be read
 */
export function closingVerdict(
  sign: string,
  shown: ShownCertificate,
  details: VerdictDetails = {},
): Verdict | undefined {
  const [leaf, ...issuers] = readChain(shown.chain)
  if (leaf === undefined) return undefined
  return refusalOf(causesOfSilence, { leaf, issuers, ...shown }, details, {
    generic: 'tls.peer-refused',
    message: 'The other end closed the connection after it had seen our certificate {certificate}',
    sign,
    byDate: false,
  })
}

/** How a refusal showed. */
interface Sign {
  /** The code where several causes stay. */
  readonly generic: VerdictCode
  readonly message: string
  readonly sign: string
  /** It is about a date. */
  readonly byDate: boolean
  readonly whoseCertificate?: 'ours'
}

function refusalOf(
  causes: readonly VerdictCode[],
  held: Held,
  details: VerdictDetails,
  { generic, message, sign, byDate, whoseCertificate }: Sign,
): Verdict {
  const ordered = causesLeft(causes, held, byDate)
  const certificate = summarise(held.leaf)
  const [only] = ordered
  return {
    ...verdict(only !== undefined && ordered.length === 1 ? only : generic, {
      ...details,
      certificate,
      message: message.replace('{certificate}', () => certificate.subject),
      found:
        `${sign}; by our clock our certificate is ${validity(held.leaf, held.now)} (it lasts from ` +
        `${certificate.notBefore} to ${certificate.notAfter}), and it carries ` +
        `${certificate.subjectAltNames.join(', ') || 'no SAN'}; causes that fit, likeliest first: ` +
        ordered.join(', '),
      fix:
        'look into the log of the other end, which knows the cause; compare its clock, its trust list and the name ' +
        'that it dialled with this certificate',
    }),
    candidates: ordered.map((code) => ({ code, why: `${meaningOf(code)}: ${sign} fits it` })),
    ...(whoseCertificate === undefined ? {} : { whoseCertificate }),
    whoRefused: 'them',
  }
}

function validity({ validFromDate, validToDate }: X509Certificate, now: number): string {
  if (now > validToDate.getTime()) return 'expired'
  return now < validFromDate.getTime() ? 'not valid yet' : 'valid'
}

/** What this end knows of its own certificate. */
interface Held extends ShownCertificate {
  readonly leaf: X509Certificate
  readonly issuers: readonly X509Certificate[]
}

const dates: ReadonlySet<VerdictCode> = new Set<VerdictCode>(['cert.expired', 'cert.not-yet-valid'])

/**
 * The causes among these that our certificate and our clock leave. First what we can see in the certificate; then
 * the order of the table, in which a date that is right by our clock stands for the clock of the other end.
 */
function causesLeft(codes: readonly VerdictCode[], held: Held, byDate: boolean): readonly VerdictCode[] {
  const causes = codes.map((code) => ({ code, is: heldAgainst(code, held) }))
  const visible = causes.filter(({ is }) => is === true).map(({ code }) => code)
  // A peer that knows the issuer misses nothing; the other faults trouble every peer.
  const alone = visible.filter((code) => code === 'chain.incomplete')
  const seen = [...visible.filter((code) => code !== 'chain.incomplete'), ...alone]
  const open = causes.flatMap(({ code, is }): readonly VerdictCode[] => {
    if (is === undefined) return [code]
    return is === false && dates.has(code) && !seen.some((each) => dates.has(each)) ? ['clock.wrong'] : []
  })
  const dated: readonly VerdictCode[] = byDate && open.includes('clock.wrong') ? ['clock.wrong'] : []
  const unlikely = open.filter((code) => isUnlikely(code, held))
  return [...new Set([...seen, ...dated, ...open.filter((code) => !unlikely.includes(code)), ...unlikely])]
}

/** A server seldom looks for a name in the certificate of a client, and our issuer comes along. */
function isUnlikely(code: VerdictCode, { purpose, issuers }: Held): boolean {
  return (
    (code === 'cert.name-mismatch' && purpose === 'clientAuth') || (code === 'chain.incomplete' && issuers.length > 0)
  )
}

/** RFC 8446 §6.2. */
const certificateExpired = 45

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

/** Whether our certificate has this fault; undefined: this end cannot see the fault, or it is at the other end. */
function heldAgainst(code: VerdictCode, { leaf, issuers, purpose, now }: Held): boolean | undefined {
  switch (code) {
    case 'cert.expired':
      return now > leaf.validToDate.getTime()
    case 'cert.not-yet-valid':
      return now < leaf.validFromDate.getTime()
    case 'chain.expired':
      return issuers.length === 0 ? undefined : issuers.some(({ validToDate }) => now > validToDate.getTime())
    case 'chain.incomplete':
      // A chain that came along may still lack its upper part.
      return issuers.length === 0 && !isSelfSigned(leaf) ? true : undefined
    case 'cert.self-signed':
      return isSelfSigned(leaf)
    case 'cert.san-missing':
      return leaf.subjectAltName === undefined ? undefined : false
    case 'cert.eku-missing': {
      // `keyUsage` of Node is the extended one, as OIDs; without one every purpose is allowed.
      const held: readonly string[] | undefined = leaf.keyUsage
      return held !== undefined && !held.includes(purposeOids[purpose])
    }
    case 'cert.key-weak': {
      const bits = leaf.publicKey.asymmetricKeyDetails?.modulusLength
      return bits !== undefined && bits < 2048
    }
    case 'cert.signature-invalid':
      return signatureFails(leaf, issuers)
    case 'tls.client-cert-missing':
    case 'cert.malformed':
      return false
    default:
      return undefined
  }
}

function isSelfSigned(leaf: X509Certificate): boolean {
  return leaf.subject === leaf.issuer && leaf.verify(leaf.publicKey)
}

/** undefined: the issuer is not among what we send. */
function signatureFails(leaf: X509Certificate, issuers: readonly X509Certificate[]): boolean | undefined {
  const namesakes = issuers.filter(({ subject }) => subject === leaf.issuer)
  return namesakes.length === 0 ? undefined : !namesakes.some(({ publicKey }) => leaf.verify(publicKey))
}
