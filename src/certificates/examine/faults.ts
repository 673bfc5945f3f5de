/** What the examiner finds: one fault, whom it disturbs, and which faults come first. */
import type { VerdictCode } from '../../verdicts/codes.ts'
import type { Certificate } from './certificate.ts'

/** The rule books and programs that may mind a fault. */
export type Stack = 'node' | 'rfc5280' | 'rfc5922' | 'cabf' | 'lcs' | 'ocs'

/** True where that stack refuses, or that rule book forbids, what was found. */
export type Minds = Readonly<Record<Stack, boolean>>

/**
 * `path`: path validation stops here (RFC 5280 §6, or the program's own check). `form`: an issuer must not write this,
 * though most programs accept it. `lint`: worth knowing, refused by no program.
 */
type Grade = 'path' | 'form' | 'lint'

export type ChainRole = 'leaf' | 'intermediate' | 'anchor'

/** A fault as a rule states it, before a profile has judged it. */
export interface Finding {
  readonly code: VerdictCode
  readonly grade: Grade
  /** The field of the certificate, e.g. `notAfter`, `subjectAltName`, `pathLenConstraint`. */
  readonly field: string
  /** The value of that field, for people. */
  readonly found: string
  /** What was wanted, with its source. */
  readonly rule: string
  readonly minds: Minds
}

export interface Fault extends Finding {
  /** Position in the path, 0 is the leaf. */
  readonly index: number
  readonly role: ChainRole
  /** Absent when it could not be read. */
  readonly certificate?: Certificate
  /** True when the profile of the examination refuses the chain for this. */
  readonly refuses: boolean
}

export function minds(...stacks: readonly Stack[]): Minds {
  const all: Minds = { node: false, rfc5280: false, rfc5922: false, cabf: false, lcs: false, ocs: false }
  return { ...all, ...Object.fromEntries(stacks.map((stack) => [stack, true])) }
}

/** Path validation proper: every program refuses. */
export const everyone: Minds = minds('node', 'rfc5280', 'rfc5922', 'cabf', 'lcs', 'ocs')

/** The rule books for issuers. */
export const ruleBooks: Minds = minds('rfc5280', 'cabf')

/**
 * The most fundamental cause first: what cannot be read, then who signed, then time, authority, purpose, names,
 * strength, form.
 */
const order: readonly VerdictCode[] = [
  'cert.malformed',
  'chain.malformed',
  'cert.signature-invalid',
  'chain.issuer-mismatch',
  'cert.self-signed',
  'chain.incomplete',
  'chain.untrusted-root',
  'cert.revoked',
  'chain.revoked',
  'chain.root-expired',
  'chain.expired',
  'chain.not-yet-valid',
  'cert.expired',
  'cert.not-yet-valid',
  'chain.not-a-ca',
  'chain.no-cert-sign',
  'chain.path-too-long',
  'chain.too-deep',
  'chain.eku-narrow',
  'chain.name-constraint',
  'chain.policy',
  'cert.critical-extension',
  'cert.eku-missing',
  'cert.ku-wrong',
  'cert.name-missing',
  'cert.san-malformed',
  'cert.name-mismatch',
  'cert.name-not-allowed',
  'cert.wildcard',
  'cert.cn-not-in-san',
  'chain.key-weak',
  'chain.signature-weak',
  'cert.key-weak',
  'cert.signature-weak',
  'tls.no-common-signature',
  'crl.malformed',
  'crl.signature-invalid',
  'crl.no-crl-sign',
  'crl.expired',
  'crl.not-yet-valid',
  'crl.missing',
  'chain.partial-anchor',
]

const rank: ReadonlyMap<VerdictCode, number> = new Map(order.map((code, index) => [code, index]))
const gradeRank: Readonly<Record<Grade, number>> = { path: 0, form: 1, lint: 2 }

/**
 * Refusing faults first, then path before form before lint, then by cause, then from the anchor's end where causes are
 * equal.
 */
export function byCause(one: Fault, other: Fault): number {
  return (
    Number(other.refuses) - Number(one.refuses) ||
    gradeRank[one.grade] - gradeRank[other.grade] ||
    rankOf(one) - rankOf(other) ||
    other.index - one.index
  )
}

function rankOf(fault: Fault): number {
  return rank.get(fault.code) ?? order.length
}
