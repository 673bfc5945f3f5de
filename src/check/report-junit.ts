/** A check for CI servers: one test case a step. */
import { junit, type JunitResult, type JunitSuite } from '../reports/junit.ts'
import type { CheckReport } from './report.ts'
import { severityOf } from './severity.ts'
import { allSteps, type Step } from './step.ts'

export function junitReport(...reports: readonly CheckReport[]): string {
  const [only] = reports
  const name = only !== undefined && reports.length === 1 ? suiteName(only) : 'siplab check --targets'
  return junit(name, reports.map(suite))
}

function suiteName({ target }: CheckReport): string {
  return `siplab check ${target}`
}

function suite(report: CheckReport): JunitSuite {
  const { target, profile, at, ms } = report
  const steps = allSteps(report.steps).filter(
    ({ steps: inner }) => inner.length === 0 || !inner.some(({ outcome }) => outcome === 'failed'),
  )
  const cases = steps.map((step) => ({
    group: `${target}.${profile}`,
    name: `${step.id}: ${step.title}`,
    ms: step.ms,
    result: resultOf(step),
  }))
  return { name: suiteName(report), at, ms, cases }
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

function detail(step: Step): string {
  const { sentence, remedy, verdict } = step
  const others = (verdict?.others ?? []).map(({ code, message }) => `also ${code}: ${message}`)
  return [
    sentence,
    `severity: ${severityOf(step)}`,
    ...others,
    ...(remedy === undefined ? [] : [`remedy: ${remedy}`]),
  ].join('\n')
}
