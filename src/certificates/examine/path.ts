/** Building paths from a leaf to a trust anchor, with backtracking and within a budget (RFC 4158, RFC 5280 §6.1). */
import { isSelfIssued, sameCertificate, type Certificate } from './certificate.ts'
import { sameName } from './distinguished-name.ts'
import type { SignatureChecker } from './signature.ts'

/** Leaf first; the last one is the anchor when `anchored`. */
export interface Path {
  readonly certificates: readonly Certificate[]
  readonly anchored: boolean
}

export interface PathMaterial {
  readonly leaf: Certificate
  readonly intermediates: readonly Certificate[]
  readonly anchors: readonly Certificate[]
  readonly at: number
  readonly signatures: SignatureChecker
}

/** Certificates looked at, and complete paths handed out, before the search gives up. */
const maxSteps = 8192
const maxPaths = 64
/** No path is longer, whatever a caller allows: the deepest chain in practice has five CAs. */
const maxPathLength = 32

/**
 * Yields every complete path, the likeliest first. A leaf that is itself an anchor is a path of one.
 *
 * @param mayIssue turns away candidates that no path can go through; without it a dense net of cross-signed CAs uses up
 * the budget
 */
export function* buildPaths(material: PathMaterial, mayIssue: (candidate: Certificate) => boolean): Generator<Path> {
  let steps = 0
  let paths = 0
  function* extend(path: readonly Certificate[]): Generator<Path> {
    const last = path.at(-1)
    if (last === undefined) return
    for (const candidate of likelyIssuers(last, material)) {
      steps += 1
      if (steps > maxSteps || paths >= maxPaths) return
      if (
        !mayIssue(candidate.certificate) ||
        path.some((certificate) => sameEntity(certificate, candidate.certificate))
      )
        continue
      if (!material.signatures.verifies(last, candidate.certificate)) continue
      const longer = [...path, candidate.certificate]
      if (candidate.anchor) {
        paths += 1
        yield { certificates: longer, anchored: true }
      } else if (longer.length < maxPathLength) {
        yield* extend(longer)
      }
    }
  }
  if (material.anchors.some((anchor) => sameCertificate(anchor, material.leaf)))
    yield { certificates: [material.leaf], anchored: true }
  yield* extend([material.leaf])
}

/** The longest way up that signatures bear out, when no anchor is reached: what the explanation is about. */
export function reachable(material: PathMaterial): Path {
  const path: Certificate[] = [material.leaf]
  for (let last = material.leaf; path.length < maxPathLength; ) {
    const next = likelyIssuers(last, material).find(
      ({ certificate }) =>
        !path.some((known) => sameEntity(known, certificate)) && material.signatures.verifies(last, certificate),
    )
    if (next === undefined) break
    path.push(next.certificate)
    last = next.certificate
  }
  return { certificates: path, anchored: false }
}

/** CAs that have the issuer's name but whose key did not make the signature. */
export function namesakes(subject: Certificate, material: PathMaterial): readonly Certificate[] {
  return [...material.anchors, ...material.intermediates].filter(
    (candidate) =>
      sameName(candidate.subject, subject.issuer) &&
      !sameCertificate(candidate, subject) &&
      !material.signatures.verifies(subject, candidate),
  )
}

interface Candidate {
  readonly certificate: Certificate
  readonly anchor: boolean
}

function likelyIssuers(subject: Certificate, material: PathMaterial): readonly Candidate[] {
  const named = (certificate: Certificate): boolean => sameName(certificate.subject, subject.issuer)
  const anchors = material.anchors.filter(named).map((certificate) => ({ certificate, anchor: true }))
  const others = material.intermediates.filter(
    (certificate) => named(certificate) && !material.anchors.some((anchor) => sameCertificate(anchor, certificate)),
  )
  const all = [...anchors, ...others.map((certificate) => ({ certificate, anchor: false }))]
  return all
    .map((candidate) => ({ candidate, likelihood: likelihood(subject, candidate, material.at) }))
    .sort((one, other) => other.likelihood - one.likelihood)
    .map(({ candidate }) => candidate)
}

/** Anchors before intermediates, matching key identifiers before others, valid before invalid (RFC 4158 §3.5). */
function likelihood(subject: Certificate, { certificate, anchor }: Candidate, at: number): number {
  const wanted = subject.authorityKeyIdentifier?.keyIdentifier
  const keyFits =
    wanted === undefined ||
    certificate.subjectKeyIdentifier === undefined ||
    wanted === certificate.subjectKeyIdentifier
  const valid = certificate.notBefore.at <= at && at <= certificate.notAfter.at
  return (valid ? 4 : 0) + (keyFits ? 2 : 0) + (anchor ? 1 : 0)
}

/** Same name and same key: a second visit would be a loop (RFC 4158 §5.2). */
function sameEntity(one: Certificate, other: Certificate): boolean {
  return (
    sameCertificate(one, other) ||
    (sameName(one.subject, other.subject) && one.subjectPublicKeyInfo.equals(other.subjectPublicKeyInfo))
  )
}

/** Self-issued and signed with its own key. */
export function isSelfSigned(certificate: Certificate, signatures: SignatureChecker): boolean {
  return isSelfIssued(certificate) && signatures.verifies(certificate, certificate)
}
