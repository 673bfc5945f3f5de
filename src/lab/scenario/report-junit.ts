/** Results as JUnit XML: a suite for each scenario, a case for each step that does or expects something. */
import type { ScenarioResult, StepResult } from './run.ts'

export function junitReport(results: readonly ScenarioResult[]): string {
  const suites = results.map(suite)
  const cases = results.flatMap(casesOf)
  const seconds = results.reduce((sum, { tookMs }) => sum + tookMs, 0) / 1000
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<testsuites name="siplab scenarios" tests="${cases.length}" failures="${failuresIn(cases)}" ` +
    `time="${seconds.toFixed(3)}">\n${suites.join('')}</testsuites>\n`
  )
}

interface Case {
  readonly name: string
  readonly tookMs: number
  readonly outcome: StepResult['outcome']
  readonly message: string
  readonly detail: string
}

function suite(result: ScenarioResult): string {
  const cases = casesOf(result)
  const skipped = cases.filter(({ outcome }) => outcome === 'skipped').length
  const head =
    `name="${xml(result.name)}" tests="${cases.length}" failures="${failuresIn(cases)}" ` +
    `skipped="${skipped}" time="${(result.tookMs / 1000).toFixed(3)}" timestamp="${result.startedAt}"`
  return `  <testsuite ${head}>\n${cases.map((each) => testcase(result, each)).join('')}  </testsuite>\n`
}

/** A scenario without a step (skipped, or its lab did not come up) is one case. */
function casesOf({ name, steps, outcome, because = '', tookMs }: ScenarioResult): readonly Case[] {
  if (steps.length === 0) return [{ name, tookMs, outcome, message: because, detail: '' }]
  return steps
    .filter(({ kind }) => kind !== 'say')
    .map(({ line, text, outcome: reached, tookMs: took, wanted = '', found = '', next = '' }) => ({
      name: `line ${line}: ${text}`,
      tookMs: took,
      outcome: reached,
      message: `wanted ${wanted}`,
      detail: `found: ${found}\nlook at: ${next}`,
    }))
}

function testcase({ name: suiteName }: ScenarioResult, { name, tookMs, outcome, message, detail }: Case): string {
  const head = `    <testcase classname="${xml(suiteName)}" name="${xml(name)}" time="${(tookMs / 1000).toFixed(3)}"`
  if (outcome === 'passed') return `${head}/>\n`
  if (outcome === 'skipped') return `${head}><skipped/></testcase>\n`
  return `${head}><failure message="${xml(message)}">${xml(detail)}</failure></testcase>\n`
}

function failuresIn(cases: readonly Case[]): number {
  return cases.filter(({ outcome }) => outcome === 'failed').length
}

/** XML 1.0 has no place for control characters, escaped or not. */
function xml(text: string): string {
  return text
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
