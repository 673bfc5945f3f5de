/**
 * Hours under load: `node bench/soak.ts [--minutes 2] [--seed 1] [--users 24] [--pause 1500] [--topology edge-pool]
 * [--charts FOLDER] [--json]`. A population signs in, refreshes, reconnects, calls, writes, watches presence, tries
 * wrong passwords and broken TLS; every promise of the servers is held against what came of it. Exit status 1 when
 * anything acknowledged was lost.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { launcher } from '../src/cli/package.ts'
import { type Balance, lost } from '../src/endurance/account.ts'
import { bringUpCrowded, type CrowdedLab } from '../src/endurance/crowded-lab.ts'
import { openPopulation } from '../src/endurance/population.ts'
import { configFolder, loadTopology } from '../src/topology/load.ts'
import { lineChart } from './soak/chart.ts'
import { descriptorsOf, type Point, quarterMean, readSamples, type Sample, type Series } from './soak/samples.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    users: { type: 'string', default: '24' },
    pause: { type: 'string', default: '1500' },
    topology: { type: 'string', default: 'edge-pool' },
    charts: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const megabyte = 2 ** 20
const minutes = positive('minutes', values.minutes)
const seed = positive('seed', values.seed)

/** What a server of one run held: means of the second and the last quarter, after warm-up. */
interface NodeRow {
  readonly node: string
  readonly liveMegabytes: readonly [second: number, last: number]
  readonly rssMegabytes: readonly [second: number, last: number]
  readonly descriptors: readonly [second: number, last: number]
  /** Milliseconds, of the whole run. */
  readonly loopDelay: { readonly p99: number; readonly max: number }
}

interface Report {
  readonly topology: string
  readonly minutes: number
  readonly seed: number
  readonly users: number
  readonly processor: string
  readonly lost: number
  readonly balance: Balance
  readonly nodes: readonly NodeRow[]
}

function positive(name: string, text: string): number {
  const number = Number(text)
  if (Number.isFinite(number) && number > 0) return number
  throw new Error(`--${name}: wanted a number above 0, found ${JSON.stringify(text)}`)
}

const folder = mkdtempSync(join(tmpdir(), 'siplab-soak-'))
const samples = join(folder, 'samples')
mkdirSync(samples)
const giveUp = new AbortController()
process.once('SIGINT', () => giveUp.abort())

const lab = await bringUpCrowded(
  {
    topology: loadTopology(values.topology, configFolder()),
    source: values.topology,
    data: join(folder, 'lab'),
    users: positive('users', values.users),
    movableClock: false,
    launcher,
    environment: {
      ...process.env,
      NODE_OPTIONS: `--import=${resolve(import.meta.dirname, 'soak/sampler.ts')}`,
      SOAK_SAMPLES: samples,
    },
    onProgress: (line) => process.stderr.write(`  ${line}\n`),
  },
  giveUp.signal,
)
let balance: Balance
const descriptors = new Map<string, Point[]>()
const began = Date.now()
try {
  balance = await run(lab)
} finally {
  await lab.stop()
}
const report: Report = {
  topology: values.topology,
  minutes,
  seed,
  users: lab.users.length,
  processor: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
  lost: lost(balance),
  balance,
  nodes: rows(readSamples(samples)),
}
if (values.charts !== undefined) draw(values.charts, readSamples(samples))
rmSync(folder, { recursive: true, force: true })
if (values.json) console.log(JSON.stringify(report))
else print(report)
process.exitCode = report.lost === 0 ? 0 : 1

async function run({ access, ready, users, pids }: CrowdedLab): Promise<Balance> {
  const population = openPopulation({
    lab: access,
    ready,
    users,
    seed,
    pauseMs: positive('pause', values.pause),
    troubled: () => false,
  })
  await population.start()
  for (const end = began + minutes * 60_000; Date.now() < end && !giveUp.signal.aborted; ) {
    await delay(2000)
    for (const [node, pid] of pids) noteDescriptors(node, pid)
    if (Math.floor((Date.now() - began) / 2000) % 5 === 0) await population.check()
  }
  return population.stop()
}

function noteDescriptors(node: string, pid: number): void {
  const open = descriptorsOf(pid)
  if (open === undefined) return
  const points = descriptors.get(node) ?? []
  points.push({ x: (Date.now() - began) / 1000, y: open })
  descriptors.set(node, points)
}

function points(all: readonly Sample[], value: (sample: Sample) => number | undefined): readonly Point[] {
  return all.flatMap((sample) => {
    const y = value(sample)
    return y === undefined || sample.at < began ? [] : [{ x: (sample.at - began) / 1000, y }]
  })
}

function rows(all: ReadonlyMap<string, readonly Sample[]>): readonly NodeRow[] {
  const quarters = (of: readonly Point[]): readonly [number, number] => [quarterMean(of, 1), quarterMean(of, 3)]
  return [...all].map(([node, lines]) => ({
    node,
    liveMegabytes: quarters(points(lines, ({ liveBytes }) => liveBytes && liveBytes / megabyte)),
    rssMegabytes: quarters(points(lines, ({ rss }) => rss / megabyte)),
    descriptors: quarters(descriptors.get(node) ?? []),
    loopDelay: {
      p99: percentile(points(lines, ({ late }) => late.p99)),
      max: Math.max(0, ...points(lines, ({ late }) => late.max).map(({ y }) => y)),
    },
  }))
}

/** Of the 99th percentiles of each second, that of 99 % of the seconds. */
function percentile(of: readonly Point[]): number {
  const sorted = of.map(({ y }) => y).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0
}

function draw(place: string, all: ReadonlyMap<string, readonly Sample[]>): void {
  mkdirSync(place, { recursive: true })
  const chart = (name: string, title: string, unit: string, series: readonly Series[]): void =>
    writeFileSync(join(place, `${name}.svg`), lineChart(series, { title, unit }))
  const each = (value: (sample: Sample) => number | undefined): readonly Series[] =>
    [...all].map(([name, lines]) => ({ name, points: points(lines, value) }))
  const run = `${values.topology}, ${lab.users.length} users, ${minutes} min, seed ${seed}`
  chart(
    'soak-heap',
    `Heap after a full collection: ${run}`,
    'MB',
    each(({ liveBytes }) => liveBytes && liveBytes / megabyte),
  )
  chart(
    'soak-memory',
    `Resident memory: ${run}`,
    'MB',
    each(({ rss }) => rss / megabyte),
  )
  chart(
    'soak-loop',
    `Loop delay, 99th percentile of each second: ${run}`,
    'ms',
    each(({ late }) => late.p99),
  )
  chart(
    'soak-descriptors',
    `Open descriptors: ${run}`,
    '',
    [...descriptors].map(([name, of]) => ({ name, points: of })),
  )
}

function print({ balance: { deeds, refusals, twice, losses, unlisted }, nodes, ...run }: Report): void {
  console.log(`${run.topology}, ${run.users} users, ${run.minutes} min, seed ${run.seed}, ${run.processor}`)
  console.table(deeds)
  const why = Object.entries(refusals).map(([reason, count]) => `${reason}: ${count}`)
  console.log(`refused: ${why.join(', ')}`)
  console.table(
    Object.fromEntries(
      nodes.map(({ node, liveMegabytes, rssMegabytes, descriptors: open, loopDelay }) => [
        node,
        {
          'heap MB, 2nd and last quarter': between(liveMegabytes, 1),
          'resident MB': between(rssMegabytes, 1),
          descriptors: between(open, 1),
          'loop delay p99, max ms': `${loopDelay.p99.toFixed(1)}, ${loopDelay.max.toFixed(0)}`,
        },
      ]),
    ),
  )
  if (twice > 0) console.log(`${twice} texts arrived more than once`)
  for (const { kind, what } of losses) console.log(`LOST ${kind}: ${what}`)
  console.log(`${losses.length + unlisted} lost`)
}

function between([second, last]: readonly [number, number], digits: number): string {
  return `${second.toFixed(digits)} -> ${last.toFixed(digits)}`
}
