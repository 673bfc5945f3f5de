/** Results for CI servers, as JUnit XML. */
import { escaped } from './markup.ts'

export interface JunitCase {
  /** e.g. `fe1.communicator` */
  readonly group: string
  readonly name: string
  readonly ms: number
  readonly result: JunitResult
}

export type JunitResult =
  | {
      readonly kind: 'passed'
      /** What a reader should know all the same; absent: nothing. */
      readonly output?: string
    }
  | { readonly kind: 'failed'; readonly type?: string; readonly message: string; readonly detail: string }
  | { readonly kind: 'skipped'; readonly because?: string }

export interface JunitSuite {
  readonly name: string
  /** ISO 8601. */
  readonly at: string
  readonly ms: number
  readonly cases: readonly JunitCase[]
}

/** @param name of the whole run, e.g. `siplab scenarios` */
export function junit(name: string, suites: readonly JunitSuite[]): string {
  const cases = suites.flatMap((suite) => suite.cases)
  const ms = suites.reduce((sum, suite) => sum + suite.ms, 0)
  const head = attributes({ name, tests: cases.length, failures: count(cases, 'failed'), time: seconds(ms) })
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${head}>\n${suites.map(suiteElement).join('')}` +
    '</testsuites>\n'
  )
}

function suiteElement({ name, at, ms, cases }: JunitSuite): string {
  const head = attributes({
    name,
    tests: cases.length,
    failures: count(cases, 'failed'),
    skipped: count(cases, 'skipped'),
    errors: 0,
    time: seconds(ms),
    timestamp: at,
  })
  return `  <testsuite${head}>\n${cases.map(caseElement).join('')}  </testsuite>\n`
}

function caseElement({ group, name, ms, result }: JunitCase): string {
  const head = `    <testcase${attributes({ classname: group, name, time: seconds(ms) })}`
  const body = resultElement(result)
  return body === '' ? `${head}/>\n` : `${head}>${body}</testcase>\n`
}

function resultElement(result: JunitResult): string {
  switch (result.kind) {
    case 'passed':
      return result.output === undefined ? '' : `<system-out>${escaped(result.output)}</system-out>`
    case 'failed': {
      const { type, message, detail } = result
      return `<failure${attributes({ type, message })}>${escaped(detail)}</failure>`
    }
    case 'skipped':
      return `<skipped${attributes({ message: result.because })}/>`
    default:
      return result satisfies never
  }
}

function attributes(values: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(values)
    .map(([name, value]) => (value === undefined ? '' : ` ${name}="${escaped(String(value))}"`))
    .join('')
}

function count(cases: readonly JunitCase[], kind: JunitResult['kind']): number {
  return cases.filter(({ result }) => result.kind === kind).length
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}
