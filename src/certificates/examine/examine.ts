/** The examiner: everything that is wrong with a presented chain, for one purpose, at one time, under one profile. */
import { CertificateError } from './certificate-error.ts'
import { readCertificate, type Certificate } from './certificate.ts'
import { certificateFindings } from './certificate-rules.ts'
import type { Crl } from './crl.ts'
import type { KeyUsage } from './extensions.ts'
import { byCause, everyone, minds, type ChainRole, type Fault, type Finding } from './faults.ts'
import { matchName, type NameMatch, type WantedName } from './names.ts'
import { comparisonBudget } from './name-constraints.ts'
import { nameFindings } from './name-rules.ts'
import { buildPaths, isSelfSigned, reachable, type Path, type PathMaterial } from './path.ts'
import { mayIssue, pathFindings, type ExaminedPurpose, type Located, type PathContext } from './path-rules.ts'
import { examinerProfile, refusesFinding, type ExaminerProfile, type ProfileName } from './profiles.ts'
import { readCrls } from './read-crls.ts'
import { revocationFindings } from './revocation.ts'
import { maxVerifications, SignatureChecker } from './signature.ts'
import { trustFinding } from './trust.ts'

export interface ExamineRequest {
  /** DER, as presented: the leaf first, the others in any order. */
  readonly chain: readonly Buffer[]
  /** DER of every trusted certificate; they need not be self-signed. */
  readonly anchors: readonly Buffer[]
  /** DER. Absent or empty: revocation is not checked. */
  readonly crls?: readonly Buffer[]
  /**
   * DER of CAs that are neither sent nor trusted but known: they only make the explanation of a broken chain better.
   */
  readonly known?: readonly Buffer[]
  /** Absent or empty: names are not checked. */
  readonly names?: readonly WantedName[]
  /** One of the names is enough (default), or all must be there. */
  readonly namesWanted?: 'any' | 'all'
  readonly purpose: ExaminedPurpose
  /** Key usage bits the leaf must have, when it lists any. */
  readonly keyUsage?: readonly KeyUsage[]
  /** Acceptable signature schemes, e.g. `ECDSA_WITH_SHA256`. Absent or empty: all. */
  readonly signatureAlgorithms?: readonly string[]
  readonly time: Date
  /** A profile by name, or one made from it. */
  readonly profile: ProfileName | ExaminerProfile
  /** CAs allowed between leaf and anchor, self-issued ones not counted. */
  readonly maxChainDepth?: number
}

export interface Examination {
  readonly accepted: boolean
  /** All faults, the most fundamental cause first; those that refuse come before those that do not. */
  readonly faults: readonly Fault[]
  /**
   * The path that was judged, leaf first; it ends in the anchor when `anchored`. Empty when the leaf cannot be read.
   */
  readonly path: readonly Certificate[]
  readonly anchored: boolean
  /** How each wanted name fared under the rules of the profile. */
  readonly names: readonly { readonly wanted: WantedName; readonly match: NameMatch }[]
  readonly revocation: 'checked' | 'not-checked'
  readonly purpose: ExaminedPurpose
  readonly profile: ProfileName
  readonly time: Date
}

/** A peer may send more certificates; no chain needs more. */
const maxPresented = 128
const maxAnchors = 4096

/**
 * Examines a chain: `examine({ chain: [leaf, issuing], anchors: [root], names: [{ kind: 'dns', value: 'fe1.lab.test'
 * }], purpose: 'serverAuth', time: new Date(), profile: 'lcs2005' }).faults[0]?.code`.
 *
 * Never throws on hostile input; what cannot be read is a fault.
 *
 * @see RFC 5280 §6
 */
export function examine(request: ExamineRequest): Examination {
  const profile = typeof request.profile === 'string' ? examinerProfile(request.profile) : request.profile
  const [first, ...others] = request.chain.slice(0, maxPresented)
  const leaf =
    first === undefined ? new CertificateError('cert.malformed', 'no certificate was presented', 0) : readOrError(first)
  if (leaf instanceof CertificateError) return unreadableLeaf(request, profile, leaf)
  const material = gather(request, leaf, others)
  const crls = readCrls(request.crls ?? [], profile)
  const judge = (path: Path): Judged => judgePath(path, { request, profile, material, crls: crls.readable })
  const best = bestPath(material, request.purpose, judge)
  const faults = [
    ...best.faults,
    ...givenUp(best, material, profile),
    ...crls.findings.map((finding) => faultOf(finding, 0, best.path, profile)),
    ...material.unreadable.map((error) => unreadableFault(error, profile)),
  ]
  return {
    accepted: !faults.some(({ refuses }) => refuses),
    faults: faults.sort(byCause),
    path: best.path.certificates,
    anchored: best.path.anchored,
    names: (request.names ?? []).map((wanted) => ({ wanted, match: matchName(leaf, wanted, profile.nameRules) })),
    revocation: crls.readable.length > 0 ? 'checked' : 'not-checked',
    purpose: request.purpose,
    profile: profile.name,
    time: request.time,
  }
}

interface Judged {
  readonly path: Path
  readonly faults: readonly Fault[]
}

interface Gathered extends PathMaterial {
  readonly known: readonly Certificate[]
  readonly unreadable: readonly CertificateError[]
  readonly comparisons: ReturnType<typeof comparisonBudget>
}

interface JudgeContext {
  readonly request: ExamineRequest
  readonly profile: ExaminerProfile
  readonly material: Gathered
  readonly crls: readonly Crl[]
}

/** The first path that nothing refuses; else the one with the fewest refusals; else the way up as far as it goes. */
function bestPath(material: Gathered, purpose: ExaminedPurpose, judge: (path: Path) => Judged): Judged {
  const promising = buildPaths(material, (ca) => mayIssue(ca, { at: material.at, purpose }))
  const best =
    fewestRefusals(promising, judge) ??
    fewestRefusals(
      buildPaths(material, () => true),
      judge,
    )
  return best ?? judge(reachable(material))
}

function fewestRefusals(paths: Iterable<Path>, judge: (path: Path) => Judged): Judged | undefined {
  let best: Judged | undefined
  for (const path of paths) {
    const judged = judge(path)
    if (refusals(judged) === 0) return judged
    if (best === undefined || refusals(judged) < refusals(best)) best = judged
  }
  return best
}

/** When the budget ends before a path is found, what follows from unverified signatures must not be believed alone. */
function givenUp(best: Judged, { signatures }: Gathered, profile: ExaminerProfile): readonly Fault[] {
  if (!signatures.exhausted || refusals(best) === 0) return []
  const found = `no path after ${maxVerifications} signatures`
  return [
    faultOf(
      {
        code: 'chain.too-deep',
        grade: 'path',
        field: 'chain',
        found,
        rule: `a path within ${maxVerifications} signatures`,
        minds: everyone,
      },
      0,
      best.path,
      profile,
    ),
  ]
}

function refusals({ faults }: Judged): number {
  return faults.filter(({ refuses }) => refuses).length
}

function judgePath(path: Path, context: JudgeContext): Judged {
  const { request, profile, material } = context
  const [leaf] = path.certificates
  const trust = trustFinding(path, material)
  const all: readonly Located[] = [
    ...(trust === undefined ? [] : [trust]),
    ...path.certificates.flatMap((certificate, index) => ownFindings(certificate, index, path, context)),
    ...pathFindings(path.certificates, path.anchored, pathContext(context)),
    ...path.certificates.slice(0, -1).flatMap((certificate, index) => revocation(certificate, index, path, context)),
    ...(leaf === undefined ? [] : nameFindings(leaf, request, profile).map((finding) => ({ index: 0, finding }))),
  ]
  return { path, faults: all.map(({ index, finding }) => faultOf(finding, index, path, profile)) }
}

function pathContext({ request, material, profile }: JudgeContext): PathContext {
  return {
    at: material.at,
    purpose: request.purpose,
    keyUsage: request.keyUsage ?? [],
    signatureAlgorithms: request.signatureAlgorithms ?? [],
    comparisons: material.comparisons,
    judgesPolicies: profile.judgesPolicies,
    ...(request.maxChainDepth === undefined ? {} : { maxChainDepth: request.maxChainDepth }),
  }
}

function ownFindings(
  certificate: Certificate,
  index: number,
  path: Path,
  { profile, material }: JudgeContext,
): readonly Located[] {
  const selfSigned = isSelfSigned(certificate, material.signatures)
  return certificateFindings(certificate, { role: roleOf(index, path), profile, selfSigned }).map((finding) => ({
    index,
    finding,
  }))
}

function revocation(
  certificate: Certificate,
  index: number,
  path: Path,
  { crls, material, profile }: JudgeContext,
): readonly Located[] {
  const issuer = path.certificates[index + 1]
  if (crls.length === 0 || issuer === undefined) return []
  const context = { crls, at: material.at, signatures: material.signatures, strictForm: profile.refusesForm }
  return revocationFindings(certificate, issuer, index === 0, context).map((finding) => ({ index, finding }))
}

function roleOf(index: number, { certificates, anchored }: Path): ChainRole {
  if (index === 0) return 'leaf'
  return anchored && index === certificates.length - 1 ? 'anchor' : 'intermediate'
}

function faultOf(finding: Finding, index: number, path: Path, profile: ExaminerProfile): Fault {
  const certificate = path.certificates[index]
  return {
    ...finding,
    found: clip(finding.found),
    index,
    role: roleOf(index, path),
    refuses: refusesFinding(profile, finding),
    ...(certificate === undefined ? {} : { certificate }),
  }
}

const longestFound = 400

/** A hostile name may be a megabyte long; a sentence about it must not be. */
function clip(text: string): string {
  return text.length <= longestFound ? text : `${text.slice(0, longestFound)}… (${text.length} characters)`
}

function gather(request: ExamineRequest, leaf: Certificate, others: readonly Buffer[]): Gathered {
  const sent = others.map(readOrError)
  const anchors = request.anchors.slice(0, maxAnchors).map(readOrError)
  const readable = (list: readonly (Certificate | CertificateError)[]): readonly Certificate[] =>
    list.filter((entry): entry is Certificate => !(entry instanceof CertificateError))
  return {
    leaf,
    intermediates: readable(sent),
    anchors: readable(anchors),
    known: readable((request.known ?? []).slice(0, maxAnchors).map(readOrError)),
    unreadable: sent.filter((entry) => entry instanceof CertificateError),
    at: Math.floor(request.time.getTime() / 1000) * 1000,
    signatures: new SignatureChecker(),
    comparisons: comparisonBudget(),
  }
}

/** Whatever is thrown while a certificate is read says that it cannot be read. */
function readOrError(der: Buffer): Certificate | CertificateError {
  try {
    return readCertificate(der)
  } catch (error) {
    if (error instanceof CertificateError) return error
    if (error instanceof Error) return new CertificateError('cert.malformed', error.message, 0)
    throw error
  }
}

const nowhere: Path = { certificates: [], anchored: false }

/** Node skips a block it cannot read; what was lost shows as an incomplete chain, so this alone refuses nothing. */
function unreadableFault(error: CertificateError, profile: ExaminerProfile): Fault {
  const finding: Finding = {
    code: 'chain.malformed',
    grade: 'lint',
    field: 'certificate',
    found: error.message,
    rule: 'every certificate that is sent can be read',
    minds: minds(),
  }
  return { ...faultOf(finding, 1, nowhere, profile), role: 'intermediate' }
}

function unreadableLeaf(request: ExamineRequest, profile: ExaminerProfile, error: CertificateError): Examination {
  const finding: Finding = {
    code: 'cert.malformed',
    grade: 'path',
    field: 'certificate',
    found: error.message,
    rule: 'the certificate follows RFC 5280 §4.1',
    minds: everyone,
  }
  return {
    accepted: false,
    faults: [faultOf(finding, 0, nowhere, profile)],
    path: [],
    anchored: false,
    names: [],
    revocation: 'not-checked',
    purpose: request.purpose,
    profile: profile.name,
    time: request.time,
  }
}
