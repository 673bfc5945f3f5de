/**
 * The check of a node's own certificate before any listener opens. Node itself starts with an expired certificate, a
 * wrong purpose, a wrong name, no key or an empty trust list; the servers rebuilt here refused, and said so.
 */
import type { X509Certificate } from 'node:crypto'
import { bookOf, matchName, offeredNames, wantedHost } from './examine/names.ts'
import { CertificateError } from './examine/certificate-error.ts'
import {
  type CertificateFile,
  type CrlFile,
  type KeyFile,
  loadCertificates,
  loadCrl,
  loadKey,
  loadTrustList,
  type Loaded,
} from './load.ts'
import { crlVerdicts, readOrError, type VerdictOf } from './startup-crls.ts'
import { summarise } from './summary.ts'
import type { Verdict, VerdictCertificate } from '../verdicts/verdict.ts'
import { findVerdictCode, verdict, type VerdictCode, type VerdictDetails } from '../verdicts/codes.ts'

/** The part of a profile that this check reads; a `Profile` of the topology fits unchanged. */
export interface CertificateRules {
  readonly names: {
    readonly commonName: 'allowed' | 'ignored'
    readonly sanRepeatsSubject: boolean
    readonly wildcards: 'refused' | 'one-label'
    readonly uriNames: 'read' | 'ignored'
  }
  readonly crl: { readonly distributionPoint: 'required' | 'advised' }
  /** Warn from this part of the lifetime left. */
  readonly warnAtFraction: number
}

export interface OwnCertificateWanted {
  readonly certificateFile: string
  readonly keyFile: string
  /** The roots that peers are judged by. */
  readonly trustFile: string
  /** One CRL per file. Absent or empty: revocation is not checked. */
  readonly crlFiles?: readonly string[]
  /** Every name a peer may dial, e.g. `['pool.lab.test', 'fe1.lab.test']`. Empty: names are not compared. */
  readonly names: readonly string[]
  /** What the certificate must be good for: `serverAuth` where the node listens, `clientAuth` where it dials. */
  readonly purposes: readonly ('serverAuth' | 'clientAuth')[]
  readonly rules: CertificateRules
  /** Milliseconds since 1970 by the node's clock. */
  readonly now: number
  /** Codes that only warn here: what a fault in force breaks on purpose must be able to go live. */
  readonly tolerate?: ReadonlySet<VerdictCode>
  readonly passphrase?: string
}

/**
 * The options of `tls.createServer` and `tls.connect`; `ca` is always present: without it Node trusts the public roots.
 */
interface TlsMaterial {
  readonly cert: string
  readonly key: string
  readonly ca: readonly string[]
  /** One CRL each: of a concatenated text OpenSSL reads only the first. */
  readonly crl?: readonly string[]
}

export type OwnCertificateResult =
  | {
      readonly ok: true
      readonly material: TlsMaterial
      readonly leaf: VerdictCertificate /** Milliseconds: the first end in our own chain. */
      readonly notAfter: number
      readonly warnings: readonly Verdict[]
    }
  | {
      readonly ok: false
      readonly verdicts: readonly [Verdict, ...Verdict[]] /** Absent when it could not be read. */
      readonly leaf?: VerdictCertificate
    }

/** Checks everything and lists every fault, most important first; nothing is half accepted. */
export function checkOwnCertificate(wanted: OwnCertificateWanted): OwnCertificateResult {
  const files = loadFiles(wanted)
  const chain = valueOf(files.chain)?.certificates
  const leaf = chain === undefined ? undefined : summarise(chain[0])
  const material = materialOf(files)
  const found = contentVerdicts(files, wanted, leaf)
  const [first, ...others] = [...fileVerdicts(files), ...found.filter(({ code }) => !isWarning(code, wanted.tolerate))]
  if (first !== undefined) return { ok: false, verdicts: [first, ...others], ...(leaf === undefined ? {} : { leaf }) }
  if (material === undefined || chain === undefined || leaf === undefined)
    throw new Error('a file that did not load left no verdict')
  const notAfter = Math.min(...chain.map(({ validToDate }) => validToDate.getTime()))
  const warnings = [
    ...fileWarnings(files),
    ...found,
    ...listLengthVerdicts(valueOf(files.trust)),
    ...chainVerdicts(chain, valueOf(files.trust)?.certificates ?? []),
  ]
  return { ok: true, material, leaf, notAfter, warnings }
}

/** Joins the verdicts of one check into one: the first, with the rest as `others`. */
export function joined(verdicts: readonly [Verdict, ...Verdict[]]): Verdict {
  const [first, ...others] = verdicts
  return others.length === 0 ? first : { ...first, others }
}

interface Files {
  readonly chain: Loaded<CertificateFile>
  readonly key: Loaded<KeyFile>
  readonly trust: Loaded<CertificateFile>
  readonly crls: readonly Loaded<CrlFile>[]
}

function loadFiles({
  certificateFile,
  keyFile,
  trustFile,
  crlFiles = [],
  passphrase,
  tolerate,
}: OwnCertificateWanted): Files {
  return {
    chain: loadCertificates(certificateFile, { anyLabel: tolerate?.has('file.partial') === true }),
    key: loadKey(keyFile, {
      anyMode: tolerate?.has('key.permissions') === true,
      ...(passphrase === undefined ? {} : { passphrase }),
    }),
    trust: loadTrustList(trustFile),
    crls: crlFiles.map((path) => loadCrl(path)),
  }
}

/** A file that cannot be read is never tolerated: there is nothing to go live with. */
function fileVerdicts({ chain, key, trust, crls }: Files): readonly Verdict[] {
  return [chain, key, trust, ...crls].flatMap((loaded) => (loaded.ok ? [] : loaded.verdicts))
}

function fileWarnings({ chain, key, trust, crls }: Files): readonly Verdict[] {
  return [chain, key, trust, ...crls].flatMap((loaded) => (loaded.ok ? loaded.warnings : []))
}

function contentVerdicts(
  files: Files,
  wanted: OwnCertificateWanted,
  leaf: VerdictCertificate | undefined,
): readonly Verdict[] {
  const chain = valueOf(files.chain)?.certificates
  if (chain === undefined || leaf === undefined) return []
  const key = valueOf(files.key)
  const trust = valueOf(files.trust)?.certificates ?? []
  const verdictOf = (code: VerdictCode, details: VerdictDetails = {}): Verdict =>
    verdict(code, { certificate: leaf, ...details })
  return [
    ...(key === undefined ? [] : pairVerdicts(chain, key, verdictOf)),
    ...validityVerdicts(chain, wanted, verdictOf),
    ...purposeVerdicts(chain[0], wanted, verdictOf),
    ...nameVerdicts(chain[0], wanted, verdictOf),
    ...strengthVerdicts(chain, verdictOf),
    ...crlVerdicts(files.crls, [...chain.slice(1), ...trust], wanted.now, verdictOf),
    ...distributionPointVerdicts(chain[0], wanted, verdictOf),
  ]
}

/** OpenSSL calls a chain in the wrong order a key mismatch; the key tells which certificate was meant. */
function pairVerdicts(
  [leaf, ...issuers]: readonly [X509Certificate, ...X509Certificate[]],
  { key, path }: KeyFile,
  verdictOf: VerdictOf,
): readonly Verdict[] {
  if (leaf.checkPrivateKey(key)) return []
  const place = issuers.findIndex((one) => one.checkPrivateKey(key))
  if (place >= 0)
    return [
      verdictOf('chain.out-of-order', { found: `the key fits certificate ${place + 2} of the file, wanted first` }),
    ]
  const types = `${key.asymmetricKeyType} key in ${path}, ${leaf.publicKey.asymmetricKeyType} key in the certificate`
  return [verdictOf('key.mismatch', { found: types })]
}

function validityVerdicts(
  chain: readonly X509Certificate[],
  { now, rules }: OwnCertificateWanted,
  verdictOf: VerdictOf,
): readonly Verdict[] {
  return chain.flatMap((certificate, depth) => {
    const start = certificate.validFromDate.getTime()
    const end = certificate.validToDate.getTime()
    const which = depth === 0 ? {} : { certificate: summarise(certificate) }
    if (now >= end)
      return [
        verdictOf(depth === 0 ? 'cert.expired' : 'chain.expired', {
          ...which,
          found: `ended ${certificate.validToDate.toISOString()}, ${duration(now - end)} ago`,
        }),
      ]
    if (now < start)
      return [
        verdictOf(depth === 0 ? 'cert.not-yet-valid' : 'chain.not-yet-valid', {
          ...which,
          found: `starts ${certificate.validFromDate.toISOString()}, in ${duration(start - now)}`,
        }),
      ]
    const isLate = end - now < (end - start) * rules.warnAtFraction
    return isLate
      ? [
          verdictOf('cert.expires-soon', {
            ...which,
            found: `ends ${certificate.validToDate.toISOString()}, in ${duration(end - now)}`,
          }),
        ]
      : []
  })
}

/** `3 d`, `4 h`, `12 s`. */
function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds >= 2 * 86_400) return `${Math.floor(seconds / 86_400)} d`
  if (seconds >= 2 * 3600) return `${Math.floor(seconds / 3600)} h`
  return `${seconds} s`
}

const purposeIds = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const

/** `X509Certificate.keyUsage` holds the extended key usages, whatever its name says. */
function purposeVerdicts(
  leaf: X509Certificate,
  { purposes }: OwnCertificateWanted,
  verdictOf: VerdictOf,
): readonly Verdict[] {
  const listed: readonly string[] | undefined = leaf.keyUsage
  if (listed === undefined) return [verdictOf('cert.eku-absent')]
  const missing = purposes.filter((purpose) => !listed.includes(purposeIds[purpose]))
  return missing.map((purpose) =>
    verdictOf('cert.eku-missing', { found: `${purpose} is wanted, the certificate lists ${listed.join(', ')}` }),
  )
}

/** By the one rule for names, in examine/names.ts; what the profile allows beyond it is chosen here. */
function nameVerdicts(
  leaf: X509Certificate,
  { names, rules }: OwnCertificateWanted,
  verdictOf: VerdictOf,
): readonly Verdict[] {
  const read = readOrError(leaf)
  if (read instanceof CertificateError) return [verdictOf('cert.malformed', { found: read.message })]
  const offered = offeredNames(read)
  const dnsNames = kindOf(offered, 'DNS:')
  const commonNames = kindOf(offered, 'CN:')
  const unrepeated = commonNames.find((name) => !dnsNames.includes(name))
  return [
    ...names
      .filter((name) => matchName(read, wantedHost(name), bookOf(rules.names)).kind === 'mismatch')
      .map((name) =>
        verdictOf('cert.name-mismatch', {
          found: `wanted ${name}, the certificate carries ${offered.join(', ') || 'no name'}`,
        }),
      ),
    ...(rules.names.wildcards === 'refused'
      ? dnsNames.filter((one) => one.includes('*')).map((one) => verdictOf('cert.wildcard', { found: one }))
      : []),
    ...(rules.names.sanRepeatsSubject && dnsNames.length > 0 && unrepeated !== undefined
      ? [verdictOf('cert.cn-not-in-san', { found: `CN ${unrepeated}, SAN ${dnsNames.join(', ')}` })]
      : []),
    ...(dnsNames.length === 0 && kindOf(offered, 'URI:sip:').length === 0
      ? [verdictOf('cert.san-missing', { found: commonNames[0] ?? 'no CN either' })]
      : []),
    ...(leaf.subject === undefined || leaf.subject === '' ? [verdictOf('cert.subject-missing')] : []),
  ]
}

function kindOf(names: readonly string[], prefix: string): readonly string[] {
  const wanted = prefix.toLowerCase()
  return names.flatMap((one) => (one.toLowerCase().startsWith(wanted) ? [one.slice(prefix.length).toLowerCase()] : []))
}

function strengthVerdicts(chain: readonly X509Certificate[], verdictOf: VerdictOf): readonly Verdict[] {
  return chain.flatMap((certificate, depth) => {
    const bits = certificate.publicKey.asymmetricKeyDetails?.modulusLength
    if (bits === undefined || bits >= 2048) return []
    return [
      verdictOf(depth === 0 ? 'key.too-weak' : 'chain.key-weak', {
        ...(depth === 0 ? {} : { certificate: summarise(certificate) }),
        found: `RSA of ${bits} bits`,
      }),
    ]
  })
}

/**
 * The subjects of the list are sent to every client that is asked for a certificate; Schannel cuts them at 16 kB and
 * then finds none.
 */
function listLengthVerdicts(trust: CertificateFile | undefined): readonly Verdict[] {
  const octets = (trust?.certificates ?? []).reduce((sum, one) => sum + Buffer.byteLength(one.subject), 0)
  return octets <= 12 * 1024
    ? []
    : [verdict('trust.too-long', { found: `${octets} octets of CA names in ${trust?.path ?? ''}` })]
}

/**
 * Our own chain should lead to a root, but the list at hand is the one peers are judged by: a gap warns and does not
 * stop.
 */
function chainVerdicts(chain: CertificateFile['certificates'], trust: readonly X509Certificate[]): readonly Verdict[] {
  const top = climb(chain, trust)
  if (top === undefined) return []
  const certificate = summarise(chain[0])
  const { subject, issuer } = summarise(top)
  if (!top.checkIssued(top))
    return [
      verdict('chain.incomplete', {
        certificate,
        found: `the issuer of ${subject} is neither in the file nor in the trust list: ${issuer}`,
      }),
    ]
  return [
    verdict(top === chain[0] ? 'cert.self-signed' : 'chain.untrusted-root', {
      certificate,
      found: `ends at ${subject}`,
    }),
  ]
}

/**
 * Goes up from the leaf as far as the file reaches. Absent: a trusted certificate was met; else where the climb ended.
 */
function climb(chain: readonly X509Certificate[], trust: readonly X509Certificate[]): X509Certificate | undefined {
  let [at] = chain
  for (let step = 0; at !== undefined && step <= chain.length; step += 1) {
    const below = at
    if (trust.some((anchor) => anchor.fingerprint256 === below.fingerprint256 || below.checkIssued(anchor)))
      return undefined
    const above = chain.find((one) => one !== below && below.checkIssued(one))
    if (above === undefined) return below
    at = above
  }
  return at
}

/** OCS 2007 wants the extension; earlier rules advise it. */
function distributionPointVerdicts(
  leaf: X509Certificate,
  { rules }: OwnCertificateWanted,
  verdictOf: VerdictOf,
): readonly Verdict[] {
  if (rules.crl.distributionPoint === 'advised' || leaf.raw.includes(crlPointId)) return []
  return [verdictOf('cert.crl-point-missing')]
}

/** 2.5.29.31 as DER. */
const crlPointId = Buffer.from('0603551d1f', 'hex')

function isWarning(code: string, tolerate: ReadonlySet<string> | undefined): boolean {
  return findVerdictCode(code)?.weight === 'warning' || tolerate?.has(code) === true
}

function valueOf<T>(loaded: Loaded<T>): T | undefined {
  return loaded.ok ? loaded.value : undefined
}

function materialOf({ chain, key, trust, crls }: Files): TlsMaterial | undefined {
  if (!chain.ok || !key.ok || !trust.ok) return undefined
  const ca = trust.value.certificates.map((one) => one.toString())
  const crl = crls
    .map(valueOf)
    .filter((one) => one !== undefined)
    .map(({ pem }) => pem)
  return { cert: chain.value.pem, key: key.value.pem, ca, ...(crl.length === 0 ? {} : { crl }) }
}
