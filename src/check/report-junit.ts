/** A check for CI servers: one test case a step. */
import { junit, type JunitResult } from '../reports/junit.ts'
import type { CheckReport } from './report.ts'
import { allSteps, type Step } from './step.ts'

export function junitReport(report: CheckReport): string {
  const { target, profile, at, ms } = report
  const name = `siplab check ${target}`
  const steps = allSteps(report.steps).filter(
    ({ steps: inner }) => inner.length === 0 || !inner.some(({ outcome }) => outcome === 'failed'),
  )
  const cases = steps.map((step) => ({
    group: `${target}.${profile}`,
    name: `${step.id}: ${step.title}`,
    ms: step.ms,
    result: resultOf(step),
  }))
  return junit(name, [{ name, at, ms, cases }])
}

function resultOf(step: Step): JunitResult {
  const { outcome, code, sentence } = step
  switch (outcome) {
    case 'failed':
      return { kind: 'failed', type: code, message: sentence, detail: detail(step) }
    case 'not-tried':
      return { kind: 'skipped', because: sentence }
    case 'warning':
    case 'note':
      return { kind: 'passed', output: `${code}: ${detail(step)}` }
    case 'ok':
      return { kind: 'passed' }
    default:
      return outcome satisfies never
  }
}

function detail({ sentence, remedy, verdict }: Step): string {
  const others = (verdict?.others ?? []).map(({ code, message }) => `also ${code}: ${message}`)
  return [sentence, ...others, ...(remedy === undefined ? [] : [`remedy: ${remedy}`])].join('\n')
}
