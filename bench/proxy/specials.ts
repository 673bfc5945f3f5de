/** What is not a ratio against another program: event loop delay, overload, the SQLite store. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchCertificates } from './certificates.ts'
import { runLoad } from './load.ts'
import { startOurs, stop, type Subject, thisCheckout } from './subjects.ts'

export interface SpecialResult {
  readonly name: string
  readonly what: string
  readonly value: string
  readonly bar: string | undefined
  readonly numbers: Readonly<Record<string, number>>
}

export const specials: readonly string[] = ['loop-delay', 'overload', 'sqlite']

export async function measureSpecials(names: readonly string[], tls: BenchCertificates, folder: string): Promise<readonly SpecialResult[]> {
  const results: SpecialResult[] = []
  if (names.includes('loop-delay') || names.includes('overload')) results.push(...(await underCap(names, tls, folder)))
  if (names.includes('sqlite')) results.push(sqlite())
  return results
}

/** Share of one core the proxy may use: small enough that the generator can offer twice what saturates it. */
const share = 0.15
const periodMicroseconds = 10_000
const cgroup = '/sys/fs/cgroup/cpu/siplab-bench'

/** TCP calls through a proxy with a capped CPU: what saturates it, its event loop at 70 % of that, its goodput at twice that. */
async function underCap(names: readonly string[], tls: BenchCertificates, folder: string): Promise<readonly SpecialResult[]> {
  if (!canCap()) {
    console.error('bench: no writable cpu cgroup (version 1) at /sys/fs/cgroup/cpu; loop-delay and overload were not measured')
    return []
  }
  const lagFile = join(folder, 'loop-delay.json')
  const flags = ['--import', fileURLToPath(new URL('loop-delay.ts', import.meta.url))]
  process.env['BENCH_LOOP_DELAY'] = lagFile
  const subject = await startOurs({ transport: 'tcp', tls, folder: join(folder, 'capped'), hops: 1, log: 'warn', checkout: thisCheckout, flags })
  delete process.env['BENCH_LOOP_DELAY']
  const calls = { job: 'calls', transport: 'tcp', users: 8 } as const
  try {
    await runLoad({ ...calls, count: 10_000, rate: 0 }, subject, tls, () => undefined)
    console.error(`event loop delay and overload, CPU capped to ${share * 100} % of a core …`)
    cap(subject)
    const peak = await runLoad({ ...calls, count: 6000, rate: 0 }, subject, tls, () => undefined)
    const rate = peak.completed / peak.seconds
    const results: SpecialResult[] = []
    if (names.includes('loop-delay')) results.push(await loopDelay(subject, tls, rate, lagFile))
    if (names.includes('overload')) results.push(await overload(subject, tls, rate))
    return results
  } finally {
    await stop(subject)
    rmdirSync(cgroup)
  }
}

async function loopDelay(subject: Subject, tls: BenchCertificates, peak: number, lagFile: string): Promise<SpecialResult> {
  const rate = Math.round(0.7 * peak)
  const signal = (): void => subject.processes.forEach((child) => child.kill('SIGUSR2'))
  await runLoad({ job: 'calls', transport: 'tcp', users: 8, count: rate * 10, rate }, subject, tls, signal)
  signal()
  await new Promise((resolve) => setTimeout(resolve, 500))
  const { p50, p99, max } = JSON.parse(readFileSync(lagFile, 'utf8')) as { p50: number; p99: number; max: number }
  return { name: 'loop-delay', what: `event loop delay at 70 % load (${rate} calls/s, capped CPU, pauses of the cap included)`, value: `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`, bar: 'p99 < 10 ms', numbers: { p50, p99, max, rate } }
}

async function overload(subject: Subject, tls: BenchCertificates, peak: number): Promise<SpecialResult> {
  const rate = Math.round(2 * peak)
  const { completed, turnedAway, seconds, setupMs } = await runLoad({ job: 'calls', transport: 'tcp', users: 8, count: rate * 15, rate, overload: true }, subject, tls, () => undefined)
  const goodput = completed / seconds
  const ratio = goodput / peak
  return {
    name: 'overload',
    what: `goodput at twice the saturation load (${rate} calls/s offered)`,
    value: `${goodput.toFixed(0)} of ${peak.toFixed(0)} calls/s, ${(ratio * 100).toFixed(0)} %; ${turnedAway} turned away; setup p99 ${setupMs.p99.toFixed(0)} ms`,
    bar: '≥ 90 %',
    numbers: { goodput, peak, ratio, turnedAway, setupP99: setupMs.p99 },
  }
}

function canCap(): boolean {
  if (!existsSync('/sys/fs/cgroup/cpu/cgroup.procs')) return false
  try {
    mkdirSync(cgroup, { recursive: true })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES' || (error as NodeJS.ErrnoException).code === 'EROFS') return false
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
  const output = execFileSync(process.execPath, ['--expose-gc', fileURLToPath(new URL('../registrations.ts', import.meta.url)), '20000', '--json']).toString()
  const { rows } = JSON.parse(output) as { rows: readonly { location: string; firstMicroseconds: number; refreshMicroseconds: number }[] }
  const [memory, durable] = rows
  if (memory === undefined || durable === undefined) throw new Error(`bench/registrations.ts printed ${output}`)
  const first = durable.firstMicroseconds / memory.firstMicroseconds
  const refresh = durable.refreshMicroseconds / memory.refreshMicroseconds
  return {
    name: 'sqlite',
    what: 'REGISTER with the SQLite store ÷ memory store (registrar alone, aim 2)',
    value: `first ${first.toFixed(1)} (${durable.firstMicroseconds.toFixed(1)} µs), refresh ${refresh.toFixed(1)} (${durable.refreshMicroseconds.toFixed(1)} µs)`,
    bar: undefined,
    numbers: { first, refresh, firstMicroseconds: durable.firstMicroseconds, refreshMicroseconds: durable.refreshMicroseconds },
  }
}
