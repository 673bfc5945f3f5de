/** One finding of a file, in the words of the table of verdict codes. */
import { verdict, findVerdictCode, type VerdictCode } from '../../verdicts/codes.ts'
import type { VerdictCertificate } from '../../verdicts/verdict.ts'
import type { Candidate } from '../answer.ts'

export interface FileFinding extends Candidate {
  /** e.g. `block 2 (line 31)`. */
  readonly where: string
  /** What was wanted, with its source. */
  readonly rule: string
  /** How to fix it, without a command of the lab: the file belongs to somebody else's server. */
  readonly remedy: string
  /** `warning` is worth a change; `error` stops a peer or the server. */
  readonly weight: 'error' | 'warning'
  readonly certificate?: VerdictCertificate
}

interface Details {
  readonly where: string
  readonly why: string
  readonly rule?: string
  readonly certificate?: VerdictCertificate
}

/** Faults that every server and peer lives with, though the file ought to be changed. */
const mild: ReadonlySet<VerdictCode> = new Set([
  'chain.out-of-order',
  'file.pkcs7',
  'file.pfx',
  'file.pfx-legacy',
  'file.der',
])

export function findingOf(code: VerdictCode, { where, why, rule, certificate }: Details): FileFinding {
  const entry = findVerdictCode(code)
  return {
    code,
    why,
    where,
    rule: rule ?? entry?.rule ?? '',
    remedy: remedyFor(code, certificate),
    weight: entry?.weight === 'warning' || mild.has(code) ? 'warning' : 'error',
    ...(certificate === undefined ? {} : { certificate }),
  }
}

/** The table speaks to an administrator of the lab; here the certificate belongs to another server. */
function remedyFor(code: VerdictCode, certificate: VerdictCertificate | undefined): string {
  const own = remedies[code]
  if (own !== undefined) return own
  const remedy = verdict(code).fix ?? ''
  const subject = certificate === undefined ? 'the certificate' : `the certificate ${certificate.subject}`
  if (!/siplab|NODE/.test(remedy)) return remedy
  return remedy.startsWith('renew')
    ? `renew ${subject} with its authority; then put it into the file and reload the server`
    : `let its authority issue ${subject} again`
}

const remedies: Partial<Readonly<Record<VerdictCode, string>>> = {
  'chain.incomplete': 'append the certificates of the issuers below the root, in the order the chain shows',
  'chain.out-of-order': 'write the blocks in the order the chain shows: the server first, then each issuer',
  'cert.eku-missing':
    'use it only in the direction it allows; since 2026 public authorities leave clientAuth out, so an end that ' +
    'dials needs a certificate of a private authority or of another profile',
  'file.empty': 'copy the file again from its source',
  'key.mismatch':
    'put the key that was made for this certificate beside it, or request the certificate again with this key',
  'file.wrong-kind': 'name the file that holds the certificate',
  'file.pfx-password': 'give the password of the container: --password',
}
