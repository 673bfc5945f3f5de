/**
 * Runs the remedy that siplab prints for each fault of the catalogue, word for word, on a lab that is simply broken: no
 * record of the fault is kept. Exit status 1 when a remedy failed, or less than 90 % are cured by a command.
 *
 *     node scripts/remedies.ts [--all] [--seed N] [--only FAULT[,FAULT]] [--cases N] [--network N] [--write FILE]
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { foreignCauses, tryForeign } from './remedies/foreign.ts'
import { openTrialLab } from './remedies/lab.ts'
import { stacks } from './remedies/servers.ts'
import { remediesPage, summary } from './remedies/page.ts'
import { actingCases, allCases, type Case, type Row, tryRemedy } from './remedies/trial.ts'

const usualSeed = 2006
/** Of the catalogue; with the foreign servers about three minutes on two cores. */
const sampleCases = 110

async function run(): Promise<number> {
  const { values } = parseArgs({
    allowPositionals: false,
    options: {
      all: { type: 'boolean' },
      only: { type: 'string' },
      seed: { type: 'string' },
      cases: { type: 'string' },
      network: { type: 'string' },
      write: { type: 'string' },
    },
  })
  const seed = Number(values.seed ?? usualSeed)
  const every = allCases().filter(({ fault }) => values.only?.split(',').includes(fault) ?? true)
  const whole = values.all === true || values.only !== undefined
  const cases = whole ? every : shuffled(every, seed).slice(0, Number(values.cases ?? sampleCases))
  if (values.all !== true) process.stdout.write(`seed ${seed}\n`)
  const rows = await tryAll(cases, values.network === undefined ? undefined : Number(values.network))
  process.stdout.write(summary(rows, every.length))
  const foreign =
    values.only === undefined
      ? await tryForeign(values.all === true, (row) => process.stdout.write(lineOf(row, 0)))
      : []
  if (foreign.length > 0) process.stdout.write(summary(foreign, stacks.length * foreignCauses.length))
  if (values.write !== undefined)
    writeFileSync(
      values.write,
      remediesPage([...rows, ...actingCases()], foreign, new Date().toISOString().slice(0, 10)),
    )
  return isGood(rows) && (foreign.length === 0 || isGood(foreign)) ? 0 : 1
}

/** One after the other, each topology on one lab. */
async function tryAll(cases: readonly Case[], network: number | undefined): Promise<readonly Row[]> {
  const rows: Row[] = []
  const labOf = ({ topology, movesClock }: Case): string => `${topology ?? 'edge'} ${movesClock === true}`
  for (const [, own] of Map.groupBy(cases, labOf)) {
    const [first] = own
    const lab = await openTrialLab(first?.topology ?? 'edge', network, first?.movesClock === true)
    try {
      for (const one of own) {
        const began = performance.now()
        const row = await tryRemedy(lab, one)
        rows.push(row)
        process.stdout.write(lineOf(row, performance.now() - began))
      }
    } finally {
      await lab.stop()
    }
  }
  return rows
}

function lineOf({ fault, target, as, tls, column, code = '', remedy = '', because }: Row, ms: number): string {
  const why = because === undefined || because === remedy ? '' : `\n    ${because}`
  const where = [target, as, tls].filter((each) => each !== undefined).join(' ')
  return `${column.padEnd(8)} ${fault} ${where}: ${code}; ${remedy}${why} (${Math.round(ms)} ms)\n`
}

function isGood(rows: readonly Row[]): boolean {
  const counted = rows.filter(({ column }) => column === 'cured' || column === 'person' || column === 'failed')
  const cured = counted.filter(({ column }) => column === 'cured').length
  return counted.length > 0 && counted.every(({ column }) => column !== 'failed') && cured >= 0.9 * counted.length
}

/** Mulberry32: the same order for the same seed. */
function shuffled<T>(all: readonly T[], seed: number): readonly T[] {
  let state = seed >>> 0
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    const one = Math.imul(state ^ (state >>> 15), state | 1)
    const two = one ^ (one + Math.imul(one ^ (one >>> 7), one | 61))
    return ((two ^ (two >>> 14)) >>> 0) / 2 ** 32
  }
  return all
    .map((value) => ({ value, key: random() }))
    .toSorted((one, other) => one.key - other.key)
    .map(({ value }) => value)
}

process.exit(await run())
