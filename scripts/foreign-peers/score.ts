/** One run, and what its answer is worth. */
import type { Verdict } from '../../src/verdicts/verdict.ts'
import type { Case } from './cases.ts'

export interface Row {
  readonly stack: string
  readonly tls: string
  /** Who dialled, and who judged: `check dials, refuses`. */
  readonly way: string
  readonly fault: string
  readonly truth: readonly string[]
  /** The code that was answered; undefined: all is well, or there was no answer. */
  readonly code: string | undefined
  /** Causes, likeliest first; one alone where a single cause was stated. */
  readonly causes: readonly string[]
  /** One cause was stated as the cause. */
  readonly single: boolean
  readonly inFirstThree: boolean
  readonly falseSingle: boolean
  readonly ms: number
}

export function score(
  run: Pick<Row, 'stack' | 'tls' | 'way' | 'ms'>,
  { slug, truth }: Pick<Case, 'slug' | 'truth'>,
  answer: Verdict | undefined,
): Row {
  const causes = causesOf(answer)
  const single = causes.length === 1
  const wanted = new Set<string>(truth)
  return {
    ...run,
    fault: slug,
    truth,
    code: answer?.code,
    causes,
    single,
    inFirstThree: truth.length === 0 ? causes.length === 0 : causes.slice(0, 3).some((code) => wanted.has(code)),
    falseSingle: single && causes.some((code) => !wanted.has(code)),
  }
}

/** Codes that state what happened and no cause of it. */
const withoutCause = /^(?:link|flow|sip)\.|^tls\.(?:peer-refused|alert|handshake-failed|handshake-timeout)$/

function causesOf(answer: Verdict | undefined): readonly string[] {
  if (answer === undefined) return []
  if (answer.candidates !== undefined) return answer.candidates.map(({ code }) => code)
  return withoutCause.test(answer.code) ? [] : [answer.code]
}

export interface Shares {
  readonly runs: number
  readonly inFirstThree: number
  readonly single: number
  readonly falseSingle: number
}

export function shares(rows: readonly Row[]): Shares {
  const count = (holds: (row: Row) => boolean): number => rows.filter(holds).length
  return {
    runs: rows.length,
    inFirstThree: count((row) => row.inFirstThree),
    single: count((row) => row.single),
    falseSingle: count((row) => row.falseSingle),
  }
}
