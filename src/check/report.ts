/** The whole result as one document; the other reports are made from it. */
import type { Verdict } from '../verdicts/verdict.ts'
import { severityOf, worstSeverity } from './severity.ts'
import { allSteps, type Severity, type Step } from './step.ts'

export interface CheckReport {
  readonly target: string
  readonly profile: string
  /** ISO 8601. */
  readonly at: string
  readonly ok: boolean
  /** `ok`, or the code of the first failure. */
  readonly code: string
  /** The highest of the steps. */
  readonly severity: Severity
  /** The first failure; absent when all is well. */
  readonly verdict?: Verdict
  readonly steps: readonly Step[]
  /** What could not be tried, and why. */
  readonly notTried: readonly { readonly id: string; readonly because: string }[]
  readonly ms: number
}

export function checkReport(
  target: string,
  profile: string,
  at: Date,
  steps: readonly Step[],
  verdict: Verdict | undefined,
  ms: number,
): CheckReport {
  return {
    target,
    profile,
    at: at.toISOString(),
    ok: verdict === undefined,
    code: verdict?.code ?? 'ok',
    severity: worstSeverity(allSteps(steps)),
    ...(verdict === undefined ? {} : { verdict }),
    steps: steps.map(withSeverity),
    notTried: allSteps(steps)
      .filter(({ outcome }) => outcome === 'not-tried')
      .map(({ id, sentence }) => ({ id, because: sentence })),
    ms: Math.round(ms),
  }
}

function withSeverity(step: Step): Step {
  return { ...step, severity: severityOf(step), steps: step.steps.map(withSeverity) }
}
