/** Judges a certificate file: the file itself, its chain, its key, and the order of its blocks. */
import { isIP } from 'node:net'
import type { Certificate, ExaminerProfile, ProfileName } from '../../certificates/examine/index.ts'
import type { WantedName } from '../../certificates/examine/names.ts'
import { keyText } from '../../certificates/examine/key-info.ts'
import type { Answer, Evidence } from '../answer.ts'
import { arrange, isOutOfOrder, isRoot, unrelated, type Arrangement } from './arrange.ts'
import { readBundle } from './bundle.ts'
import { chainOf, type Chain } from './chain.ts'
import { findingOf, type FileFinding } from './finding.ts'
import type { Bundle, CertificateItem, FileFormat, Item, KeyItem } from './items.ts'
import { judgeLeaf, type FileRole, type JudgeOptions } from './judge.ts'

export interface FileOptions {
  /** What the certificate is for; default `both`, as SIP servers dial and are dialled with one certificate. */
  readonly role?: FileRole
  /** Names that peers dial: a host name, an address, or `sip:DOMAIN`. One of them must be in the certificate. */
  readonly names?: readonly string[]
  /** Octets of a file of trusted certificates. Absent: whether a peer trusts the chain is not judged. */
  readonly ca?: Buffer
  /** Octets of the file of the private key. */
  readonly key?: Buffer
  /** Default: now. */
  readonly at?: Date
  /** Default `modern`: OpenSSL of today, RFC 5280 and RFC 5922. */
  readonly rules?: ProfileName | ExaminerProfile
  /** For a PKCS #12 container or an encrypted key; the empty one is tried for a container. */
  readonly password?: string
}

export interface FileAnswer extends Answer {
  readonly findings: readonly FileFinding[]
  readonly format: FileFormat
  /** One line for each object of the file, in its order. */
  readonly contents: readonly string[]
  /** Absent where the file holds no certificate. */
  readonly chain: Chain | undefined
  readonly notes: readonly string[]
  readonly role: FileRole
  readonly rules: string
  /** ISO 8601, UTC: the time for which dates were judged. */
  readonly at: string
}

/**
 * Explains the octets of a certificate file; never throws on hostile input.
 *
 * `explainFile(readFileSync('chain.pem'), { role: 'server', names: ['sbc.example.test'] }).findings[0]?.code`
 */
export function explainFile(octets: Buffer, options: FileOptions = {}): FileAnswer {
  const bundle = readBundle(octets, options)
  const certificates = bundle.items.filter((item) => item.kind === 'certificate')
  const all = arrange(certificates)
  const judging = judgeOptions(options)
  const [leaf] = all.leafs
  const judged = leaf === undefined ? undefined : judgeLeaf(leaf, all, bundle.items, judging)
  const path = judged?.path ?? []
  const findings = [
    ...bundle.remarks.map(({ code, where, why }) => findingOf(code, { where, why })),
    ...(judged?.findings ?? []),
    ...(leaf === undefined ? withoutLeaf(bundle, all, judging) : []),
    ...(leaf === undefined ? [] : fileFindings(leaf, { certificates, all, path, judging })),
    ...keyFindings(bundle, certificates, all, options),
    ...listFindings(bundle.items, judging.at),
  ]
  return {
    ...verdictOf(findings),
    format: bundle.format,
    contents: bundle.items.slice(0, maxLines).map(describe),
    chain: certificates.length === 0 ? undefined : chainOf(path, certificates),
    notes: [...bundle.notes, ...(judged?.notes ?? []), ...sideNotes(all, path, judging)],
    role: judging.role,
    rules: typeof judging.rules === 'string' ? judging.rules : judging.rules.name,
    at: judging.at.toISOString(),
  }
}

const maxLines = 500

/** The answer that all evidence shares: errors before warnings, and a single cause only where one error stands alone. */
function verdictOf(found: readonly FileFinding[]): Answer & { readonly findings: readonly FileFinding[] } {
  const findings = found
    .filter((one, index) => found.findIndex(({ code, where }) => code === one.code && where === one.where) === index)
    .toSorted((one, other) => Number(one.weight === 'warning') - Number(other.weight === 'warning'))
  const errors = findings.filter(({ weight }) => weight === 'error')
  const candidates = errors.length > 0 ? errors : findings
  const [first] = candidates
  const evidence: Evidence[] = findings.slice(0, 50).map(({ where, why }) => ({ where, found: why.slice(0, 300) }))
  return {
    cause:
      first !== undefined && candidates.every(({ code }) => code === first.code) ? { code: first.code } : undefined,
    candidates: candidates
      .filter(({ code }, index) => candidates.findIndex((other) => other.code === code) === index)
      .map(({ code, why }) => ({ code, why })),
    whoseCertificate: findings.some(({ code }) => /^(?:cert|chain)\./.test(code)) ? 'ours' : undefined,
    whoRefused: undefined,
    needsKeylog: false,
    evidence,
    findings,
  }
}

function judgeOptions(options: FileOptions): JudgeOptions {
  const trusted =
    options.ca === undefined
      ? undefined
      : readBundle(options.ca).items.flatMap((item) => (item.kind === 'certificate' ? [item.certificate.der] : []))
  return {
    role: options.role ?? 'both',
    names: (options.names ?? []).map(wantedName),
    at: options.at ?? new Date(),
    rules: options.rules ?? 'modern',
    ...(trusted === undefined ? {} : { anchors: trusted }),
  }
}

function wantedName(value: string): WantedName {
  if (/^sips?:/i.test(value)) return { kind: 'uri', value }
  return { kind: isIP(value) === 0 ? 'dns' : 'ip', value }
}

interface FileView {
  readonly certificates: readonly CertificateItem[]
  readonly all: Arrangement
  readonly path: readonly Certificate[]
  readonly judging: JudgeOptions
}

function fileFindings(leaf: CertificateItem, { certificates, all, path, judging }: FileView): readonly FileFinding[] {
  const order = isOutOfOrder(path, certificates)
    ? [findingOf('chain.out-of-order', { where: leaf.where, why: orderText(certificates) })]
    : []
  const root = path.find((certificate, index) => index > 0 && isRoot(certificate))
  const rootItem =
    root === undefined ? undefined : certificates.find(({ certificate }) => certificate.der.equals(root.der))
  const included =
    rootItem === undefined
      ? []
      : [
          findingOf('file.root-included', {
            where: rootItem.where,
            why: `${rootItem.certificate.subject.text} is a root; peers have it in their trust list, and the handshake grows by it`,
          }),
        ]
  return [...order, ...included, ...otherLeafs(leaf, all, judging)]
}

function orderText(certificates: readonly CertificateItem[]): string {
  const names = certificates.slice(0, 6).map(({ certificate }) => certificate.subject.text)
  return `the file holds ${names.join(', then ')}; TLS 1.2 and many servers want the leaf first, then each issuer`
}

/** A second server in the file: the old certificate behind the new one, or a key of another type. */
function otherLeafs(leaf: CertificateItem, all: Arrangement, { at }: JudgeOptions): readonly FileFinding[] {
  const others = all.leafs.filter((item) => item !== leaf)
  const [second] = others
  if (second === undefined) return []
  const same = second.certificate.subject.text === leaf.certificate.subject.text
  const why = same
    ? `${second.where} holds another certificate of ${second.certificate.subject.text}`
    : `${leaf.where} is of ${leaf.certificate.subject.text}, ${second.where} of ${second.certificate.subject.text}`
  const ended = others
    .filter(({ certificate }) => certificate.notAfter.at < at.getTime())
    .slice(0, 5)
    .map(({ certificate, where }) =>
      findingOf('cert.expired', {
        where,
        why: `${certificate.subject.text} ended ${new Date(certificate.notAfter.at).toISOString()}`,
      }),
    )
  return [findingOf('file.two-leafs', { where: second.where, why }), ...ended]
}

/** No certificate of a server: a list of authorities, a request, a key, or nothing at all. */
function withoutLeaf(bundle: Bundle, all: Arrangement, { at }: JudgeOptions): readonly FileFinding[] {
  const dates = all.authorities
    .filter(({ certificate }) => certificate.notAfter.at < at.getTime())
    .slice(0, 10)
    .map(({ certificate, where }) =>
      findingOf(isRoot(certificate) ? 'chain.root-expired' : 'chain.expired', {
        where,
        why: `${certificate.subject.text} ended ${new Date(certificate.notAfter.at).toISOString()}`,
      }),
    )
  if (all.authorities.length > 0) return dates
  const kinds = new Set(bundle.items.map(({ kind }) => kind))
  if (kinds.has('request'))
    return [
      findingOf('file.wrong-kind', {
        where: firstOf(bundle.items, 'request'),
        why: 'a signing request is no certificate: an authority has to sign it first',
      }),
    ]
  if (kinds.has('key') && !kinds.has('crl'))
    return [
      findingOf('file.wrong-kind', {
        where: firstOf(bundle.items, 'key'),
        why: 'the file holds a private key and no certificate',
      }),
    ]
  return []
}

function firstOf(items: readonly Item[], kind: Item['kind']): string {
  return items.find((item) => item.kind === kind)?.where ?? 'the file'
}

function keyFindings(
  bundle: Bundle,
  certificates: readonly CertificateItem[],
  { leafs }: Arrangement,
  { key, password }: FileOptions,
): readonly FileFinding[] {
  const inside = bundle.items.filter((item) => item.kind === 'key')
  const [first] = inside
  const said =
    first !== undefined && certificates.length > 0 && bundle.format !== 'PKCS #12'
      ? [findingOf('file.key-inside', { where: first.where, why: keyInsideText(first) })]
      : []
  const beside = key === undefined ? [] : readBundle(key, password === undefined ? {} : { password }).items
  const keys = beside.filter((item) => item.kind === 'key')
  const unreadable =
    key !== undefined && keys.length === 0
      ? [findingOf('key.malformed', { where: 'the key file', why: 'it holds no private key that can be read' })]
      : []
  return [...said, ...unreadable, ...mismatch(keys.length > 0 ? keys : inside, leafs)]
}

function keyInsideText({ encrypted }: KeyItem): string {
  return `a private key${encrypted ? ', encrypted,' : ''} lies in the same file; HAProxy and baresip want it so, others must not see it`
}

function mismatch(keys: readonly KeyItem[], [leaf, ...others]: readonly CertificateItem[]): readonly FileFinding[] {
  const open = keys.filter(({ publicKey }) => publicKey !== undefined)
  if (leaf === undefined || open.length === 0 || open.some((key) => fits(key, leaf))) return []
  const other = others.find((item) => open.some((key) => fits(key, item)))
  const owner = other === undefined ? '' : `; it belongs to ${other.where}, ${other.certificate.subject.text}`
  const why = `the key (${open[0]?.text ?? ''}) does not belong to ${leaf.certificate.subject.text} (${keyText(leaf.certificate.publicKey)})${owner}`
  return [findingOf('key.mismatch', { where: open[0]?.where ?? 'the key', why })]
}

function fits({ publicKey }: KeyItem, { certificate }: CertificateItem): boolean {
  return publicKey?.equals(certificate.subjectPublicKeyInfo) === true
}

/** A CRL of the file that has gone stale. */
function listFindings(items: readonly Item[], at: Date): readonly FileFinding[] {
  return items.flatMap((item) => {
    if (item.kind !== 'crl' || item.crl.nextUpdate === undefined || item.crl.nextUpdate.at >= at.getTime()) return []
    const ended = new Date(item.crl.nextUpdate.at).toISOString()
    return [findingOf('crl.expired', { where: item.where, why: `the CRL of ${item.crl.issuer.text} ended ${ended}` })]
  })
}

function sideNotes(all: Arrangement, path: readonly Certificate[], { anchors }: JudgeOptions): readonly string[] {
  const extra = path.length === 0 ? [] : unrelated(path, all.authorities)
  const top = path.at(-1)
  return [
    ...(extra.length > 0
      ? [
          `not in the chain of the leaf: ${extra
            .slice(0, 5)
            .map(({ certificate, where }) => `${certificate.subject.text} (${where})`)
            .join(', ')}${extra.length > 5 ? ` and ${extra.length - 5} more` : ''}`,
        ]
      : []),
    ...all.repeated.slice(0, 5).map(({ certificate, where }) => `${where} repeats ${certificate.subject.text}`),
    ...(anchors === undefined && path.length > 1 && top !== undefined && !isRoot(top)
      ? [
          `${top.issuer.text} issued the last certificate and is not in the file: right if it is the root; --ca FILE checks it`,
        ]
      : []),
    ...(path.length === 0 && all.authorities.length > 0
      ? ['the file holds certificates of authorities only: a trust list, or a chain without its server']
      : []),
  ]
}

/** One line about an object; of a key nothing but its type. */
function describe(item: Item): string {
  switch (item.kind) {
    case 'certificate':
      return `${item.where}: certificate of ${item.certificate.subject.text.slice(0, 200)}`
    case 'key':
      return `${item.where}: private key (${item.text}), not shown`
    case 'crl':
      return `${item.where}: CRL of ${item.crl.issuer.text.slice(0, 200)}, ${item.crl.revoked.size} revoked`
    case 'request':
      return `${item.where}: request for ${item.request.subject.text.slice(0, 200)} (${keyText(item.request.publicKey)}${item.request.proven ? '' : ', signature wrong'})`
    case 'other':
      return `${item.where}: ${item.label}`
    case 'broken':
      return `${item.where}: ${item.label} that cannot be read: ${item.problem.slice(0, 200)}`
    default:
      return item satisfies never
  }
}
