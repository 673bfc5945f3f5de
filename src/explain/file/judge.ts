/** The examiner's judgement of the leaf of a file, for each purpose it must serve. */
import { sameCertificate } from '../../certificates/examine/certificate.ts'
import {
  examine,
  explain,
  type Certificate,
  type Examination,
  type ExaminerProfile,
  type Fault,
  type ProfileName,
} from '../../certificates/examine/index.ts'
import { attributeValues } from '../../certificates/examine/distinguished-name.ts'
import { organizationName } from '../../certificates/examine/oids.ts'
import type { WantedName } from '../../certificates/examine/names.ts'
import { authorityNamed } from '../../peers/programmes/authorities.ts'
import { isRoot, type Arrangement } from './arrange.ts'
import { findingOf, type FileFinding } from './finding.ts'
import type { CertificateItem, Item } from './items.ts'

export type FileRole = 'server' | 'client' | 'both'

export interface JudgeOptions {
  readonly role: FileRole
  readonly names: readonly WantedName[]
  /** Certificates of the trust list; absent: no list was given, and who trusts the chain is not judged. */
  readonly anchors?: readonly Buffer[]
  readonly at: Date
  readonly rules: ProfileName | ExaminerProfile
}

export interface Judgement {
  readonly findings: readonly FileFinding[]
  readonly notes: readonly string[]
  /** Leaf first, as far as the file and the trust list go. */
  readonly path: readonly Certificate[]
}

const purposesOf = { server: ['serverAuth'], client: ['clientAuth'], both: ['serverAuth', 'clientAuth'] } as const

/** Judges one leaf with everything that is in the file. */
export function judgeLeaf(
  leaf: CertificateItem,
  all: Arrangement,
  items: readonly Item[],
  options: JudgeOptions,
): Judgement {
  const looks = purposesOf[options.role].map((purpose) => ({
    ...look(leaf, all, items, { ...options, purpose }),
    purpose,
  }))
  const best = looks.reduce((longest, each) => (each.path.length > longest.path.length ? each : longest))
  const counted = looks.flatMap(({ faults, purpose }) =>
    faults.filter((fault) => counts(fault, options)).map((fault) => ({ fault, purpose })),
  )
  const findings = counted
    .filter(({ fault }, index) => counted.findIndex((other) => sameFault(other.fault, fault)) === index)
    .map(({ fault, purpose }) => perhapsARoot(findingOfFault(fault, purpose, items), leaf.certificate, options))
  const notes = looks[0]?.faults.filter(({ refuses, grade }) => !refuses && grade === 'path').map(noteOf) ?? []
  return { findings: [...findings, ...notSent(best.path, items)], notes: [...new Set(notes)], path: best.path }
}

function look(
  leaf: CertificateItem,
  { authorities, roots }: Arrangement,
  items: readonly Item[],
  { purpose, ...options }: JudgeOptions & { readonly purpose: 'serverAuth' | 'clientAuth' },
): Examination {
  const crls = items.flatMap((item) => (item.kind === 'crl' ? [item.crl.der] : []))
  const sent = nearest(leaf.certificate, authorities)
  return examine({
    chain: [leaf.certificate.der, ...sent.map(({ certificate }) => certificate.der)],
    anchors: options.anchors ?? roots.map(({ certificate }) => certificate.der),
    crls,
    // A name is dialled; of an end that only dials, RFC 5922 §7.4 wants it too.
    names: purpose === 'serverAuth' || options.role === 'client' ? options.names : [],
    purpose,
    time: options.at,
    profile: options.rules,
  })
}

/** The authorities that lead upwards from the leaf, found by name: a list of thousands must not crowd them out. */
function nearest(leaf: Certificate, authorities: readonly CertificateItem[]): readonly CertificateItem[] {
  if (authorities.length < 100) return authorities
  const bySubject = Map.groupBy(authorities, ({ certificate }) => certificate.subject.text)
  const found = new Set<CertificateItem>()
  for (let wanted = [leaf.issuer.text]; wanted.length > 0 && found.size < 100; ) {
    const next = wanted.flatMap((name) => bySubject.get(name) ?? []).filter((item) => !found.has(item))
    for (const item of next.slice(0, 100)) found.add(item)
    wanted = next.map(({ certificate }) => certificate.issuer.text)
  }
  return [...found]
}

/** What only a trust list or the full set of CRLs could decide is no fault of the file. */
function counts(fault: Fault, { anchors }: JudgeOptions): boolean {
  if (!fault.refuses || fault.code === 'crl.missing') return false
  return anchors !== undefined || (fault.code !== 'chain.untrusted-root' && fault.code !== 'chain.partial-anchor')
}

function sameFault(one: Fault, other: Fault): boolean {
  return one.code === other.code && one.index === other.index
}

function findingOfFault(fault: Fault, purpose: 'serverAuth' | 'clientAuth', items: readonly Item[]): FileFinding {
  const { message, found = '', certificate } = explain(fault)
  const where = items.find((item) => item.kind === 'certificate' && isSame(item.certificate, fault))?.where
  const end = fault.code === 'cert.eku-missing' ? `; it cannot be ${purposeText[purpose]}` : ''
  return findingOf(fault.code, {
    where: where ?? (fault.index === 0 ? 'the certificate' : 'the chain'),
    why: `${message}: ${found}${end}`,
    rule: fault.rule,
    ...(certificate === undefined ? {} : { certificate }),
  })
}

/**
 * A certificate does not say whether its issuer is the root, and many private CAs have one level. Public CAs never
 * sign a server with their root (CA/B Baseline Requirements §6.1.7).
 */
function perhapsARoot(finding: FileFinding, { issuer }: Certificate, { anchors }: JudgeOptions): FileFinding {
  const [organization = ''] = attributeValues(issuer, organizationName)
  if (finding.code !== 'chain.incomplete' || authorityNamed(organization) !== undefined) return finding
  const otherwise =
    anchors === undefined
      ? `nothing is missing if ${issuer.text} is the root itself: --ca FILE decides`
      : `if ${issuer.text} is a root, the list of --ca lacks it, and nothing is missing in the file`
  return { ...finding, unsure: true, why: `${finding.why}; ${otherwise}` }
}

const purposeText = {
  serverAuth: 'shown by a server that is dialled',
  clientAuth: 'shown by an end that dials a peer with mutual TLS',
} as const

function isSame(certificate: Certificate, { certificate: other }: Fault): boolean {
  return other !== undefined && sameCertificate(certificate, other)
}

function noteOf(fault: Fault): string {
  return `${fault.code}: ${fault.certificate?.subject.text ?? fault.role}: ${fault.found}; wanted: ${fault.rule}`.slice(
    0,
    300,
  )
}

/** An intermediate that only our trust list has: peers with the root alone cannot complete the chain. */
function notSent(path: readonly Certificate[], items: readonly Item[]): readonly FileFinding[] {
  const missing = path.filter(
    (certificate, index) =>
      index > 0 &&
      !isRoot(certificate) &&
      !items.some((item) => item.kind === 'certificate' && sameCertificate(item.certificate, certificate)),
  )
  if (missing.length === 0) return []
  const names = missing.map(({ subject }) => subject.text).join(', ')
  return [
    findingOf('chain.incomplete', {
      where: 'the chain',
      why:
        `${names} is in the list given with --ca and not in the file; ` +
        'a peer that knows only the root cannot complete the chain',
    }),
  ]
}
