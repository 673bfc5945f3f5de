/** A survey for CI servers: one test case a fault and TLS version; critical and serious ones that pass are failures. */
import { junit, type JunitCase, type JunitResult } from '../reports/junit.ts'
import type { Advice } from './advice.ts'
import { outcomeText } from './report-text.ts'
import type { Survey, Trial } from './result.ts'

export function surveyJunit(survey: Survey, advice: readonly Advice[]): string {
  const name = `siplab survey ${survey.direction} ${survey.target}`
  const byFault = new Map(advice.map((each) => [each.fault, each]))
  const cases: readonly JunitCase[] = [
    ...[...survey.controls, ...survey.trials].map((trial) => ({
      group: survey.target,
      name: `${trial.fault} TLS ${trial.tls}`,
      ms: trial.ms,
      result: resultOf(trial, byFault.get(trial.fault)),
    })),
    ...(survey.stopped === undefined
      ? []
      : [
          {
            group: survey.target,
            name: 'the survey ended by itself',
            ms: 0,
            result: { kind: 'failed', message: survey.stopped, detail: survey.stopped } as const,
          },
        ]),
  ]
  return junit(name, [{ name, at: survey.at, ms: survey.ms, cases }])
}

function resultOf({ fault, outcome, severity, story }: Trial, advice: Advice | undefined): JunitResult {
  if (outcome.kind === 'cannot') return { kind: 'skipped', because: outcome.words }
  if (fault === 'good')
    return outcome.kind === 'accepted'
      ? { kind: 'passed' }
      : { kind: 'failed', message: outcomeText(outcome), detail: outcome.words }
  if (outcome.kind === 'accepted' && (severity === 'critical' || severity === 'serious'))
    return {
      kind: 'failed',
      type: severity,
      message: `${story}: ${outcomeText(outcome)}`,
      detail: [advice?.why ?? '', advice?.setting?.setting ?? ''].join('\n').trim(),
    }
  return { kind: 'passed', output: outcomeText(outcome) }
}
