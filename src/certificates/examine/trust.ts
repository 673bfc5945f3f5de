/**
 * Why a chain does not end in a trusted root: the commonest confusion is between a missing intermediate and an unknown
 * root.
 */
import { isSelfIssued, sameCertificate, type Certificate } from './certificate.ts'
import { sameName } from './distinguished-name.ts'
import { everyone, minds } from './faults.ts'
import { isSelfSigned, namesakes, type Path, type PathMaterial } from './path.ts'
import type { Located } from './path-rules.ts'

interface TrustMaterial extends PathMaterial {
  readonly known: readonly Certificate[]
}

/** The finding about the top of a path; absent when it ends in a trusted root. */
export function trustFinding(path: Path, material: TrustMaterial): Located | undefined {
  const top = path.certificates.at(-1)
  const index = path.certificates.length - 1
  if (top === undefined) return undefined
  if (path.anchored) return partialAnchor(top, index, material)
  const namesake = namesakes(top, material)[0]
  if (namesake !== undefined && !isSelfSigned(top, material.signatures)) return wrongSigner(top, namesake, index)
  if (isSelfSigned(top, material.signatures)) {
    const code = index === 0 ? 'cert.self-signed' : 'chain.untrusted-root'
    return trouble(
      index,
      code,
      'issuer',
      `${top.subject.text} is signed by itself and not trusted`,
      'the chain ends in a trusted root (RFC 5280 §6.1)',
    )
  }
  return missingIssuer(top, index, material)
}

/** RFC 5280 trusts whatever is configured; Node wants a self-signed root unless told otherwise, newer Windows too. */
function partialAnchor(top: Certificate, index: number, material: TrustMaterial): Located | undefined {
  if (looksLikeRoot(top) || (index === 0 && isSelfSigned(top, material.signatures))) return undefined
  const known = material.anchors.some((anchor) => !sameCertificate(anchor, top) && sameName(anchor.subject, top.issuer))
  if (known) return undefined
  return {
    index,
    finding: {
      code: 'chain.partial-anchor',
      grade: 'path',
      field: 'issuer',
      found: `${top.subject.text} is trusted, its issuer ${top.issuer.text} is not`,
      rule: 'the trust list holds self-signed roots (Node without allowPartialTrustChain)',
      minds: minds('node'),
    },
  }
}

/** As OpenSSL sees it: the names are the same, and the key identifiers do not say otherwise; it verifies nothing. */
function looksLikeRoot(certificate: Certificate): boolean {
  const { authorityKeyIdentifier: authority, subjectKeyIdentifier: own } = certificate
  const other = authority?.keyIdentifier !== undefined && own !== undefined && authority.keyIdentifier !== own
  return isSelfIssued(certificate) && !other
}

function wrongSigner(top: Certificate, namesake: Certificate, index: number): Located {
  const wanted = top.authorityKeyIdentifier?.keyIdentifier
  const has = namesake.subjectKeyIdentifier
  const otherKey = wanted !== undefined && has !== undefined && wanted !== has
  if (otherKey)
    return trouble(
      index,
      'chain.issuer-mismatch',
      'authorityKeyIdentifier',
      `${top.issuer.text} is known with key ${has}, wanted ${wanted}`,
      'name and key of the issuer match (RFC 5280 §6.1.3)',
    )
  return trouble(
    index,
    'cert.signature-invalid',
    'signature',
    `does not verify with the key of ${namesake.subject.text}`,
    'the signature verifies with the key of the issuer (RFC 5280 §6.1.3)',
  )
}

/**
 * The issuer was not sent and is not in the trust list. A certificate that only names an issuer cannot say whether that
 * is a root. An issuer that is known otherwise decides; else the issuer of a leaf counts as an intermediate, and the
 * issuer of an intermediate as a root.
 */
function missingIssuer(top: Certificate, index: number, material: TrustMaterial): Located {
  const issuer = material.known.find(
    (certificate) => sameName(certificate.subject, top.issuer) && material.signatures.verifies(top, certificate),
  )
  const root = issuer === undefined ? index > 0 : isSelfSigned(issuer, material.signatures)
  const text = `the issuer ${top.issuer.text}${keyIdText(top)} of ${top.subject.text}`
  if (root)
    return trouble(
      index,
      'chain.untrusted-root',
      'issuer',
      `${text} is not in the trust list`,
      'the chain ends in a trusted root (RFC 5280 §6.1)',
    )
  return trouble(
    index,
    'chain.incomplete',
    'issuer',
    `${text} was not sent and is not in the trust list`,
    'every issuer but the root is sent (RFC 8446 §4.4.2)',
  )
}

function keyIdText({ authorityKeyIdentifier }: Certificate): string {
  const key = authorityKeyIdentifier?.keyIdentifier
  return key === undefined ? '' : ` (key ${key})`
}

function trouble(index: number, code: Located['finding']['code'], field: string, found: string, rule: string): Located {
  return { index, finding: { code, grade: 'path', field, found, rule, minds: everyone } }
}
