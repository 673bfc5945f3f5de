/** Expectations for CI: step -> code, held against what a check found. */
import { parse } from 'yaml'
import type { CheckReport } from './report.ts'
import { allSteps } from './step.ts'

export interface Difference {
  /** Step id; `check` is the whole. */
  readonly step: string
  readonly expected: string
  /** `absent` when there was no such step. */
  readonly found: string
}

export type Expectations = ReadonlyMap<string, string>

export class ExpectError extends Error {
  override readonly name = 'ExpectError'
}

/**
 * Reads `certificate: cert.expired` lines, as YAML or JSON. `check` stands for the whole check.
 *
 * @throws ExpectError
 */
export function readExpectations(text: string, file: string): Expectations {
  const content: unknown = parseText(text, file)
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new ExpectError(`${file}: wanted lines of step: code, such as "certificate: cert.expired"`)
  const entries = Object.entries(content).map(([step, code]): readonly [string, string] => {
    if (typeof code !== 'string')
      throw new ExpectError(`${file}: ${step}: wanted a code such as ok or cert.expired, found ${JSON.stringify(code)}`)
    return [step, code]
  })
  if (entries.length === 0) throw new ExpectError(`${file}: no expectation in it`)
  return new Map(entries)
}

/** What is not as expected. A step that ran several times counts by its last run. */
export function differences(expected: Expectations, report: CheckReport): readonly Difference[] {
  const found = new Map([
    ...allSteps(report.steps).map(({ id, code }) => [id, code] as const),
    ['check', report.code] as const,
  ])
  return [...expected].flatMap(([step, code]) => {
    const seen = found.get(step) ?? 'absent'
    return seen === code ? [] : [{ step, expected: code, found: seen }]
  })
}

function parseText(text: string, file: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 })
  } catch (error) {
    if (error instanceof Error) throw new ExpectError(`${file}: ${error.message}`, { cause: error })
    throw error
  }
}
