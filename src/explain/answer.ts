/**
 * The answer of `siplab explain`: what broke, whose certificate, who refused, and what would decide between the causes
 * that are left. One shape for texts, captures and files; `check` and events use the same one.
 */
import type { VerdictCode } from '../verdicts/codes.ts'

/** One cause that the evidence does not exclude. */
export interface Candidate {
  readonly code: VerdictCode
  /** Why this cause fits: one sentence. */
  readonly why: string
}

/**
 * An end of a connection. `ours` and `theirs` are seen from the end whose log it is; a capture sees both ends and says
 * `dialler` or `acceptor`.
 */
export type CertificateOf = 'ours' | 'theirs' | 'dialler' | 'acceptor'
export type Refuser = 'us' | 'them' | 'dialler' | 'acceptor'

/** What the answer rests on: a line of the text, a frame of the capture, a block of the file. */
export interface Evidence {
  /** e.g. `line 3`, `frame 17`, `block 2 of chain.pem`. */
  readonly where: string
  /** The words or values found there, shortened to one line. */
  readonly found: string
}

export interface Answer {
  /** Present only when the evidence excludes every other cause. */
  readonly cause: { readonly code: VerdictCode } | undefined
  /** Most likely first; one element when `cause` is present; empty when nothing is known. */
  readonly candidates: readonly Candidate[]
  /** Absent when the evidence does not say. */
  readonly whoseCertificate: CertificateOf | undefined
  readonly whoRefused: Refuser | undefined
  /** TLS 1.3 hides the cause: a key log would show it. */
  readonly needsKeylog: boolean
  readonly evidence: readonly Evidence[]
  /** Files only: everything found, most important first. */
  readonly findings?: readonly (Candidate & { readonly remedy?: string })[]
}
