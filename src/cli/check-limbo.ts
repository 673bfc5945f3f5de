/** `siplab check --limbo FILE`: scores the examiner against a corpus of path-validation cases. */
import { readNamed } from './named-file.ts'
import { CertificateError, judgeLimbo } from '../certificates/examine/index.ts'
import type { LimboOutcome } from '../certificates/examine/index.ts'
import { UsageError } from './usage-error.ts'
import { paint } from './io.ts'
import type { Io } from './io.ts'

export function checkLimbo(io: Io, options: { readonly json?: true }, name: string): void {
  const corpus = readNamed(io, '--limbo', name).toString('utf8')
  const cases: LimboOutcome[] = []
  try {
    for (const outcome of judgeLimbo(corpus, new Date())) {
      cases.push(outcome)
      if (options.json !== true) io.out(line(io, outcome))
    }
  } catch (error) {
    if (error instanceof CertificateError) throw new UsageError(`${name}: ${error.message}`, { cause: error })
    throw error
  }
  const right = cases.filter(({ expected, verdict }) => expected === verdict).length
  if (options.json === true) io.out(`${JSON.stringify({ cases, right, total: cases.length })}\n`)
  else io.out(`${right} of ${cases.length} right\n`)
}

function line(io: Io, { id, expected, verdict, codes }: LimboOutcome): string {
  const mark = expected === verdict ? paint(io.colours.out, 'green', 'right') : paint(io.colours.out, 'red', 'WRONG')
  return (
    `${mark} ${id}: ${verdict}${expected === verdict ? '' : `, expected ${expected}`}` +
    `${codes.length === 0 ? '' : ` (${codes.join(', ')})`}\n`
  )
}
