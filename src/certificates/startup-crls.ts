/** The revocation lists at the start of a node: Node refuses every peer for one that is missing, late or not signed. */
import type { X509Certificate } from 'node:crypto'
import { type Certificate, readCertificate } from './examine/certificate.ts'
import { CertificateError } from './examine/certificate-error.ts'
import { SignatureChecker } from './examine/signature.ts'
import type { CrlFile, Loaded } from './load.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { VerdictCode, VerdictDetails } from '../verdicts/codes.ts'

export type VerdictOf = (code: VerdictCode, details?: VerdictDetails) => Verdict

/** Once one CRL is given, Node wants a current and rightly signed one for every CA of a chain. */
export function crlVerdicts(
  crls: readonly Loaded<CrlFile>[],
  cas: readonly X509Certificate[],
  now: number,
  verdictOf: VerdictOf,
): readonly Verdict[] {
  if (crls.length === 0) return [verdictOf('crl.not-checked')]
  const loaded = crls.flatMap((one) => (one.ok ? [one.value] : []))
  const read = cas.map(readOrError)
  const byName = Map.groupBy(
    read.filter((one): one is Certificate => !(one instanceof CertificateError)),
    ({ subject }) => subject.key,
  )
  const odd = read
    .filter((one) => one instanceof CertificateError)
    .map(({ message }) => verdictOf('chain.malformed', { found: message }))
  return [
    ...odd,
    ...loaded.flatMap((one) => crlTimeVerdicts(one, now, verdictOf)),
    ...[...byName.values()].flatMap((sameName) => crlOfCaVerdicts(sameName, loaded, verdictOf)),
  ]
}

function crlTimeVerdicts({ path, crl }: CrlFile, now: number, verdictOf: VerdictOf): readonly Verdict[] {
  if (crl.nextUpdate !== undefined && now >= crl.nextUpdate.at)
    return [
      verdictOf('crl.expired', { found: `${path} was to be replaced by ${new Date(crl.nextUpdate.at).toISOString()}` }),
    ]
  return now < crl.thisUpdate.at
    ? [verdictOf('crl.not-yet-valid', { found: `${path} starts ${new Date(crl.thisUpdate.at).toISOString()}` })]
    : []
}

/** @param sameName CA certificates of one name: several while a CA is renewed, and the CRL of one of them is enough */
function crlOfCaVerdicts(
  sameName: readonly Certificate[],
  loaded: readonly CrlFile[],
  verdictOf: VerdictOf,
): readonly Verdict[] {
  const name = sameName[0]?.subject
  const own = loaded.filter(({ crl }) => crl.issuer.key === name?.key)
  if (own.length === 0)
    return [
      verdictOf('crl.missing', {
        found: `no CRL of ${name?.text ?? ''} among ${loaded.map(({ path }) => path).join(', ') || 'none'}`,
      }),
    ]
  const checker = new SignatureChecker()
  const signer = sameName.find((ca) => own.some(({ crl }) => checker.verifies(crl, ca)))
  if (signer === undefined)
    return [
      verdictOf('crl.signature-invalid', {
        found: `${own.map(({ path }) => path).join(', ')} not signed with the key of ${name?.text ?? ''}`,
      }),
    ]
  return signer.keyUsage === undefined || signer.keyUsage.has('cRLSign')
    ? []
    : [
        verdictOf('crl.no-crl-sign', {
          found: `key usage of ${signer.subject.text}: ${[...signer.keyUsage].join(', ')}`,
        }),
      ]
}

/** OpenSSL reads some certificates that our own, stricter reader refuses. */
export function readOrError(certificate: X509Certificate): Certificate | CertificateError {
  try {
    return readCertificate(Buffer.from(certificate.raw))
  } catch (cause) {
    if (cause instanceof CertificateError) return cause
    throw cause
  }
}
