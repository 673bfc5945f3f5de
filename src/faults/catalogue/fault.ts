/** What a certificate fault is: a good pair of ends with one thing changed, and what each end must then see. */
import type { VerdictCode } from '../../verdicts/codes.ts'
import type { FaultPki } from './fault-pki.ts'
import type { Variation } from './variation.ts'

/** Which end shows the certificate that is broken, or that a broken judge refuses. */
export type Side = 'server' | 'client'

export type Family = 'time' | 'trust' | 'names' | 'purpose' | 'revocation' | 'algorithms' | 'files' | 'protocol'

/**
 * What one end sees: `accepted`; `closed` (the other end closed after the handshake and sent no alert); `alert 40`; a
 * code of Node such as `CERT_HAS_EXPIRED`; or the verdict code of a check that is ours and not Node's, such as
 * `cert.name-not-allowed`.
 */
export type Outcome = string

export interface EndsSee {
  readonly presenter: Outcome
  readonly judge: Outcome
}

export type Expectation =
  /** The wire does not mind. `verdict` is what the examiner still says, absent for a positive control. */
  | { readonly kind: 'accepted'; readonly verdict?: VerdictCode }
  | { readonly kind: 'refused'; readonly verdict: VerdictCode; readonly tls12: EndsSee; readonly tls13: EndsSee }
  /**
   * Seen before any connection. `node` is the code that Node throws when it is made to start, absent when it does not
   * mind.
   */
  | { readonly kind: 'stops-start'; readonly verdict: VerdictCode; readonly node?: string }

export interface Fault {
  readonly slug: string
  readonly family: Family
  readonly sides: readonly Side[]
  /**
   * Why the fault is not put on a node. `dialled-name`: it is in the name that is dialled, so it is put on a link.
   * `no-lab`: no lab can show it. Absent: it is put on a node.
   */
  readonly notOnNode?: 'dialled-name' | 'no-lab'
  /** The certificate that the story is about. Absent: the one behind the inside links. */
  readonly reference?: 'edge-external'
  /** `judge`: the change is in the trust list, CRLs or settings of the end that decides. Absent: in the presenter. */
  readonly breaks?: 'judge'
  /** `second-connection`: the first connection is good, and what follows it is not. */
  readonly shows?: 'second-connection'
  /** One sentence for people. */
  readonly story: string
  readonly make: (pki: FaultPki) => Variation
  /** The good case that differs in one thing. The plain good pair when absent. */
  readonly twin?: (pki: FaultPki) => Variation
  readonly expect: Expectation
  /** Where a server that judges a client sees something else. */
  readonly expectClient?: Expectation
  /** What the word of Node alone suggests, where that misleads: the commonest confusions. */
  readonly nodeSuggests?: VerdictCode | { readonly tls12: VerdictCode; readonly tls13: VerdictCode }
  /** TLS versions the fault exists in; both when absent. */
  readonly versions?: readonly ('TLSv1.2' | 'TLSv1.3')[]
}

/** Both ends are content: a positive control. */
export const accepted: Expectation = { kind: 'accepted' }

/** The wire lets it pass, the examiner does not. */
export function unnoticed(verdict: VerdictCode): Expectation {
  return { kind: 'accepted', verdict }
}

/** The judge refuses after the handshake with one code in both TLS versions; the presenter only sees the close. */
export function refused(verdict: VerdictCode, judge: Outcome): Expectation {
  const ends: EndsSee = { presenter: 'closed', judge }
  return { kind: 'refused', verdict, tls12: ends, tls13: ends }
}

/** The handshake itself breaks. */
export function broken(verdict: VerdictCode, tls12: EndsSee, tls13: EndsSee = tls12): Expectation {
  return { kind: 'refused', verdict, tls12, tls13 }
}

/** The start-up check stops the node; Node alone would throw `node`, or nothing. */
export function stopsStart(verdict: VerdictCode, node?: string): Expectation {
  return node === undefined ? { kind: 'stops-start', verdict } : { kind: 'stops-start', verdict, node }
}

/** The list of one family. */
export function inFamily(family: Family, faults: readonly Omit<Fault, 'family'>[]): readonly Fault[] {
  return faults.map((fault) => ({ ...fault, family }))
}
