/** One finding of a file, in the words of the table of verdict codes. */
import { verdict, findVerdictCode, type VerdictCode } from '../../verdicts/codes.ts'
import type { VerdictCertificate } from '../../verdicts/verdict.ts'
import type { Candidate } from '../answer.ts'
import { remedyFor as remedyOfCause } from '../remedy.ts'

export interface FileFinding extends Candidate {
  /** e.g. `block 2 (line 31)`. */
  readonly where: string
  /** What was wanted, with its source. */
  readonly rule: string
  /** How to fix it, without a command of the lab: the file belongs to somebody else's server. */
  readonly remedy: string
  /** `warning` is worth a change; `error` stops a peer or the server. */
  readonly weight: 'error' | 'warning'
  /** The file alone does not decide it; `why` says what would. Absent: it is certain. */
  readonly unsure?: true
  readonly certificate?: VerdictCertificate
}

interface Details {
  readonly where: string
  readonly why: string
  readonly rule?: string
  /** Absent: that of the code. */
  readonly remedy?: string
  readonly certificate?: VerdictCertificate
}

/** Faults that every server and peer lives with, though the file ought to be changed. */
const mild: ReadonlySet<VerdictCode> = new Set([
  'chain.out-of-order',
  'file.pkcs7',
  'file.pfx',
  'file.pfx-legacy',
  'file.pfx-password',
  'file.der',
  'key.encrypted',
])

export function findingOf(code: VerdictCode, { where, why, rule, remedy, certificate }: Details): FileFinding {
  const entry = findVerdictCode(code)
  return {
    code,
    why,
    where,
    rule: rule ?? entry?.rule ?? '',
    remedy: remedy ?? remedyFor(code),
    weight: entry?.weight === 'warning' || mild.has(code) ? 'warning' : 'error',
    ...(certificate === undefined ? {} : { certificate }),
  }
}

/** The table speaks to an administrator of the lab; here the file belongs to another server. */
function remedyFor(code: VerdictCode): string {
  const own = remedies[code]
  if (own !== undefined) return own
  if (!code.startsWith('file.')) return remedyOfCause(code, 'us', undefined) ?? ''
  return (verdict(code).fix ?? '').replace(/(?:, or issue the certificate of NODE again)?: siplab .*$/, '')
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
  'file.trusted-label':
    'write the file again with plain labels: ' +
    'openssl crl2pkcs7 -nocrl -certfile FILE | openssl pkcs7 -print_certs -out FILE.pem',
  'file.pfx-password':
    'open the container with its password, and explain what comes out: openssl pkcs12 -in FILE -nodes -out FILE.pem',
  'key.encrypted':
    'open the key with its passphrase, and name the open key: openssl pkey -in KEY -out OPEN.key; ' +
    'a server that keeps the key encrypted needs the passphrase in its settings',
  'key.malformed': 'copy the key again from its source, or write it as PEM: openssl pkey -in KEY -out KEY.pem',
}
