/**
 * The files a check is given: trust lists, CRLs, a certificate of our own; what is wrong with them is said, not
 * swallowed.
 */
import { getCACertificates, rootCertificates } from 'node:tls'
import { loadCertificates, loadCrl, loadKey, loadTrustList } from '../certificates/load.ts'
import { verdict } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { OwnIdentity, Trust } from './options.ts'

/** `trustFiles(['root.pem'], '--ca root.pem')` */
export function trustFiles(files: readonly string[], from: string): Trust {
  const loaded = files.map((file) => loadTrustList(file))
  const certificates = loaded.flatMap((one) => (one.ok ? [...one.value.certificates] : []))
  const octets = certificates.reduce((sum, { subject }) => sum + Buffer.byteLength(subject), 0)
  const long =
    octets > 12 * 1024
      ? [verdict('trust.too-long', { found: `${octets} octets of CA names in ${files.join(', ')}` })]
      : []
  return {
    anchors: certificates.map((certificate) => certificate.toString()),
    from,
    chosen: true,
    verdicts: [...loaded.flatMap((one) => (one.ok ? one.warnings : one.verdicts)), ...long],
  }
}

/** The roots of the operating system; where it keeps none, those that come with Node. */
export function systemTrust(): Trust {
  const system = getCACertificates('system')
  return system.length > 0
    ? { anchors: system, from: "the system's roots", chosen: false, verdicts: [] }
    : { anchors: rootCertificates, from: 'the roots that come with Node', chosen: false, verdicts: [] }
}

export function crlFiles(files: readonly string[]): {
  readonly crls: readonly string[]
  readonly crlVerdicts: readonly Verdict[]
} {
  const loaded = files.map((file) => loadCrl(file))
  return {
    crls: loaded.flatMap((one) => (one.ok ? [one.value.pem] : [])),
    crlVerdicts: loaded.flatMap((one) => (one.ok ? one.warnings : one.verdicts)),
  }
}

/**
 * @param passphrase of the key file, when it is encrypted
 * @param names under which the other end knows us; empty: unknown
 */
export function identityFiles(
  certificateFile: string,
  keyFile: string,
  label: string,
  names: readonly string[],
  passphrase?: string,
): OwnIdentity {
  const chain = loadCertificates(certificateFile)
  // The mode of the key file does not concern the other end: it is reported, and the check goes on.
  const key = loadKey(keyFile, { anyMode: true, ...(passphrase === undefined ? {} : { passphrase }) })
  const verdicts = [...(chain.ok ? chain.warnings : chain.verdicts), ...(key.ok ? key.warnings : key.verdicts)]
  const usable = chain.ok && key.ok
  return {
    label,
    names,
    cert: chain.ok ? chain.value.pem : '',
    key: key.ok ? key.value.key.export({ type: 'pkcs8', format: 'pem' }).toString() : '',
    verdicts: usable ? [...pairVerdicts(chain.value.certificates, key.value.key, label), ...verdicts] : verdicts,
  }
}

type Certificates = Extract<ReturnType<typeof loadCertificates>, { ok: true }>['value']['certificates']
type Key = Extract<ReturnType<typeof loadKey>, { ok: true }>['value']['key']

/** OpenSSL calls a chain in the wrong order a key mismatch, and refuses to start with a short key. */
function pairVerdicts([leaf, ...issuers]: Certificates, key: Key, label: string): readonly Verdict[] {
  if (issuers.some((one) => one.checkPrivateKey(key)) && !leaf.checkPrivateKey(key))
    return [verdict('chain.out-of-order', { found: `the key fits a later certificate of ${label}` })]
  if (!leaf.checkPrivateKey(key))
    return [
      verdict('key.mismatch', {
        found: `${key.asymmetricKeyType} key, ${leaf.publicKey.asymmetricKeyType} key in the certificate of ${label}`,
      }),
    ]
  const bits = leaf.publicKey.asymmetricKeyDetails?.modulusLength
  return bits !== undefined && bits < 2048 ? [verdict('key.too-weak', { found: `RSA of ${bits} bits` })] : []
}
