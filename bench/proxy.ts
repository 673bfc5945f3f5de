/**
 * End to end against Kamailio: the ordinary front end (`siplab bench-proxy`) and the baseline do the same work for the
 * same load generator, in alternating rounds; what counts is CPU of the whole process tree. Any failed call fails the
 * run. `node bench/proxy.ts --help` lists rows and options.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { endOnSignals } from './proxy/children.ts'
import { type BenchCertificates, makeCertificates } from './proxy/certificates.ts'
import { ForeignDeath, logText, skippedStatus } from '../test/support/foreign-death.ts'
import { isAboveBar, pairedRatio } from './proxy/interval.ts'
import { kamailioLog } from './proxy/kamailio.ts'
import { runLoad, LoadFailure } from './proxy/load.ts'
import { type Checkout, type Options, readOptions, usage } from './proxy/options.ts'
import { printReport, type Machine, type Measured, median } from './proxy/report.ts'
import { startRoles } from './proxy/role-row.ts'
import { rows, type Row } from './proxy/rows.ts'
import { measureSpecials } from './proxy/specials.ts'
import {
  cpuOf,
  memoryOf,
  startBare,
  startBaseline,
  startOurs,
  stop,
  type Subject,
  type SubjectSettings,
  thisCheckout,
} from './proxy/subjects.ts'

function readOptionsOrExplain(): Options | undefined {
  try {
    const options = readOptions(process.argv.slice(2))
    if (options === undefined) console.log(usage)
    return options
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    process.exitCode = 2
  }
  return undefined
}

async function main(): Promise<void> {
  const options = readOptionsOrExplain()
  if (options === undefined) return
  const { against, alone, bar } = options
  if (!alone && (against === undefined || against === 'kamailio') && !existsSync('/usr/sbin/kamailio')) {
    console.error(
      'bench: Kamailio is not installed (Debian packages kamailio and kamailio-tls-modules); nothing was measured',
    )
    process.exitCode = 75
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'siplab-bench-'))
  endOnSignals()
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  const loadBefore = loadavg()[0] ?? Number.NaN
  const certificates = makeCertificates(folder)
  const measured = await measureRows(options, certificates, folder)
  const special = await measureSpecials(options.names, certificates, folder)
  const head = { machine: { ...machine(options.rounds), loadBefore }, compared: compared(options) }
  printReport(head, measured, special, options)
  if (typeof bar === 'number' && measured.some(({ paired }) => paired !== undefined && isAboveBar(paired, bar)))
    process.exitCode = 1
}

/** A row that fails is reported: the others are worth having all the same. */
async function measureRows(
  options: Options,
  certificates: BenchCertificates,
  folder: string,
): Promise<readonly Measured[]> {
  const measured: Measured[] = []
  for (const row of rows.filter(({ name }) => options.names.includes(name))) {
    const count = options.calls === undefined || row.job !== 'calls' ? row.count : options.calls
    console.error(`${row.what} …`)
    try {
      measured.push(await (isMemory(row) ? measureMemory : measure)({ ...row, count }, options, certificates, folder))
    } catch (error) {
      reportFailure(row, error, options, folder)
    }
  }
  return measured
}

function reportFailure(row: Row, error: unknown, { baselineMayBreak }: Options, folder: string): void {
  if (baselineMayBreak && error instanceof LoadFailure && error.subject === 'kamailio') {
    const words = logText(kamailioLog(join(folder, `${row.name}-other`)))
    console.error(`${row.name} NOT MEASURED: ${new ForeignDeath('kamailio', error.message, words).message}`)
    process.exitCode ??= skippedStatus
    return
  }
  console.error(`${row.name} FAILED: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

function compared({ subject, against, alone }: Options): string {
  if (alone) return subject
  if (against === undefined) return `${subject} ÷ kamailio`
  if (typeof against === 'string') return `${subject} ÷ ${against}`
  return `${subject} ÷ siplab ${[against.folder, ...against.flags].join(' ')}`
}

/** One side of a row, and what each round of it cost. */
class Side {
  readonly subject: Subject
  readonly users: number
  readonly costs: number[] = []
  readonly setup: number[] = []

  constructor(subject: Subject, users: number) {
    this.subject = subject
    this.users = users
  }
}

async function measure(row: Row, options: Options, certificates: BenchCertificates, folder: string): Promise<Measured> {
  const mine = new Side(await startSubject(row, options, certificates, join(folder, `${row.name}-ours`)), row.users)
  const sides = [mine]
  try {
    if (!options.alone) {
      const subject = await startOther(row, options, certificates, join(folder, `${row.name}-other`))
      sides.push(new Side(subject, typeof row.other === 'object' ? row.other.users : row.users))
    }
    const warm = { ...row, count: Math.min(row.count * 2, options.warm), rate: 0 }
    for (const { subject, users } of sides) await runLoad({ ...warm, users }, subject, certificates, () => undefined)
    for (let round = 0; round < options.rounds; round++) {
      // Who goes first changes from pair to pair, so that neither always follows the other.
      for (const { subject, users, costs, setup } of round % 2 === 0 ? sides : sides.toReversed()) {
        const { cost, setupMs } = await oneRound({ ...row, users }, subject, certificates)
        costs.push(cost)
        setup.push(setupMs)
      }
    }
  } finally {
    await Promise.all(sides.map(({ subject }) => stop(subject)))
  }
  const [, other] = sides
  return {
    row,
    ...ratioOf({ ours: mine.costs, other: other?.costs ?? [] }, options),
    unit: 'µs CPU each',
    setupMs: { ours: median(mine.setup), other: median(other?.setup ?? []) },
  }
}

function settingsOf({ transport, hops }: Row, tls: BenchCertificates, folder: string): SubjectSettings {
  return { transport, tls, hops, folder }
}

/** What is measured: ours, or the bare proxy. */
function startSubject(
  row: Row,
  { subject, profile }: Options,
  certificates: BenchCertificates,
  folder: string,
): Promise<Subject> {
  const settings = settingsOf(row, certificates, folder)
  const flags = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile]
  if (subject === 'bare') return startBare({ ...settings, flags })
  if (row.lab !== undefined) return startRoles(folder, row.lab, row.lab === 'three-roles' ? 'off' : 'on')
  return startOurs({ ...settings, log: row.log, checkout: thisCheckout, flags })
}

/** Kamailio, the bare proxy, or another of ours: another checkout's own roles make the rows with a lab. */
async function startOther(
  row: Row,
  { against }: Options,
  certificates: BenchCertificates,
  folder: string,
): Promise<Subject> {
  const settings = settingsOf(row, certificates, folder)
  if (against === 'bare') return startBare({ ...settings, flags: [] })
  if (typeof against === 'object') return startCheckout(row, against, settings)
  if (row.other === 'kamailio') return startBaseline(settings)
  if (row.lab !== undefined) return startRoles(folder, row.lab, 'off')
  return startOurs({ ...settings, log: 'warn', checkout: thisCheckout, flags: [] })
}

async function startCheckout(row: Row, { folder, flags }: Checkout, settings: SubjectSettings): Promise<Subject> {
  if (row.lab === undefined) return startOurs({ ...settings, log: 'warn', checkout: folder, flags })
  if (flags.length > 0) throw new RangeError(`--flags cannot be given to the roles of ${row.name}`)
  const there = pathToFileURL(join(folder, 'bench/proxy/role-row.ts')).href
  const { startRoles } = (await import(there)) as typeof import('./proxy/role-row.ts')
  return startRoles(settings.folder, row.lab, row.lab === 'three-roles' ? 'off' : 'on')
}

/** The mean of the pairs, and how sure it is. */
function ratioOf(
  costs: Pick<Measured, 'ours' | 'other'>,
  { alone }: Options,
): Pick<Measured, 'ours' | 'other' | 'ratio' | 'paired'> {
  const { ours, other } = costs
  if (alone) return { ...costs, ratio: Number.NaN, paired: undefined }
  const paired = pairedRatio(ours, other)
  return { ...costs, ratio: paired.ratio, paired }
}

function isMemory({ job }: Row): boolean {
  return job === 'idle' || job === 'users'
}

/** Each round with new processes: one that has held much before has room for the next. */
async function measureMemory(
  row: Row,
  options: Options,
  certificates: BenchCertificates,
  folder: string,
): Promise<Measured> {
  const costs = { ours: [] as number[], other: [] as number[] }
  const keys: readonly (keyof typeof costs)[] = options.alone ? ['ours'] : ['ours', 'other']
  // A profile takes memory.
  const withoutProfile = { ...options, profile: undefined }
  for (let round = 0; round < options.rounds; round++) {
    for (const key of round % 2 === 0 ? keys : keys.toReversed()) {
      const here = join(folder, `${row.name}-${key}-${round}`)
      const subject = await (key === 'ours' ? startSubject : startOther)(row, withoutProfile, certificates, here)
      try {
        await runLoad({ ...row, count: row.count / 10 }, subject, certificates, () => undefined)
        costs[key].push((await oneRound(row, subject, certificates)).cost)
      } finally {
        await stop(subject)
      }
    }
  }
  return {
    row,
    ...ratioOf(costs, options),
    unit: 'kB each',
    setupMs: { ours: 0, other: 0 },
  }
}

/** What one call, registration or connection cost the process trees of the subject. */
async function oneRound(
  row: Row,
  subject: Subject,
  certificates: BenchCertificates,
): Promise<{ readonly cost: number; readonly setupMs: number }> {
  const read = isMemory(row) ? memoryOf : cpuOf
  const start = read(subject)
  let held = start
  const result = await runLoad(row, subject, certificates, () => void (held = read(subject)))
  const cost = isMemory(row) ? (held - start) / row.count / 1024 : ((read(subject) - held) / row.count) * 1e6
  return { cost, setupMs: result.setupMs.p50 }
}

function machine(rounds: number): Omit<Machine, 'loadBefore'> {
  const kamailio = existsSync('/usr/sbin/kamailio')
    ? (execFileSync('/usr/sbin/kamailio', ['-v']).toString().split('\n')[0] ?? '')
    : 'no Kamailio'
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    kernel: release(),
    node: process.version,
    openssl: process.versions.openssl,
    kamailio,
    rounds,
  }
}

await main()
