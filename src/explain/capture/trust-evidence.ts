/**
 * Whether the end that refuses knows the CA of the other end: the CA names that it asks for and the CA of its own
 * certificate are the only traces of a trust list in a capture.
 */
import type { Certificate } from '../../certificates/examine/index.ts'
import { authorityText } from './authority-text.ts'

/**
 * `unnamed`: the end that refuses names other CAs. `other`: its own certificate is of another CA. `namesake`: it knows
 * a CA of the same name with another key. `same`: it knows the CA. `unknown`: nothing can be compared.
 */
export type TrustEvidence = 'unnamed' | 'other' | 'namesake' | 'same' | 'unknown'

export interface RefuserTraces {
  /** DER of the names in its CertificateRequest. */
  readonly authorities: readonly Buffer[]
  /** Its own certificate and what it sent above. */
  readonly ownPath: readonly Certificate[]
}

export function trustEvidence(refused: readonly Certificate[], { authorities, ownPath }: RefuserTraces): TrustEvidence {
  const own = issuersOf(ownPath)
  const theirs = issuersOf(refused)
  if (own.some((one) => theirs.some((each) => each.name === one.name && otherKey(each.key, one.key)))) return 'namesake'
  if (haveNamesakes(ownPath.slice(1), refused.slice(1))) return 'namesake'
  if (authorities.length > 0) {
    const named = new Set(authorities.map(authorityText))
    return theirs.some(({ name }) => named.has(name)) ? 'same' : 'unnamed'
  }
  if (own.length === 0 || theirs.length === 0) return 'unknown'
  return own.some(({ name }) => theirs.some((each) => each.name === name)) ? 'same' : 'other'
}

function haveNamesakes(own: readonly Certificate[], theirs: readonly Certificate[]): boolean {
  return own.some((one) =>
    theirs.some(
      (each) => each.subject.text === one.subject.text && !each.subjectPublicKeyInfo.equals(one.subjectPublicKeyInfo),
    ),
  )
}

interface Issuer {
  readonly name: string
  readonly key: string | undefined
}

function issuersOf(path: readonly Certificate[]): readonly Issuer[] {
  return path.map(({ issuer, authorityKeyIdentifier }) => ({
    name: issuer.text,
    key: authorityKeyIdentifier?.keyIdentifier,
  }))
}

function otherKey(one: string | undefined, next: string | undefined): boolean {
  return one !== undefined && next !== undefined && one !== next
}
