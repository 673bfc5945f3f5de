/** Our chain as a peer sees it: the leaf, its issuers, and the public root it leads to, if it leads to one. */
import { createHash } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { isSelfIssued } from '../../certificates/examine/certificate.ts'
import { attributeValues, type DistinguishedName } from '../../certificates/examine/distinguished-name.ts'
import { examine, readCertificate, type Certificate, type Fault } from '../../certificates/examine/index.ts'
import { commonName, organizationName } from '../../certificates/examine/oids.ts'
import { pemBlocks } from '../../certificates/examine/pem.ts'
import { SignatureChecker } from '../../certificates/examine/signature.ts'
import type { VerdictCode } from '../../verdicts/codes.ts'
import { authorityNamed, type PublicAuthority } from '../programmes/authorities.ts'
import { publicRoots, type PublicRoot } from '../programmes/roots.ts'

export interface Presented {
  readonly leaf: Certificate
  /** In the order they sign: the issuer of the leaf first; no root. */
  readonly intermediates: readonly Certificate[]
  /** The issuer of the leaf is in the file, and so is every issuer up to the root or the one below the root. */
  readonly complete: boolean
  /** The file has a CA with the name of the issuer, and it did not sign the leaf. */
  readonly otherKey: boolean
  /** What no peer that verifies accepts, whatever its rules, and what many do not: X.509 itself (RFC 5280 §6.1). */
  readonly faults: readonly Fault[]
  readonly root: RootSighting
  /** The CA that signed the leaf, by the name it signs with. */
  readonly authority: PublicAuthority | undefined
}

type RootSighting =
  /**
   * `roots`: the public roots on the way up; a cross-signed chain has several. `standIn`: the name is that of a public
   * root and the signature is not.
   */
  | {
      readonly kind: 'public'
      readonly roots: readonly PublicRoot[]
      readonly name: string
      readonly standIn: boolean
      readonly certificate?: Certificate
    }
  | { readonly kind: 'private' | 'self-signed' | 'unclear'; readonly name: string; readonly certificate?: Certificate }

/** Policies that a public TLS certificate must name (CA/B Baseline Requirements §7.1.2.7.9), EV included. */
const publicPolicies = ['2.23.140.1.1', '2.23.140.1.2.1', '2.23.140.1.2.2', '2.23.140.1.2.3']

const maxLength = 20

const formCodes: ReadonlySet<VerdictCode> = new Set([
  'chain.not-a-ca',
  'chain.no-cert-sign',
  'chain.path-too-long',
  'chain.name-constraint',
  'cert.critical-extension',
  'cert.signature-weak',
  'chain.signature-weak',
])

/** Judged while every certificate is valid: days, trust, names and purposes are questions of their own. */
function formFaults(path: readonly Certificate[]): readonly Fault[] {
  const [top] = path.slice(-1)
  if (top === undefined) return []
  const { faults } = examine({
    chain: path.map(({ der }) => der),
    anchors: [top.der],
    purpose: 'serverAuth',
    time: new Date(Math.max(...path.map(({ notBefore }) => notBefore.at))),
    profile: 'modern',
  })
  return faults.filter(({ code, refuses }) => refuses && formCodes.has(code))
}

/** Sorts a chain: the leaf first, the others in any order. */
export function presented(leaf: Certificate, others: readonly Certificate[]): Presented {
  const path = pathAbove(leaf, others)
  const top = path.at(-1) ?? leaf
  const hasRoot = top !== leaf && isSelfIssued(top)
  const intermediates = path.filter((each) => !isSelfIssued(each))
  const [organization = ''] = attributeValues(leaf.issuer, organizationName)
  return {
    leaf,
    intermediates,
    otherKey: path.length === 0 && !isSelfIssued(leaf) && others.some(({ subject }) => subject.key === leaf.issuer.key),
    faults: formFaults([leaf, ...path]),
    // A public leaf is never signed by a root itself (CA/B Baseline Requirements §6.1.7).
    complete: hasRoot || intermediates.length > 0 || isSelfIssued(leaf) || rootNamed(leaf.issuer) !== undefined,
    root: rootOf(leaf, intermediates, hasRoot ? top : undefined),
    authority: authorityNamed(organization),
  }
}

function pathAbove(leaf: Certificate, others: readonly Certificate[]): readonly Certificate[] {
  const signatures = new SignatureChecker()
  const path: Certificate[] = []
  for (let below = leaf; path.length < maxLength && !isSelfIssued(below); ) {
    const issuer = others.find(
      (each) => !path.includes(each) && each.subject.key === below.issuer.key && signatures.verifies(below, each),
    )
    if (issuer === undefined) break
    path.push(issuer)
    below = issuer
  }
  return path
}

function rootOf(leaf: Certificate, intermediates: readonly Certificate[], root?: Certificate): RootSighting {
  const top = intermediates.at(-1) ?? leaf
  const name = (root?.subject ?? top.issuer).text
  const sent = root === undefined ? {} : { certificate: root }
  if (isSelfIssued(leaf)) return { kind: 'self-signed', name: leaf.subject.text }
  // A peer that has the root of a cross certificate stops there.
  const named = [...intermediates.map(({ subject }) => subject), root?.subject ?? top.issuer].flatMap((each) => {
    const found = rootNamed(each)
    return found === undefined ? [] : [found]
  })
  if (named.length > 0) return { kind: 'public', roots: named, name, standIn: !isGenuine(top, root), ...sent }
  if (bundledAs(root?.subject ?? top.issuer).length > 0)
    return { kind: 'public', roots: [], name, standIn: !isGenuine(top, root), ...sent }
  const isPublic = (leaf.policies ?? []).some((policy) => publicPolicies.includes(policy))
  return { kind: isPublic ? 'unclear' : 'private', name, ...sent }
}

function rootNamed(name: DistinguishedName): PublicRoot | undefined {
  const names = attributeValues(name, commonName)
  const units = attributeValues(name, '2.5.4.11')
  return publicRoots.find(
    (root) => names.includes(root.commonName) || (names.includes('GlobalSign') && units.includes(root.commonName)),
  )
}

/** By the fingerprint where a source names it, by the signature of the root that Node carries otherwise. */
function isGenuine(top: Certificate, root: Certificate | undefined): boolean {
  const sha1 = root === undefined ? undefined : createHash('sha1').update(root.der).digest('hex')
  if (publicRoots.some((each) => each.sha1 !== undefined && each.sha1 === sha1)) return true
  const bundled = bundledAs(root?.subject ?? top.issuer)
  // No copy of that root is here: its name is all there is.
  if (bundled.length === 0) return true
  const signatures = new SignatureChecker()
  return bundled.some((each) => signatures.verifies(top, each))
}

let bundle: readonly Certificate[] | undefined

/** Roots of that common name in the list of Mozilla, as this Node carries it. */
function bundledAs(name: DistinguishedName): readonly Certificate[] {
  bundle ??= rootCertificates.flatMap((pem) => pemBlocks(pem).map(readCertificate))
  const wanted = attributeValues(name, commonName)
  return bundle.filter(({ subject }) =>
    wanted.length === 0
      ? subject.key === name.key
      : attributeValues(subject, commonName).some((each) => wanted.includes(each)),
  )
}
