/** Signatures of certificates and CRLs, verified by node:crypto under a budget. */
import { constants, createPublicKey, verify, type KeyObject } from 'node:crypto'
import type { AlgorithmIdentifier, PublicKeyInfo } from './key-info.ts'
import { signatureScheme } from './key-info.ts'
import { CertificateError } from './certificate-error.ts'

/** What carries a signature: a certificate or a CRL. */
export interface Signed {
  readonly signed: Buffer
  readonly signature: Buffer
  readonly outerAlgorithm: AlgorithmIdentifier
}

/** Whose key verifies it. */
export interface Signer {
  readonly publicKey: PublicKeyInfo
  readonly subjectPublicKeyInfo: Buffer
}

/**
 * A chain needs one verification per certificate; a hostile set of cross-signed CAs with slow keys would like many
 * more.
 */
export const maxVerifications = 128

/** Verifies each pair once and stops at the budget: one per examination. */
export class SignatureChecker {
  /** By the octets of the key: cross-signed CAs are many certificates with one key. */
  readonly #known = new Map<Signed, Map<string, boolean>>()
  readonly #keys = new Map<string, KeyObject | undefined>()
  #left = maxVerifications

  get exhausted(): boolean {
    return this.#left <= 0
  }

  verifies(subject: Signed, signer: Signer): boolean {
    const keyOctets = signer.subjectPublicKeyInfo.toString('latin1')
    const byKey = this.#known.get(subject) ?? new Map<string, boolean>()
    const known = byKey.get(keyOctets)
    if (known !== undefined) return known
    if (this.exhausted) return false
    this.#left -= 1
    const result = this.#verify(subject, signer, keyOctets)
    this.#known.set(subject, byKey.set(keyOctets, result))
    return result
  }

  #verify(subject: Signed, signer: Signer, keyOctets: string): boolean {
    const scheme = schemeOf(subject.outerAlgorithm)
    if (scheme === undefined || !fitsKey(scheme.keys, signer.publicKey.kind)) return false
    const key = this.#key(signer, keyOctets)
    if (key === undefined) return false
    const pss = {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: scheme.saltLength ?? constants.RSA_PSS_SALTLEN_AUTO,
    }
    return (
      attempt(() =>
        verify(
          scheme.digest ?? null,
          subject.signed,
          { key, ...(scheme.padding === 'pss' ? pss : {}) },
          subject.signature,
        ),
      ) ?? false
    )
  }

  #key(signer: Signer, keyOctets: string): KeyObject | undefined {
    if (this.#keys.has(keyOctets)) return this.#keys.get(keyOctets)
    const key = attempt(() => createPublicKey({ key: signer.subjectPublicKeyInfo, format: 'der', type: 'spki' }))
    this.#keys.set(keyOctets, key)
    return key
  }
}

/**
 * A key or signature that OpenSSL cannot even read verifies nothing. Whatever is thrown here comes of the octets of a
 * peer: the exceptions of OpenSSL have no property that all of them share.
 */
function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action()
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

function schemeOf(algorithm: AlgorithmIdentifier): ReturnType<typeof signatureScheme> {
  try {
    return signatureScheme(algorithm)
  } catch (error) {
    if (error instanceof CertificateError) return undefined
    throw error
  }
}

function fitsKey(wanted: PublicKeyInfo['kind'], kind: PublicKeyInfo['kind']): boolean {
  return wanted === kind || (wanted === 'ec' && kind === 'ec-explicit')
}
