/** Judges a certificate file: the file itself, its chain, its key, and the order of its blocks. */
import type { Certificate, ExaminerProfile, ProfileName } from '../../certificates/examine/index.ts'
import { wantedHost, type WantedName } from '../../certificates/examine/names.ts'
import type { SigningRequest } from '../../certificates/containers/request.ts'
import { generalNameText } from '../../certificates/examine/general-name.ts'
import { keyText } from '../../certificates/examine/key-info.ts'
import type { Answer, Evidence } from '../answer.ts'
import { arrange, isRoot, unrelated, type Arrangement } from './arrange.ts'
import { readBundle } from './bundle.ts'
import { chainOf, type Chain } from './chain.ts'
import { fileFindings, listFindings, withoutLeaf } from './file-rules.ts'
import { findingOf, type FileFinding } from './finding.ts'
import { titleOf, type FileFormat, type Item } from './items.ts'
import { keyFindings } from './key-rules.ts'
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
  /** The file as the user gave it, for the commands of remedies. */
  readonly fileName?: string
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
    ...bundle.remarks.map(({ code, ...said }) => findingOf(code, said)),
    ...(judged?.findings ?? []),
    ...(leaf === undefined ? withoutLeaf(bundle, all, judging) : []),
    ...(leaf === undefined ? [] : fileFindings(leaf, { format: bundle.format, certificates, all, path, judging })),
    ...keyFindings(bundle, certificates, all, options),
    ...listFindings(bundle.items, judging.at),
  ]
  return {
    ...verdictOf(findings.map((finding) => inCommands(finding, options.fileName))),
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

/** `openssl x509 -in FILE` -> `openssl x509 -in 'my chain.pem'`. */
function inCommands(finding: FileFinding, name: string | undefined): FileFinding {
  if (name === undefined || !/\bFILE\b/.test(finding.remedy)) return finding
  const written = `${name.replace(/\.(?:pem|crt|cer|der|p7b|p7c|p12|pfx)$/i, '')}.new.pem`
  return { ...finding, remedy: finding.remedy.replace(/\bFILE(\.pem)?\b/g, (_, out) => quoted(out ? written : name)) }
}

/** As a shell takes it. */
function quoted(name: string): string {
  return /^[\w./@+-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`
}

/** The answer that all evidence shares: errors before warnings; a single cause only where all have one code. */
function verdictOf(found: readonly FileFinding[]): Answer & { readonly findings: readonly FileFinding[] } {
  const findings = found
    .filter((one, index) => found.findIndex(({ code, where }) => code === one.code && where === one.where) === index)
    .toSorted((one, other) => Number(one.weight === 'warning') - Number(other.weight === 'warning'))
  const errors = findings.filter(({ weight }) => weight === 'error')
  const candidates = errors.length > 0 ? errors : findings
  const [first] = candidates
  const evidence: Evidence[] = findings.slice(0, 50).map(({ where, why }) => ({ where, found: why.slice(0, 300) }))
  const one = first !== undefined && candidates.every(({ code, unsure }) => code === first.code && unsure !== true)
  return {
    cause: one ? { code: first.code } : undefined,
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
  return wantedHost(value)
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
          `${top.issuer.text} issued the last certificate and is not in the file: ` +
            'right if it is the root; --ca FILE checks it',
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
      return `${item.where}: certificate of ${titleOf(item.certificate)}`
    case 'key':
      return `${item.where}: private key (${item.text}), not shown`
    case 'crl':
      return `${item.where}: CRL of ${item.crl.issuer.text.slice(0, 200)}, ${item.crl.revoked.size} revoked`
    case 'request':
      return requestText(item.where, item.request)
    case 'other':
      return `${item.where}: ${item.label}`
    case 'broken':
      return `${item.where}: ${item.label} that cannot be read: ${item.problem.slice(0, 200)}`
    default:
      return item satisfies never
  }
}

function requestText(where: string, { subject, subjectAltNames, publicKey, proven }: SigningRequest): string {
  const names = subjectAltNames.slice(0, 10).map(generalNameText).join(', ')
  const extra = `${names === '' ? '' : `, ${names}`}${proven ? '' : ', its signature is wrong'}`
  return `${where}: request for ${subject.text.slice(0, 200)} (${keyText(publicKey)})${extra.slice(0, 400)}`
}
