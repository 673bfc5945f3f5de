/** Pieces that several faults share: one spoilt block, one leaf under an odd CA, one end with other settings. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { dns, daysAfter, daysBefore, type CaChange, type FaultPki, presenting, show } from './fault-pki.ts'
import { toPem } from '../../certificates/der.ts'
import {
  basicConstraints,
  extendedKeyUsage,
  type GeneralName,
  keyUsage,
  subjectAltName,
} from '../../certificates/extensions.ts'
import { generateKey, keyToPem } from '../../certificates/keys.ts'
import { type CrlContent, type Digest, writeCertificate } from '../../certificates/write-certificate.ts'
import type { Presenter, Variation } from './variation.ts'

/** `fe1.lab.test` -> `lab.test`. */
export function domainOf({ name }: FaultPki): string {
  return name.slice(name.indexOf('.') + 1)
}

/** The good pair with other names in the certificate. */
export function named(pki: FaultPki, commonName: string, names: readonly GeneralName[]): Variation {
  return presenting(pki, pki.leaf({ commonName, names }))
}

/** As many names as asked for, the right one last. */
export function manyNames(pki: FaultPki, count: number): readonly GeneralName[] {
  return [
    ...Array.from({ length: count - 1 }, (_none, index) => dns(`server-${index}.branch.${domainOf(pki)}`)),
    dns(pki.name),
  ]
}

/** A leaf under an issuing CA that differs in something. */
export function belowCa(pki: FaultPki, change: CaChange): Variation {
  const issuing = pki.ca({ commonName: 'fault lab odd CA', issuer: pki.root, ...change })
  return { ...pki.good(), presenter: show(pki.leaf({ issuer: issuing }), issuing) }
}

/** A leaf that an RSA CA signed with this digest; there is no MD5 for elliptic curves. */
export function underRsaCa(pki: FaultPki, digest: Digest): Variation {
  const issuing = pki.ca({ commonName: 'fault lab RSA CA', issuer: pki.root, keyType: 'rsa2048' })
  return { ...pki.good(), presenter: show(pki.leaf({ issuer: issuing, digest }), issuing) }
}

/** A leaf that signs itself. */
export function selfSignedPresenter(pki: FaultPki): Presenter {
  const key = generateKey()
  const name = [['CN', pki.name]] as const
  const extensions = [
    basicConstraints({ ca: false }),
    keyUsage('digitalSignature'),
    extendedKeyUsage('serverAuth', 'clientAuth'),
    subjectAltName([dns(pki.name)]),
  ]
  const der = writeCertificate(
    { subject: name, key, notBefore: daysBefore(pki.now, 1), notAfter: daysAfter(pki.now, 30), extensions },
    { name, key },
  )
  return { certificate: toPem('CERTIFICATE', der), key: keyToPem(key) }
}

/** An issuing CA that the new root signed, and the old root by an expired cross certificate. */
export function crossSignedPair(pki: FaultPki): { readonly withNewRoot: Variation; readonly withOldRoot: Variation } {
  const newRoot = pki.ca({ commonName: 'new Root CA' })
  const oldRoot = pki.ca({ commonName: 'old Root CA' })
  const cross = pki.ca({
    commonName: 'new Root CA',
    key: newRoot.key,
    issuer: oldRoot,
    notAfter: daysBefore(pki.now, 1),
  })
  const presenter = show(pki.leaf({ issuer: newRoot }), cross)
  const judgedBy = (root: { readonly pem: string }): Variation => ({
    ...pki.good(),
    presenter,
    judge: { trust: [root.pem, pki.root.pem] },
  })
  return { withNewRoot: judgedBy(newRoot), withOldRoot: judgedBy(oldRoot) }
}

/** Turns eight characters of the Base64 text into ones that are none. */
export function spoilt(pem: string): string {
  return pem.replace(/\n[A-Za-z0-9+/]{8}/, '\n!!!!!!!!')
}

/** Misspells the label: OpenSSL then skips the block without a sound. */
export function mislabelled(pem: string): string {
  return pem.replaceAll('CERTIFICATE', 'CERTIFICAT')
}

/** Changes what follows the first block of a file. */
export function afterFirst(change: (rest: string) => string): (pem: string) => string {
  return (pem) => pem.replace(/(?<=END CERTIFICATE-----\n)[^]*$/, change)
}

/** The good pair with other octets in the certificate file. */
export function withCertificate(pki: FaultPki, change: (pem: string) => string | Uint8Array): Variation {
  const { presenter, ...rest } = pki.good()
  return { ...rest, presenter: { ...presenter, certificate: change(String(presenter.certificate)) } }
}

/** The good pair with another key file. */
export function withKey(pki: FaultPki, key: string | Uint8Array): Variation {
  const { presenter, ...rest } = pki.good()
  return { ...rest, presenter: { ...presenter, key } }
}

export function withoutKey(pki: FaultPki): Variation {
  const {
    presenter: { key: _gone, ...presenter },
    ...rest
  } = pki.good()
  return { ...rest, presenter }
}

export function withoutCertificate(pki: FaultPki): Variation {
  const {
    presenter: { certificate: _gone, ...presenter },
    ...rest
  } = pki.good()
  return { ...rest, presenter }
}

/** Both texts in both places. */
export function sameFile(pki: FaultPki): Variation {
  const { presenter, ...rest } = pki.good()
  const both = String(presenter.certificate) + String(presenter.key)
  return { ...rest, presenter: { ...presenter, certificate: both, key: both } }
}

/** Good files, and a process that started before they were written. */
export function renewedOnDisk(pki: FaultPki): Variation {
  const { presenter, ...rest } = pki.good()
  const old = show(pki.leaf({ notBefore: daysBefore(pki.now, 90), notAfter: daysBefore(pki.now, 1) }), pki.issuing)
  return {
    ...rest,
    presenter: { ...presenter, served: { certificate: String(old.certificate), key: String(old.key) } },
  }
}

/** A key file that the passphrase `right` opens, and the passphrase that is configured. */
export function encryptedKey(pki: FaultPki, passphrase: string | undefined): Variation {
  const { presenter, ...rest } = pki.good()
  const key = encrypted(createPrivateKey(String(presenter.key)))
  return { ...rest, presenter: { ...presenter, key, ...(passphrase === undefined ? {} : { passphrase }) } }
}

/**
 * With one wrong passphrase in 256 the padding looks right by chance and OpenSSL fails later, in other words: not with
 * this one.
 */
function encrypted(key: KeyObject, attempts = 20): string {
  const pem = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'right' }).toString()
  try {
    createPrivateKey({ key: pem, passphrase: 'wrong' })
  } catch (failure) {
    if (attempts === 0 || (failure instanceof Error && 'code' in failure && failure.code === 'ERR_OSSL_BAD_DECRYPT'))
      return pem
  }
  return encrypted(key, attempts - 1)
}

/** The good pair, judged with the CRLs of root and issuing CA that revoke nothing. */
export function withCrls(pki: FaultPki): Variation {
  return { ...pki.good(), judge: { trust: [pki.root.pem], crls: pki.goodCrls() } }
}

/** The good pair, judged with this CRL instead of the issuing CA's. */
export function judgedByCrl(pki: FaultPki, crl: string): Variation {
  return { ...pki.good(), judge: { trust: [pki.root.pem], crls: [pki.crl(pki.root), crl] } }
}

/** A CRL of the issuing CA that never goes stale. */
export function crlWithoutNextUpdate({ now, issuing, crl }: FaultPki): string {
  return crl(issuing, { thisUpdate: daysBefore(now, 1), nextUpdate: 'never' })
}

/** A CRL of the issuing CA by name, signed by another key. */
export function spoiltCrl({ issuing, crl }: FaultPki): string {
  return crl(issuing, { wrongSignature: true })
}

/** What a CRL says that revokes this certificate. */
export function revoking(pki: FaultPki, { pem }: { readonly pem: string }): Pick<CrlContent, 'revoked'> {
  return {
    revoked: [
      {
        serial: new X509Certificate(pem).serialNumber.toLowerCase(),
        at: daysBefore(pki.now, 1),
        reason: 'keyCompromise',
      },
    ],
  }
}

/** Both ends may use what OpenSSL takes for too weak, as far as the presenter is concerned. */
export function lowered(variation: Variation): Variation {
  return { ...variation, presenter: { ...variation.presenter, settings: { ciphers: 'DEFAULT@SECLEVEL=0' } } }
}

/** A trust list with more roots than old peers read. */
export function longTrustList(pki: FaultPki): readonly string[] {
  const { key } = pki.root
  const padding = 'x'.repeat(50)
  return [
    pki.root.pem,
    ...Array.from({ length: 200 }, (_none, index) => pki.ca({ commonName: `root ${index} ${padding}`, key }).pem),
  ]
}

/** What the two ends do about a stapled OCSP answer. */
export function stapled(pki: FaultPki, staple: 'nothing' | 'garbage' | 'error'): Variation {
  return withSettings(pki, { staple }, { staple })
}

export function ciphers(pki: FaultPki, presenter: string | undefined, judge: string | undefined): Variation {
  return withSettings(
    pki,
    presenter === undefined ? {} : { ciphers: presenter },
    judge === undefined ? {} : { ciphers: judge },
  )
}

/** TLS 1.0 with the security level that lets it pass. */
export function oldTls(pki: FaultPki): Variation {
  const settings = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  return withSettings(pki, settings, settings)
}

export function groups(pki: FaultPki, presenter: string, judge: string): Variation {
  return withSettings(pki, { ecdhCurve: presenter }, { ecdhCurve: judge })
}

export function protocols(
  pki: FaultPki,
  presenter: readonly string[] | undefined,
  judge: readonly string[] | undefined,
): Variation {
  return withSettings(
    pki,
    presenter === undefined ? {} : { alpn: presenter },
    judge === undefined ? {} : { alpn: judge },
  )
}

function withSettings(
  pki: FaultPki,
  presenter: NonNullable<Presenter['settings']>,
  judge: NonNullable<Presenter['settings']>,
): Variation {
  const good = pki.good()
  return { ...good, presenter: { ...good.presenter, settings: presenter }, judge: { ...good.judge, settings: judge } }
}
