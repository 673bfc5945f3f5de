/**
 * Every cell of the law that can be played, live. `tap` walks a sample on two labs; `npm run attack -- --all` walks the
 * whole on all four, and `npm run attack -- --cells 200 --seed 7 edge` another sample of one lab. With `--doors 60` the
 * cells at other transports (WSS, UDP, TCP in the clear) are a sample of that size (`.ci/jobs/attack`).
 */
import { parseArgs } from 'node:util'
import t from 'tap'
import { findHaproxy } from '../../src/lab/nodes/haproxy.ts'
import { withLab } from '../support/lab.ts'
import { sceneOf } from '../support/law-players.ts'
import { postgresqlMissing } from '../support/postgresql.ts'
import { sampleOf, stepsOf, walk } from '../support/law-walk.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    cells: { type: 'string', default: '40' },
    doors: { type: 'string' },
    seed: { type: 'string', default: '20051128' },
  },
})
const seed = Number(values.seed)
const cells = values.all ? Infinity : Number(values.cells)
const doors = values.doors === undefined ? cells : Number(values.doors)
if (!Number.isInteger(seed) || !(cells > 0) || !(doors > 0))
  throw new RangeError('--seed is an integer, --cells and --doors counts above 0')
const topologies = ['standard', 'edge', 'federation', 'pool'] as const
const sampled: readonly string[] = values.all ? topologies : ['standard', 'edge']

t.setTimeout(280_000)

const wanted = positionals.length === 0 ? sampled : positionals

for (const topology of topologies.filter((name) => wanted.includes(name))) {
  const skip = topology === 'pool' ? ((await poolMissing()) ?? false) : false
  t.test(`the law, walked on the lab ${topology}`, { skip }, async (t) => {
    const lab = await withLab(t, topology)
    const scene = await sceneOf(t, lab, topology)
    const all = stepsOf(scene)
    const usual = all.filter(({ place: { door } }) => door === undefined)
    const others = all.filter(({ place: { door } }) => door !== undefined)
    const steps = [...sampleOf(usual, cells, seed), ...sampleOf(others, doors, seed)]
    const counts = await walk(t, scene, steps)
    t.comment(`${topology}: ${steps.length} of ${all.length} cells, seed ${seed}`)
    for (const [key, count] of [...counts].sort()) t.comment(`  ${key}: ${count}`)
  })
}

/** What the lab of a pool wants from the machine and does not find. */
async function poolMissing(): Promise<string | undefined> {
  if (findHaproxy() === undefined) return 'HAProxy is not installed (apt-get install haproxy)'
  return postgresqlMissing()
}
