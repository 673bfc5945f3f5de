/** Checks as CSV (RFC 4180), one row a step: for spreadsheets and for `grep`. */
import { allSteps } from './step.ts'
import type { CheckReport } from './report.ts'
import { severityOf } from './severity.ts'

const columns = [
  'target',
  'profile',
  'at',
  'step',
  'title',
  'outcome',
  'severity',
  'code',
  'sentence',
  'remedy',
  'valid_until',
  'ms',
] as const

export function csvReport(reports: readonly CheckReport[]): string {
  const rows = reports.flatMap(({ target, profile, at, steps }) =>
    allSteps(steps).map((step) => [
      target,
      profile,
      at,
      step.id,
      step.title,
      step.outcome,
      severityOf(step),
      step.code,
      step.sentence,
      step.remedy ?? '',
      String(step.evidence['validUntil'] ?? ''),
      String(step.ms),
    ]),
  )
  return [columns, ...rows].map((cells) => `${cells.map(cell).join(',')}\r\n`).join('')
}

/**
 * Servers write some of these texts, and a spreadsheet reads a cell that begins with `=` as a formula, also behind
 * blanks and in its wide form: an apostrophe precedes it.
 */
function cell(text: string): string {
  const harmless = /^[\t\r\n]|^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text
  return `"${harmless.replaceAll('"', '""')}"`
}
