/** What is not a ratio against another program: event loop delay, overload, the SQLite store. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchCertificates } from './certificates.ts'
import { runLoad } from './load.ts'
import { median } from './report.ts'
import { cpuOf, startOurs, stop, type Subject, thisCheckout } from './subjects.ts'

export interface SpecialResult {
  readonly name: string
  readonly what: string
  readonly value: string
  readonly bar: string | undefined
  readonly numbers: Readonly<Record<string, number | readonly number[]>>
}

export const specials: readonly string[] = ['loop-delay', 'overload', 'overload-udp', 'sqlite']

export async function measureSpecials(
  names: readonly string[],
  tls: BenchCertificates,
  folder: string,
): Promise<readonly SpecialResult[]> {
  const all: readonly (readonly [name: string, measure: () => Promise<SpecialResult | undefined>])[] = [
    ['loop-delay', () => loopDelay('tcp', tls, folder)],
    ['loop-delay', () => loopDelay('udp', tls, folder)],
    ['overload', () => overload('tcp', tls, folder)],
    ['overload-udp', () => overload('udp', tls, folder)],
    ['sqlite', async () => sqlite()],
  ]
  const results: SpecialResult[] = []
  for (const [name, measure] of all) {
    if (!names.includes(name)) continue
    try {
      const result = await measure()
      if (result !== undefined) results.push(result)
    } catch (error) {
      // The others are worth having all the same.
      console.error(`${name} FAILED: ${error instanceof Error ? error.message : String(error)}`)
      process.exitCode = 1
    }
  }
  return results
}

/**
 * Share of one core the proxy may use: small enough that the generator can offer twice what saturates it, and large
 * enough that it runs for more than a moment at a time. With a tenth of a core it finds the caches of the machine cold
 * each time, which a short message that is turned away pays for more than a call.
 */
const share = 0.4
const periodMicroseconds = 10_000
const cgroup = '/sys/fs/cgroup/cpu/siplab-bench'
const calls = { job: 'calls', users: 8 } as const
type Plain = 'tcp' | 'udp'
const nothing = (): void => undefined

/** Warmed up. */
async function start(
  name: string,
  transport: Plain,
  tls: BenchCertificates,
  folder: string,
  flags: readonly string[],
): Promise<Subject> {
  const subject = await startOurs({
    transport,
    tls,
    folder: join(folder, name),
    hops: 1,
    log: 'warn',
    checkout: thisCheckout,
    flags,
  })
  try {
    await runLoad({ ...calls, transport, count: 15_000, rate: 0 }, subject, tls, nothing)
  } catch (error) {
    await stop(subject)
    throw error
  }
  return subject
}

/**
 * How late timers fire while calls come at 70 % of what the proxy can take: from two generators, since one has to work
 * harder than the proxy. The result states the load that was reached.
 */
async function loopDelay(transport: Plain, tls: BenchCertificates, folder: string): Promise<SpecialResult> {
  console.error(`event loop delay, ${transport} …`)
  const lagFile = join(folder, `loop-delay-${transport}.json`)
  process.env['BENCH_LOOP_DELAY'] = lagFile
  const subject = await start(`loop-delay-${transport}`, transport, tls, folder, [
    '--import',
    fileURLToPath(new URL('loop-delay.ts', import.meta.url)),
  ])
  delete process.env['BENCH_LOOP_DELAY']
  try {
    const before = cpuOf(subject)
    await runLoad({ ...calls, transport, count: 15_000, rate: 0 }, subject, tls, nothing)
    const capacity = 15_000 / (cpuOf(subject) - before)
    // Paced calls cost a little more or less than saturated ones: a short trial tells the rate.
    const trial = await paced(subject, transport, tls, 0.7 * capacity, 3, nothing)
    const { load, rate, turnedAway } = await paced(
      subject,
      transport,
      tls,
      (0.7 * capacity * 0.7) / trial.load,
      10,
      () => signal(subject),
    )
    signal(subject)
    await new Promise((resolve) => setTimeout(resolve, 500))
    const { p50, p99, max } = JSON.parse(readFileSync(lagFile, 'utf8')) as { p50: number; p99: number; max: number }
    const percent = (load * 100).toFixed(0)
    return {
      name: `loop-delay-${transport}`,
      what: `event loop delay at ${rate} ${transport.toUpperCase()} calls/s (${percent} % of a core)`,
      value:
        `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ` +
        `ms${turnedAway === 0 ? '' : `; ${turnedAway} calls turned away`}`,
      bar: 'p99 < 10 ms',
      numbers: { p50, p99, max, rate, load, turnedAway },
    }
  } finally {
    await stop(subject)
  }
}

/** @param begun called when both generators are set up */
async function paced(
  subject: Subject,
  transport: Plain,
  tls: BenchCertificates,
  callsPerSecond: number,
  seconds: number,
  begun: () => void,
): Promise<{ readonly load: number; readonly rate: number; readonly turnedAway: number }> {
  const half = Math.round(callsPerSecond / 2)
  let start = 0
  let setUp = 0
  const onHeld = (): void => {
    if (++setUp < 2) return
    start = cpuOf(subject)
    begun()
  }
  // The generators need what the proxy leaves of two cores: where somebody else wants some of it too, the proxy may
  // fall behind.
  const generator = () =>
    runLoad({ ...calls, transport, count: half * seconds, rate: half, overload: true }, subject, tls, onHeld)
  const [one, other] = await Promise.all([generator(), generator()])
  return { load: (cpuOf(subject) - start) / seconds, rate: 2 * half, turnedAway: one.turnedAway + other.turnedAway }
}

function signal({ processes }: Subject): void {
  for (const child of processes) child.kill('SIGUSR2')
}

/**
 * Calls through a proxy whose CPU is capped: what it completes at the load where that is most, and at twice what it
 * completes there. In alternating rounds, as the other rows: on a machine that others use as well a part of a core is
 * not the same for minutes, so each round says by itself what twice is, and is compared with the mean of the peaks
 * before and after it.
 */
async function overload(transport: Plain, tls: BenchCertificates, folder: string): Promise<SpecialResult | undefined> {
  if (!canCap()) {
    console.error('bench: no writable cpu cgroup (version 1) at /sys/fs/cgroup/cpu; overload was not measured')
    return undefined
  }
  console.error(`overload, ${transport}, CPU capped to ${share * 100} % of a core …`)
  const subject = await start(`overload-${transport}`, transport, tls, folder, [])
  const offer = async (rate: number, forSeconds = 8): Promise<Load> => {
    await rest()
    const { completed, turnedAway, seconds, setupMs, generatorLoad } = await runLoad(
      { ...calls, transport, count: rate * forSeconds, rate, overload: true },
      subject,
      tls,
      nothing,
    )
    return { rate, goodput: completed / seconds, turnedAway, setupP99: setupMs.p99, generatorLoad }
  }
  try {
    cap(subject)
    const best = await findPeak(subject, transport, tls, offer)
    const rounds = []
    let before = await offer(best.rate, roundSeconds)
    for (let round = 0; round < overloadRounds; round++) {
      const over = await offer(Math.round(2 * before.goodput), roundSeconds)
      const after = await offer(best.rate, roundSeconds)
      rounds.push({ most: (before.goodput + after.goodput) / 2, over })
      before = after
    }
    const peak = median(rounds.map(({ most }) => most))
    const goodput = median(rounds.map(({ over }) => over.goodput))
    const setupP99 = median(rounds.map(({ over }) => over.setupP99))
    const turnedAway = rounds.reduce((sum, { over }) => sum + over.turnedAway, 0)
    const generatorLoad = Math.max(...rounds.map(({ over }) => over.generatorLoad))
    const twice = median(rounds.map(({ over }) => over.rate))
    const ratios = rounds.map(({ most, over }) => over.goodput / most)
    const ratio = median(ratios)
    return {
      name: transport === 'tcp' ? 'overload' : 'overload-udp',
      what: `goodput at twice the saturation load (${twice} ${transport.toUpperCase()} calls/s offered)`,
      value:
        `${goodput.toFixed(0)} of ${peak.toFixed(0)} calls/s, ${(ratio * 100).toFixed(0)} % (median of the ` +
        `rounds: ${ratios.map((each) => (each * 100).toFixed(0)).join(', ')}); ${turnedAway} turned away, none ` +
        `failed; setup p99 ${setupP99.toFixed(0)} ms; generator at ${(generatorLoad * 100).toFixed(0)} % of a ` +
        'core',
      // One of the two is asked for, and over UDP a request refused costs a fifth of a call: nine tenths cannot be
      // left.
      bar: transport === 'tcp' ? '≥ 90 %' : undefined,
      numbers: { goodput, peak, ratio, ratios, turnedAway, setupP99, generatorLoad },
    }
  } finally {
    await stop(subject)
    rmdirSync(cgroup)
  }
}

const overloadRounds = 7
/**
 * What the proxy completes swings by a tenth from one eight seconds to the next on a machine that others use as well.
 */
const roundSeconds = 16
/**
 * Offered on the way to the peak, in what a closed loop completes. Over TCP many calls that come together cost less
 * each.
 */
const loadsOf = { tcp: [1, 1.4, 1.8, 2.2, 2.6, 3], udp: [0.8, 0.9, 1, 1.1, 1.2, 1.4] } as const

interface Peak {
  readonly rate: number
  /** Calls completed a second. */
  readonly goodput: number
}

interface Load extends Peak {
  readonly turnedAway: number
  readonly setupP99: number
  readonly generatorLoad: number
}

/**
 * The offered load at which most calls are completed, and what is completed there: the best three are offered again,
 * since one lucky run of many is no peak. First once through overload, as other rows go through their work: code that
 * never ran is compiled first, which takes seconds under the cap.
 */
async function findPeak(
  subject: Subject,
  transport: Plain,
  tls: BenchCertificates,
  offer: (rate: number) => Promise<Load>,
): Promise<Peak> {
  const closedLoop = async (): Promise<number> => {
    const { completed, seconds } = await runLoad({ ...calls, transport, count: 8000, rate: 0 }, subject, tls, nothing)
    return completed / seconds
  }
  await offer(Math.round((transport === 'tcp' ? 4 : 2) * (await closedLoop())))
  await rest()
  const slowest = await closedLoop()
  const loads: Load[] = []
  for (const factor of loadsOf[transport]) loads.push(await offer(Math.round(slowest * factor)))
  const best = loads.toSorted((a, b) => b.goodput - a.goodput).slice(0, 3)
  const peaks: Peak[] = []
  for (const { rate, goodput } of best)
    peaks.push({ rate, goodput: median([goodput, (await offer(rate)).goodput, (await offer(rate)).goodput]) })
  return peaks.reduce((most, peak) => (peak.goodput > most.goodput ? peak : most))
}

/** Between two loads: the proxy finishes the work of the last one, and then refuses no request any more. */
function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 4000))
}

function canCap(): boolean {
  if (!existsSync('/sys/fs/cgroup/cpu/cgroup.procs')) return false
  try {
    mkdirSync(cgroup, { recursive: true })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES' || (error as NodeJS.ErrnoException).code === 'EROFS')
      return false
    throw error
  }
}

function cap({ processes }: Subject): void {
  writeFileSync(join(cgroup, 'cpu.cfs_period_us'), String(periodMicroseconds))
  writeFileSync(join(cgroup, 'cpu.cfs_quota_us'), String(periodMicroseconds * share))
  for (const { pid } of processes) writeFileSync(join(cgroup, 'cgroup.procs'), String(pid))
}

/** REGISTER with the store that makes a 200 durable, against the store in memory; both without sockets. */
function sqlite(): SpecialResult {
  console.error('REGISTER with the SQLite store …')
  const output = execFileSync(process.execPath, [
    '--expose-gc',
    fileURLToPath(new URL('../registrations.ts', import.meta.url)),
    '20000',
    '--json',
  ]).toString()
  const { rows } = JSON.parse(output) as {
    rows: readonly { location: string; firstMicroseconds: number; refreshMicroseconds: number }[]
  }
  const [memory, durable] = rows
  if (memory === undefined || durable === undefined) throw new Error(`bench/registrations.ts printed ${output}`)
  const first = durable.firstMicroseconds / memory.firstMicroseconds
  const refresh = durable.refreshMicroseconds / memory.refreshMicroseconds
  return {
    name: 'sqlite',
    what: 'REGISTER with the SQLite store ÷ memory store (registrar alone, aim 2)',
    value:
      `first ${first.toFixed(1)} (${durable.firstMicroseconds.toFixed(1)} µs), refresh ${refresh.toFixed(1)} ` +
      `(${durable.refreshMicroseconds.toFixed(1)} µs)`,
    bar: undefined,
    numbers: {
      first,
      refresh,
      firstMicroseconds: durable.firstMicroseconds,
      refreshMicroseconds: durable.refreshMicroseconds,
    },
  }
}
