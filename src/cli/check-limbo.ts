/** `siplab check --limbo FILE`: scores the examiner against a corpus of path-validation cases. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CertificateError, judgeLimbo } from '../certificates/examine/index.ts'
import type { LimboOutcome } from '../certificates/examine/index.ts'
import { UsageError } from './usage-error.ts'
import { paint } from './io.ts'
import type { Io } from './io.ts'

export function checkLimbo(io: Io, options: { readonly json?: true }, name: string): void {
  const file = resolve(io.workingFolder, name)
  const cases: LimboOutcome[] = []
  try {
    for (const outcome of judgeLimbo(readCorpus(file), new Date())) {
      cases.push(outcome)
      if (options.json !== true) io.out(line(io, outcome))
    }
  } catch (error) {
    if (error instanceof CertificateError) throw new UsageError(`${file}: ${error.message}`, { cause: error })
    throw error
  }
  const right = cases.filter(({ expected, verdict }) => expected === verdict).length
  if (options.json === true) io.out(`${JSON.stringify({ cases, right, total: cases.length })}\n`)
  else io.out(`${right} of ${cases.length} right\n`)
}

function readCorpus(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UsageError(
      `--limbo: wanted a readable file, found ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
}

function line(io: Io, { id, expected, verdict, codes }: LimboOutcome): string {
  const mark = expected === verdict ? paint(io.colours.out, 'green', 'right') : paint(io.colours.out, 'red', 'WRONG')
  return (
    `${mark} ${id}: ${verdict}${expected === verdict ? '' : `, expected ${expected}`}` +
    `${codes.length === 0 ? '' : ` (${codes.join(', ')})`}\n`
  )
}
