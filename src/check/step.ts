/**
 * What a check answers: a tree of steps, each with a verdict, a sentence, the evidence, a remedy and the time it took.
 */
import { verdict, type VerdictCode, type VerdictDetails } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'

/** `note` is worth knowing, and no peer refuses for it; the sentence of `not-tried` says what prevented the step. */
export type Outcome = 'ok' | 'note' | 'warning' | 'failed' | 'not-tried'

/** In ascending order; `--severity` of testssl.sh has the same words. */
export const severities = ['ok', 'info', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof severities)[number]

/**
 * What was seen, for people and scripts: `{ protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' }`. Never a secret.
 */
export type Evidence = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** What one step found. */
export interface Finding {
  readonly outcome: Outcome
  /** `ok`, `not-tried`, or a code of docs/verdicts.md. */
  readonly code: string
  /** One sentence for people. */
  readonly sentence: string
  readonly evidence: Evidence
  /** A command or an edit. Absent when there is nothing to fix. */
  readonly remedy?: string
  /** The whole diagnosis, with every further fault in `others`. Absent when all is well. */
  readonly verdict?: Verdict
}

export interface Step extends Finding {
  /** Stable, for `--expect`: `tcp`, `tls.version.1.3`, `client-certificate.none`. */
  readonly id: string
  /** What was done: `TCP connection to 127.0.41.11:5061`. */
  readonly title: string
  /** Milliseconds, with one digit behind the point. */
  readonly ms: number
  readonly steps: readonly Step[]
  /** Only in a report. */
  readonly severity?: Severity
}

export function fine(sentence: string, evidence: Evidence = {}): Finding {
  return { outcome: 'ok', code: 'ok', sentence, evidence }
}

export function notTried(because: string): Finding {
  return { outcome: 'not-tried', code: 'not-tried', sentence: because, evidence: {} }
}

/**
 * `failure('tls.handshake-timeout', { found: 'nothing came within 5000 ms' })`: sentence and remedy come from the table
 * of codes.
 */
export function failure(code: VerdictCode, details: VerdictDetails = {}, evidence: Evidence = {}): Finding {
  return fromVerdict(verdict(code, details), evidence)
}

export function warning(code: VerdictCode, details: VerdictDetails = {}, evidence: Evidence = {}): Finding {
  return fromVerdict(verdict(code, details), evidence, 'warning')
}

export function note(code: VerdictCode, details: VerdictDetails = {}, evidence: Evidence = {}): Finding {
  return fromVerdict(verdict(code, details), evidence, 'note')
}

export function fromVerdict(diagnosis: Verdict, evidence: Evidence = {}, outcome: Outcome = 'failed'): Finding {
  return {
    outcome,
    code: diagnosis.code,
    sentence: diagnosis.found === undefined ? diagnosis.message : `${diagnosis.message}: ${diagnosis.found}`,
    evidence,
    ...(diagnosis.fix === undefined ? {} : { remedy: diagnosis.fix }),
    verdict: diagnosis,
  }
}

/** Every step of a tree, parents before children. */
export function allSteps(steps: readonly Step[]): readonly Step[] {
  return steps.flatMap((step) => [step, ...allSteps(step.steps)])
}
