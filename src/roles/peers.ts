/**
 * Who a peer is, decided once at the end of its handshake: chain and purpose by Node, the name by us (Node does not
 * look at the name of a client certificate), the class by the lists of topology-facts §1.3.
 */
import { X509Certificate } from 'node:crypto'
import { readCertificate } from '../certificates/examine/certificate.ts'
import { hostNames, matchName, type NameRules, wantedHost } from '../certificates/examine/names.ts'
import { shownOf, summarise } from '../certificates/summary.ts'
import { nodeErrorToCode } from '../verdicts/node-errors.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { VerdictCode } from '../verdicts/codes.ts'
import type { PeerClass, PeerIdentity } from '../sip/transport/flow.ts'
import type { Judgement, PeerEvidence } from '../sip/transport/types.ts'

/** The lists of one face; names in lower case. */
export interface PeerLists {
  readonly servers: ReadonlySet<string>
  readonly edges: ReadonlySet<string>
  readonly authenticatedHosts: ReadonlySet<string>
  /**
   * What a valid certificate with none of these names is: a client, or turned away (inside face of an access proxy).
   */
  readonly strangers: 'client' | 'refused'
}

/** The part of a profile that matters here beside its rules for names. */
interface NameSettings {
  readonly wildcards: 'refused' | 'one-label'
}

export interface PeerJudgeOptions {
  readonly faces: Readonly<Record<string, PeerLists>>
  readonly names: NameSettings
  readonly nameRules: NameRules
  /** A fault of the lab: names are not compared, and the judge says what it let pass. Absent: they are. */
  readonly unchecked?: (evidence: PeerEvidence) => ((found: string) => void) | undefined
  /** Lists every fault of what the peer showed. Asked only when it is refused. */
  readonly diagnose: (code: VerdictCode, evidence: PeerEvidence) => Verdict
}

export function peerJudge(options: PeerJudgeOptions): (evidence: PeerEvidence) => Judgement {
  const leaves = new ReadLeaves(options.nameRules)
  return (evidence) => {
    const leaf = evidence.chain[0]
    if (leaf === undefined) return refusal(options, 'tls.client-cert-missing', evidence)
    if (!evidence.authorized)
      return refusal(options, nodeErrorToCode(evidence.errorCode, evidence.errorMessage), evidence)
    const read = leaves.read(leaf)
    const { names } = read
    const proven = provenName(names, evidence.wantedName, leaf, options)
    const pass = options.unchecked?.(evidence)
    if (pass !== undefined && isStranger(proven, names, options.faces[evidence.face])) {
      pass(`it carries ${names.join(', ') || 'no name'}; wanted: ${evidence.wantedName ?? 'a trusted server'}`)
      return { kind: 'accept', peer: identity(read, names, 'server', evidence) }
    }
    if (proven.kind === 'refused') return refusal(options, proven.code, evidence)
    const known = proven.kind === 'name' && !names.includes(proven.name) ? [...names, proven.name] : names
    const peerClass = classOf(known, options.faces[evidence.face])
    if (peerClass === undefined) return refusal(options, 'cert.name-not-allowed', evidence)
    return { kind: 'accept', peer: identity(read, known, peerClass, evidence) }
  }
}

function isStranger({ kind }: Proven, names: readonly string[], lists: PeerLists | undefined): boolean {
  return kind === 'refused' || (kind === 'nothing-wanted' && ['client', undefined].includes(classOf(names, lists)))
}

function refusal(options: PeerJudgeOptions, code: VerdictCode, evidence: PeerEvidence): Judgement {
  const detail = options.diagnose(code, evidence)
  return { kind: 'refuse', code: detail.code, detail }
}

type Proven =
  | { readonly kind: 'nothing-wanted' }
  | { readonly kind: 'name'; readonly name: string }
  /** The dialled name as a SIP domain: no host, so no list of servers is compared with it (RFC 5922 §7.1). */
  | { readonly kind: 'domain' }
  | { readonly kind: 'refused'; readonly code: 'cert.name-mismatch' | 'cert.wildcard' }

/** The usual case is one string comparison; wildcards, URI names and the CN go by the rule book of the profile. */
function provenName(
  names: readonly string[],
  wantedName: string | undefined,
  leaf: Buffer,
  { names: settings, nameRules }: PeerJudgeOptions,
): Proven {
  if (wantedName === undefined) return { kind: 'nothing-wanted' }
  const name = wantedName.toLowerCase()
  const wanted = wantedHost(wantedName)
  if (wanted.kind === 'dns' && names.includes(name)) return { kind: 'name', name }
  const match = matchName(readCertificate(leaf), wanted, nameRules)
  if (match.kind !== 'match') return { kind: 'refused', code: 'cert.name-mismatch' }
  if (match.by.startsWith('URI:')) return { kind: 'domain' }
  return match.by.includes('*') && settings.wildcards === 'refused'
    ? { kind: 'refused', code: 'cert.wildcard' }
    : { kind: 'name', name }
}

function classOf(names: readonly string[], lists: PeerLists | undefined): PeerClass | undefined {
  if (lists === undefined) return 'client'
  if (names.some((name) => lists.servers.has(name))) return 'server'
  if (names.some((name) => lists.edges.has(name))) return 'edge'
  if (names.some((name) => lists.authenticatedHosts.has(name))) return 'treated-as-authenticated'
  return lists.strangers === 'client' ? 'client' : undefined
}

/** The earliest end in what was shown: an accepted peer's issuers cannot be read, so often it is the leaf alone. */
function identity(
  { names: _names, notAfter, ...shown }: ReadLeaf,
  names: readonly string[],
  peerClass: PeerClass,
  { chain }: PeerEvidence,
): PeerIdentity {
  const issuers = chain.slice(1).map((der) => new X509Certificate(der).validToDate.getTime())
  return { class: peerClass, names, ...shown, notAfter: Math.min(notAfter, ...issuers) }
}

/** What a leaf says by itself. */
type ReadLeaf = Omit<PeerIdentity, 'class'>

const mostLeaves = 256
/** A longer one is read each time: what is kept has a bound. */
const mostLeafOctets = 8192

/**
 * Servers come again with the certificate they had, so what it says is read once; whether it holds now is asked of
 * OpenSSL at every handshake. Only what a trusted CA has signed comes here.
 */
class ReadLeaves {
  readonly #rules: NameRules
  /** By the octets of the certificate, the oldest first. */
  readonly #known = new Map<string, ReadLeaf>()

  constructor(rules: NameRules) {
    this.#rules = rules
  }

  /** @throws CertificateError or what Node throws: it cannot be read */
  read(der: Buffer): ReadLeaf {
    if (der.length > mostLeafOctets) return readLeaf(der, this.#rules)
    const octets = der.toString('latin1')
    const known = this.#known.get(octets)
    if (known !== undefined) return known
    const read = readLeaf(der, this.#rules)
    const [oldest] = this.#known.size < mostLeaves ? [] : this.#known.keys()
    if (oldest !== undefined) this.#known.delete(oldest)
    this.#known.set(octets, read)
    return read
  }
}

function readLeaf(der: Buffer, rules: NameRules): ReadLeaf {
  const certificate = new X509Certificate(der)
  const summary = summarise(certificate)
  return {
    names: hostNames(readCertificate(der), rules),
    subject: certificate.subject,
    serial: summary.serial,
    fingerprint: summary.fingerprint,
    notAfter: certificate.validToDate.getTime(),
    leaf: shownOf(summary),
  }
}
