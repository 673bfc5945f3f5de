/** docs/survey.json: what was found, one trial a line. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

const run = z.strictObject({
  program: z.string(),
  /** `OpenSSL 3.0.22`. */
  version: z.string(),
  /** Of the program. */
  role: z.enum(['acceptor', 'dialler']),
  tls: z.enum(['1.2', '1.3']),
  /** In the words of its configuration. */
  set: z.string(),
  /** Day of the run. */
  at: z.string(),
  seconds: z.number(),
  /** Why not all was tried. */
  stopped: z.string().optional(),
  trials: z.array(
    z.strictObject({
      /** Slug of the catalogue. */
      fault: z.string(),
      outcome: z.enum(['accepted', 'refused', 'unclear', 'cannot']),
      /** `sip`, `data`, `open`; `alert 45`, `close`, `reset`, `answer`, `does not start`. */
      how: z.string().optional(),
      /** What it means that it is accepted; absent: nothing is wrong with what was shown. */
      severity: z.enum(['critical', 'serious', 'remark']).optional(),
      /** What the end of siplab saw, and what the program printed. */
      siplab: z.string(),
      stack: z.string(),
    }),
  ),
})
export type MatrixRun = z.infer<typeof run>
export type MatrixTrial = MatrixRun['trials'][number]
export type Role = MatrixRun['role']

const matrix = z.strictObject({
  matrix: z.literal(1),
  /** What made it. */
  command: z.string(),
  processor: z.string(),
  runs: z.array(run),
  /** Programs and roles that were not run. */
  missing: z.array(
    z.strictObject({ program: z.string(), role: z.enum(['acceptor', 'dialler', 'both']), why: z.string() }),
  ),
})
export type Matrix = z.infer<typeof matrix>

export function readMatrix(file: string): Matrix {
  if (!existsSync(file)) return { matrix: 1, command: '', processor: '', runs: [], missing: [] }
  return matrix.parse(JSON.parse(readFileSync(file, 'utf8')))
}

/** One trial a line, so that a later run shows as the lines that changed. */
export function writeMatrix(file: string, { runs, missing, ...head }: Matrix): void {
  const text = runs.map(({ trials, ...about }) => {
    const lines = trials.map((trial) => JSON.stringify(trial)).join(',\n')
    return `${JSON.stringify(about).slice(0, -1)},"trials":[\n${lines}\n]}`
  })
  const open = JSON.stringify({ ...head, missing }).slice(0, -1)
  writeFileSync(file, `${open},"runs":[\n${text.join(',\n')}\n]}\n`)
}

/** New runs take the place of older ones of the same program, role and version. */
export function merged(old: Matrix, fresh: readonly MatrixRun[], order: readonly string[]): readonly MatrixRun[] {
  const key = ({ program, role, tls }: MatrixRun): string => `${program}/${role}/${tls}`
  const all = new Map([...old.runs, ...fresh].map((each) => [key(each), each]))
  const place = ({ program }: MatrixRun): number => order.indexOf(program)
  return [...all.values()].toSorted((a, b) => place(a) - place(b) || (key(a) < key(b) ? -1 : 1))
}
