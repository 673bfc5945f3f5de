/** Results as JUnit XML: a suite for each scenario, a case for each step that does or expects something. */
import { junit, type JunitCase, type JunitResult } from '../../reports/junit.ts'
import type { ScenarioResult } from './run.ts'

export function junitReport(results: readonly ScenarioResult[]): string {
  return junit(
    'siplab scenarios',
    results.map((result) => ({
      name: result.name,
      at: result.startedAt,
      ms: result.tookMs,
      cases: casesOf(result),
    })),
  )
}

/** A scenario without a step (skipped, or its lab did not come up) is one case. */
function casesOf({ name: group, steps, outcome, because = '', tookMs }: ScenarioResult): readonly JunitCase[] {
  if (steps.length === 0)
    return [{ group, name: group, ms: tookMs, result: resultOf(outcome, { message: because, detail: '' }) }]
  return steps
    .filter(({ kind }) => kind !== 'say')
    .map(({ line, text, outcome: reached, tookMs: ms, wanted = '', found = '', next = '' }) => ({
      group,
      name: `line ${line}: ${text}`,
      ms,
      result: resultOf(reached, { message: `wanted ${wanted}`, detail: `found: ${found}\nlook at: ${next}` }),
    }))
}

function resultOf(
  outcome: ScenarioResult['outcome'],
  failure: { readonly message: string; readonly detail: string },
): JunitResult {
  return outcome === 'failed' ? { kind: 'failed', ...failure } : { kind: outcome }
}
