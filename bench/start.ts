/**
 * How long a command of siplab takes before it does anything: `node bench/start.ts --rounds 10`. Whole processes,
 * started without npx, from the bundle and from the sources in turn; medians, less that of `node -e 0`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const door = join(import.meta.dirname, '..', 'src', 'cli', 'siplab.mjs')

/** With the exit status of a run that did its work. */
const rows: readonly { readonly args: readonly string[]; readonly status: number }[] = [
  { args: ['--version'], status: 0 },
  { args: ['status'], status: 1 },
  { args: ['explain', 'error:0A000418:SSL routines::tlsv1 alert unknown ca'], status: 0 },
  { args: ['plan', 'edge'], status: 0 },
  { args: ['faults', 'list'], status: 0 },
]

/** An empty folder: no lab is found. */
const folder = mkdtempSync(join(tmpdir(), 'siplab-start-'))

/** Milliseconds. */
function took(args: readonly string[], wanted: number, environment: Readonly<Record<string, string>> = {}): number {
  const began = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, ...environment },
  })
  const ms = performance.now() - began
  if (status !== wanted) throw new Error(`${args.join(' ')}: wanted exit ${wanted}, found ${status}: ${stderr}`)
  return ms
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' }, json: { type: 'boolean' } } })
const rounds = Number(values.rounds)
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds: wanted a count, found ${values.rounds}`)

try {
  const results = rows.map(({ args, status }) => {
    const taken = { empty: [] as number[], bundle: [] as number[], sources: [] as number[] }
    for (let round = 0; round <= rounds; round++) {
      const each = {
        empty: took(['-e', '0'], 0),
        bundle: took([door, ...args], status),
        sources: took([door, ...args], status, { SIPLAB_DEBUG: '1' }),
      }
      // The first round fills the cache of compiled code.
      if (round === 0) continue
      for (const key of ['empty', 'bundle', 'sources'] as const) taken[key].push(each[key])
    }
    const empty = median(taken.empty)
    return {
      command: args.join(' '),
      emptyMs: Math.round(empty),
      bundleMs: Math.round(median(taken.bundle) - empty),
      sourcesMs: Math.round(median(taken.sources) - empty),
    }
  })
  if (values.json === true) console.log(JSON.stringify({ processor: cpus()[0]?.model, rounds, results }))
  else {
    console.log(`${cpus()[0]?.model}, ${cpus().length} cores, medians of ${rounds}, in ms over node -e 0`)
    console.table(results)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
