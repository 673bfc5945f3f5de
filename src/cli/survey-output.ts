/** What becomes of a finished survey: text, a report, expectations, the exit status. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  type Advice,
  readSurveyExpectations,
  type Survey,
  SurveyExpectError,
  surveyHtml,
  surveyJunit,
  surveyText,
  totalsOf,
  type Unmet,
  unmetBy,
} from '../survey/index.ts'
import { readNamed, requireWritable } from './named-file.ts'
import type { ExitStatus } from './failure.ts'
import { harmlessLine } from '../reports/harmless.ts'
import { type Io, paint } from './io.ts'
import { UsageError } from './usage-error.ts'
import { withPath } from '../verdicts/machine-limit.ts'

export interface SurveyOutputOptions {
  readonly json?: true
  readonly expect?: string
  readonly report?: 'html' | 'junit' | 'json'
  readonly output?: string
}

type Expectations = ReturnType<typeof readSurveyExpectations>

/** Read before anything is dialled, so that a mistake in the file costs no connection. */
export function surveyExpectations(io: Io, { expect, report, output }: SurveyOutputOptions): Expectations | undefined {
  if (output !== undefined && report === undefined)
    throw new UsageError('--output FILE needs --report html, junit or json')
  requireWritable(io, '--output', output)
  if (expect === undefined) return undefined
  const file = resolve(io.workingFolder, expect)
  try {
    return readSurveyExpectations(readNamed(io, '--expect', expect).toString('utf8'), file)
  } catch (cause) {
    if (cause instanceof SurveyExpectError) throw new UsageError(cause.message, { cause })
    throw cause
  }
}

/** 0: whole, and as expected or without a critical fault. 1 otherwise. */
export function finishSurvey(
  io: Io,
  survey: Survey,
  advice: readonly Advice[],
  options: SurveyOutputOptions,
  expected: Expectations | undefined,
): ExitStatus {
  const unmet = expected === undefined ? undefined : unmetBy(survey, expected)
  const document = {
    ...survey,
    totals: totalsOf(survey),
    accepted: advice,
    ...(unmet === undefined ? {} : { expected: { ok: unmet.length === 0, differences: unmet } }),
  }
  if (options.report !== undefined) writeReport(io, render(options.report, survey, advice, document), options)
  if (options.report === undefined || options.output !== undefined)
    io.out(options.json === true ? `${JSON.stringify(document)}\n` : plain(surveyText(survey, advice)))
  if (unmet !== undefined && options.json !== true) io.err(unmetText(io, unmet))
  const whole = survey.stopped === undefined
  return whole && (unmet === undefined ? totalsOf(survey).accepted.critical === 0 : unmet.length === 0) ? 0 : 1
}

function plain(text: string): string {
  return text.split('\n').map(harmlessLine).join('\n')
}

function render(
  kind: NonNullable<SurveyOutputOptions['report']>,
  survey: Survey,
  advice: readonly Advice[],
  document: unknown,
): string {
  switch (kind) {
    case 'html':
      return surveyHtml(survey, advice)
    case 'junit':
      return surveyJunit(survey, advice)
    case 'json':
      return `${JSON.stringify(document, undefined, 2)}\n`
    default:
      return kind satisfies never
  }
}

function writeReport(io: Io, text: string, { output, report }: SurveyOutputOptions): void {
  if (output === undefined) return io.out(text)
  const file = resolve(io.workingFolder, output)
  requireWritable(io, '--output', output)
  withPath(file, () => writeFileSync(file, text))
  io.err(`${report ?? ''} report in ${file}\n`)
}

function unmetText(io: Io, unmet: readonly Unmet[]): string {
  if (unmet.length === 0) return `${paint(io.colours.err, 'green', 'as expected')}\n`
  return unmet
    .map(
      ({ what, expected, found }) =>
        `${paint(io.colours.err, 'red', 'not as expected')} ${what}: wanted ${expected}, found ${found}\n`,
    )
    .join('')
}
