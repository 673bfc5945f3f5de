/** A check for CI servers: one test case a step. */
import type { CheckReport } from './report.ts'
import { allSteps, type Step } from './step.ts'

export function junitReport(report: CheckReport): string {
  const steps = allSteps(report.steps).filter(
    ({ steps: inner }) => inner.length === 0 || !inner.some(({ outcome }) => outcome === 'failed'),
  )
  const count = (outcome: Step['outcome']): number => steps.filter((step) => step.outcome === outcome).length
  const head =
    `name=${quoted(`siplab check ${report.target}`)} tests="${steps.length}" failures="${count('failed')}" ` +
    `skipped="${count('not-tried')}" errors="0" time="${seconds(report.ms)}" timestamp=${quoted(report.at)}`
  const cases = steps.map((step) => testCase(step, report)).join('')
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n  <testsuite ${head}>\n${cases}  </testsuite>\n` +
    '</testsuites>\n'
  )
}

function testCase(step: Step, { target, profile }: CheckReport): string {
  const open =
    `    <testcase classname=${quoted(`${target}.${profile}`)} name=${quoted(`${step.id}: ${step.title}`)} ` +
    `time="${seconds(step.ms)}"`
  switch (step.outcome) {
    case 'failed':
      return (
        `${open}>\n      <failure type=${quoted(step.code)} message=${quoted(step.sentence)}>` +
        `${escaped(detail(step))}</failure>\n    </testcase>\n`
      )
    case 'not-tried':
      return `${open}>\n      <skipped message=${quoted(step.sentence)}/>\n    </testcase>\n`
    case 'warning':
    case 'note':
      return `${open}>\n      <system-out>${escaped(`${step.code}: ${detail(step)}`)}</system-out>\n    </testcase>\n`
    case 'ok':
      return `${open}/>\n`
    default:
      return step.outcome satisfies never
  }
}

function detail({ sentence, remedy, verdict }: Step): string {
  const others = (verdict?.others ?? []).map(({ code, message }) => `also ${code}: ${message}`)
  return [sentence, ...others, ...(remedy === undefined ? [] : [`remedy: ${remedy}`])].join('\n')
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

function quoted(text: string): string {
  return `"${escaped(text)}"`
}

/** XML 1.0 knows no control characters but tab and line ends; what a server sent may hold any. */
export function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '.')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
