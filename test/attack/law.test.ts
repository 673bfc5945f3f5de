/**
 * Every cell of the law that can be played, live. `tap` walks a sample on two labs; `npm run attack -- --all` walks the
 * whole on all four; both walk a sample at a director alone and at `bench-proxy`. Another sample of one lab:
 * `npm run attack -- --cells 200 --seed 7 edge`. With `--doors 60` the cells at other transports (WSS, UDP, TCP in the
 * clear) are a sample of that size (`.ci/jobs/attack`).
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import t, { type Test } from 'tap'
import { findHaproxy } from '../../src/lab/nodes/haproxy.ts'
import { withLab } from '../support/lab.ts'
import { directorAlone, sceneOf, sceneWithoutAuthentication } from '../support/law-players.ts'
import { postgresqlMissing } from '../support/postgresql.ts'
import { sampleOf, type Scene, type Step, stepsOf, walk } from '../support/law-walk.ts'

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

t.setTimeout(600_000)

const wanted = positionals.length === 0 ? sampled : positionals
/** Of labs that only stand for one kind of border: a full walk of the others covers the rest. */
const fewCells = Math.min(cells, 60)

for (const topology of topologies.filter((name) => wanted.includes(name))) {
  const skip = topology === 'pool' ? ((await poolMissing()) ?? false) : false
  t.test(`the law, walked on the lab ${topology}`, { skip }, async (t) => {
    const lab = await withLab(t, topology)
    const scene = await sceneOf(t, lab, topology)
    const all = stepsOf(scene)
    const usual = all.filter(({ place: { door } }) => door === undefined)
    const others = all.filter(({ place: { door } }) => door !== undefined)
    const steps = [...sampleOf(usual, cells, seed), ...sampleOf(others, doors, seed)]
    await walkAll(t, topology, scene, steps, all.length)
  })
}

if (positionals.length === 0 || positionals.includes('director'))
  t.test('the law, walked at a director without an access proxy', async (t) => {
    const file = join(t.testdir({ 'director.yaml': directorAlone }), 'director.yaml')
    const lab = await withLab(t, file)
    const scene = await sceneOf(t, lab, file)
    const all = stepsOf(scene).filter(({ place }) => place.border === 'director')
    await walkAll(t, 'director', scene, sampleOf(all, fewCells, seed), all.length)
  })

if (positionals.length === 0 || positionals.includes('bench-proxy'))
  t.test('the law, walked where users are not asked who they are', async (t) => {
    const scene = await sceneWithoutAuthentication(t)
    const all = stepsOf(scene)
    await walkAll(t, 'bench-proxy', scene, sampleOf(all, fewCells, seed), all.length)
  })

async function walkAll(t: Test, name: string, scene: Scene, steps: readonly Step[], of: number): Promise<void> {
  const counts = await walk(t, scene, steps)
  t.comment(`${name}: ${steps.length} of ${of} cells, seed ${seed}`)
  for (const [key, count] of [...counts].sort()) t.comment(`  ${key}: ${count}`)
}

/** What the lab of a pool wants from the machine and does not find. */
async function poolMissing(): Promise<string | undefined> {
  if (findHaproxy() === undefined) return 'HAProxy is not installed (apt-get install haproxy)'
  return postgresqlMissing()
}
