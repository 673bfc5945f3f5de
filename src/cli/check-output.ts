/** What becomes of a finished check: the answer on stdout, a report in a file, expectations held against it. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  csvReport,
  differences,
  ExpectError,
  htmlReport,
  junitReport,
  readExpectations,
  type CheckReport,
  type Difference,
} from '../check/index.ts'
import { readNamed, requireWritable } from './named-file.ts'
import { UsageError } from './usage-error.ts'
import { paint, type Io } from './io.ts'
import { packageVersion } from './package.ts'
import { withPath } from '../verdicts/machine-limit.ts'

type ReportKind = 'html' | 'junit' | 'json' | 'csv'

export interface OutputOptions {
  readonly json?: true
  readonly expect?: string
  readonly report?: ReportKind
  readonly output?: string
}

/**
 * @param document what `--json` prints
 * @param overview markup above the steps of an HTML report
 * @returns true when all is well, or all is as expected
 */
export function finishReport(
  io: Io,
  report: CheckReport,
  document: unknown,
  text: () => string,
  options: OutputOptions,
  overview?: string,
): boolean {
  const different = options.expect === undefined ? undefined : differences(expectations(io, options.expect), report)
  const toFile = options.report !== undefined && options.output !== undefined
  if (options.report !== undefined) writeReport(io, render(options.report, report, document, overview), options)
  if (options.report === undefined || toFile) {
    const expectation =
      different === undefined ? {} : { expected: { ok: different.length === 0, differences: different } }
    io.out(options.json === true ? `${JSON.stringify({ ...(document as object), ...expectation })}\n` : text())
  }
  if (different !== undefined && options.json !== true) io.err(differencesText(io, different))
  return different === undefined ? report.ok : different.length === 0
}

function render(kind: ReportKind, report: CheckReport, document: unknown, overview?: string): string {
  switch (kind) {
    case 'html':
      return htmlReport(report, `siplab ${packageVersion()}`, overview)
    case 'junit':
      return junitReport(report)
    case 'csv':
      return csvReport([report])
    case 'json':
      return `${JSON.stringify(document, undefined, 2)}\n`
    default:
      return kind satisfies never
  }
}

export function writeReport(io: Io, text: string, { output, report }: Pick<OutputOptions, 'output' | 'report'>): void {
  if (output === undefined) return io.out(text)
  const file = resolve(io.workingFolder, output)
  requireWritable(io, '--output', output)
  withPath(file, () => writeFileSync(file, text))
  io.err(`${report ?? ''} report in ${file}\n`)
}

/** Read before anything is dialled, so that a mistake in the file costs no connection. */
export function expectations(io: Io, name: string): ReturnType<typeof readExpectations> {
  const file = resolve(io.workingFolder, name)
  try {
    return readExpectations(readNamed(io, '--expect', name).toString('utf8'), file)
  } catch (cause) {
    if (cause instanceof ExpectError) throw new UsageError(cause.message, { cause })
    throw cause
  }
}

function differencesText(io: Io, different: readonly Difference[]): string {
  if (different.length === 0) return `${paint(io.colours.err, 'green', 'as expected')}\n`
  return different
    .map(
      ({ step, expected, found }) =>
        `${paint(io.colours.err, 'red', 'not as expected')} ${step}: wanted ${expected}, found ${found}\n`,
    )
    .join('')
}
