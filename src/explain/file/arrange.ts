/** Which certificate of a file is the server's, which authorities are above it, and what does not belong there. */
import { isSelfIssued, sameCertificate } from '../../certificates/examine/certificate.ts'
import type { Certificate } from '../../certificates/examine/index.ts'
import { isSelfSigned } from '../../certificates/examine/path.ts'
import { SignatureChecker } from '../../certificates/examine/signature.ts'
import type { CertificateItem } from './items.ts'

export interface Arrangement {
  /** End certificates, in the order of the file; the first is the one that is judged. */
  readonly leafs: readonly CertificateItem[]
  readonly authorities: readonly CertificateItem[]
  readonly roots: readonly CertificateItem[]
  /** The same certificate a second time. */
  readonly repeated: readonly CertificateItem[]
}

/** Sorts the certificates of a file. A trust list has authorities and no leaf. */
export function arrange(items: readonly CertificateItem[]): Arrangement {
  const seen = new Set<string>()
  const single: CertificateItem[] = []
  const repeated: CertificateItem[] = []
  for (const item of items) {
    const { fingerprint } = item.certificate
    ;(seen.has(fingerprint) ? repeated : single).push(item)
    seen.add(fingerprint)
  }
  const issuers = issuerNames(single)
  const ends = single.filter(({ certificate }) => isEnd(certificate, issuers))
  const leafs = ends.length > 0 ? ends : single.filter((item) => isServerAndCa(item, single))
  const authorities = single.filter((item) => !leafs.includes(item))
  const roots = authorities.filter(({ certificate }) => isRoot(certificate))
  return { leafs, authorities, roots, repeated }
}

function issuerNames(items: readonly CertificateItem[]): ReadonlySet<string> {
  return new Set(
    items.filter(({ certificate }) => !isSelfIssued(certificate)).map(({ certificate }) => certificate.issuer.text),
  )
}

/** No CA, and nothing in the file is issued by it; a CA by mistake (an issuer without cA) stays above its leaf. */
function isEnd(certificate: Certificate, issuers: ReadonlySet<string>): boolean {
  return certificate.basicConstraints?.ca !== true && !issuers.has(certificate.subject.text) && !isOldRoot(certificate)
}

/** A root of version 1 has no extensions that could say cA. */
function isOldRoot(certificate: Certificate): boolean {
  return certificate.version < 3 && isSelfIssued(certificate) && /root|authority|\bca\b/i.test(certificate.subject.text)
}

/**
 * A CA that has the name of a server and has issued nothing in the file: `openssl req -x509` writes cA into the
 * certificate of a server, and so do careless authorities.
 */
function isServerAndCa({ certificate }: CertificateItem, all: readonly CertificateItem[]): boolean {
  const named = (certificate.subjectAltNames ?? []).some(({ kind }) => kind === 'dns' || kind === 'ip')
  if (all.length === 1 && isSelfIssued(certificate)) return named || certificate.extendedKeyUsage !== undefined
  const issues = all.some(
    ({ certificate: other }) => other !== certificate && other.issuer.text === certificate.subject.text,
  )
  return named && !issues
}

/** Whether the file has the certificates of the path in another order than they are sent in (RFC 5246 §7.4.2). */
export function isOutOfOrder(path: readonly Certificate[], items: readonly CertificateItem[]): boolean {
  const places = path
    .map((certificate) => items.findIndex((item) => sameCertificate(item.certificate, certificate)))
    .filter((place) => place >= 0)
  return places.some((place, index) => index > 0 && place < (places[index - 1] ?? 0)) || behindAnother(places, items)
}

/** The first certificate of a file is the one that a server shows. */
function behindAnother(places: readonly number[], items: readonly CertificateItem[]): boolean {
  const [first = 0] = places
  return items.slice(0, first).some(({ certificate }) => certificate.basicConstraints?.ca === true)
}

/** Authorities of the file that are in no path of its leafs. */
export function unrelated(
  path: readonly Certificate[],
  authorities: readonly CertificateItem[],
): readonly CertificateItem[] {
  return authorities.filter(({ certificate }) => !path.some((one) => sameCertificate(one, certificate)))
}

/** Self-signed, by the signature and not by the names alone. */
export function isRoot(certificate: Certificate): boolean {
  return isSelfSigned(certificate, new SignatureChecker())
}
