/**
 * End to end against Kamailio: the ordinary front end (`siplab bench-proxy`) and the baseline do the same work for the
 * same load generator, in alternating rounds; what counts is CPU of the whole process tree. Any failed call fails the
 * run. `node bench/proxy.ts --help` lists rows and options.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { type BenchCertificates, makeCertificates } from './proxy/certificates.ts'
import { ForeignDeath, logText, skippedStatus } from '../test/support/foreign-death.ts'
import { isAboveBar, pairedRatio } from './proxy/interval.ts'
import { kamailioLog } from './proxy/kamailio.ts'
import { runLoad, LoadFailure } from './proxy/load.ts'
import { defaultPairedBar, printReport, type Machine, type Measured, median } from './proxy/report.ts'
import { startRoles } from './proxy/role-row.ts'
import { rows, type Row } from './proxy/rows.ts'
import { measureSpecials, specials, type SpecialResult } from './proxy/specials.ts'
import { cpuOf, memoryOf, startBaseline, startOurs, stop, type Subject, thisCheckout } from './proxy/subjects.ts'

interface HowToMeasure {
  readonly rounds: number
  /** Calls before the first round. */
  readonly warm: number
  /** Without the baseline. */
  readonly alone: boolean
  /** Folder for a CPU profile of ours; it costs a few per cent itself. */
  readonly profile: string | undefined
  /** Another checkout of siplab, and flags for its Node: the baseline instead of Kamailio. */
  readonly against: string | undefined
  readonly flags: string | undefined
  /** Two of ours in pairs: a row is judged by the interval of its ratio. */
  readonly isPaired: boolean
}

/** Fewer pairs leave an interval that says little. */
const fewestPairs = 8

const allRows: readonly string[] = [...rows.map(({ name }) => name), ...specials]

const usage = `npm run bench:proxy
    all rows (--all), five rounds each, then event loop delay, overload and the SQLite store
node bench/proxy.ts --rows tls-saturated,udp-saturated --rounds 3 --calls 4000 --json
node bench/proxy.ts --rows tls-saturated --alone --profile DIR
    ours only, with a CPU profile of the process in DIR
node bench/proxy.ts --baseline-may-break
    a baseline that breaks off is reported, and the exit status is 75
node bench/proxy.ts --rows udp-saturated --against DIR --pairs 12
    another checkout of siplab (with node_modules) instead of Kamailio: alternating pairs of rounds, at least
    ${fewestPairs}, and the 95 % interval of the ratio; exit status 1 when one is wholly above
    ${defaultPairedBar.toFixed(2)}, or --bar 1.05
node bench/proxy.ts --rows udp-saturated --flags=--max-semi-space-size=32
    ours with other Node flags instead of Kamailio
--warm N: calls before the first round. Rows: ${allRows.join(', ')}`

function readArguments() {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      pairs: { type: 'string' },
      calls: { type: 'string' },
      warm: { type: 'string', default: '5000' },
      json: { type: 'boolean', default: false },
      alone: { type: 'boolean', default: false },
      'baseline-may-break': { type: 'boolean', default: false },
      profile: { type: 'string' },
      against: { type: 'string' },
      flags: { type: 'string' },
      bar: { type: 'string', default: String(defaultPairedBar) },
      all: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.all && values.rows !== undefined) throw new RangeError('--all and --rows are not given together')
  const names = values.rows?.split(',') ?? allRows
  const unknown = names.filter((name) => !allRows.includes(name))
  if (unknown.length > 0) throw new RangeError(`no row ${unknown.join(', ')}`)
  for (const option of ['rounds', 'pairs', 'calls', 'warm'] as const) {
    const text = values[option] ?? '1'
    if (!/^[1-9]\d{0,6}$/.test(text))
      throw new RangeError(`--${option} wants a whole number from 1 to 9999999, found ${text}`)
  }
  if (!/^1\.\d{1,3}$/.test(values.bar)) throw new RangeError(`--bar wants a number such as 1.05, found ${values.bar}`)
  const isPaired = values.against !== undefined || values.flags !== undefined
  if (values.pairs !== undefined && (!isPaired || Number(values.pairs) < fewestPairs))
    throw new RangeError(`--pairs wants --against or --flags, and at least ${fewestPairs}, found ${values.pairs}`)
  const rounds = Number(isPaired ? (values.pairs ?? fewestPairs) : values.rounds)
  return { ...values, names, isPaired, rounds }
}

function readArgumentsOrExplain(): ReturnType<typeof readArguments> | undefined {
  try {
    const values = readArguments()
    if (!values.help) return values
    console.log(usage)
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    process.exitCode = 2
  }
  return undefined
}

async function main(): Promise<void> {
  const values = readArgumentsOrExplain()
  if (values === undefined) return
  const { names } = values
  if (!values.isPaired && !existsSync('/usr/sbin/kamailio')) {
    console.error(
      'bench: Kamailio is not installed (Debian packages kamailio and kamailio-tls-modules); nothing was measured',
    )
    process.exitCode = 75
    return
  }
  const how: HowToMeasure = {
    rounds: values.rounds,
    warm: Number(values.warm),
    alone: values.alone,
    profile: values.profile,
    against: values.against,
    flags: values.flags,
    isPaired: values.isPaired,
  }
  const folder = mkdtempSync(join(tmpdir(), 'siplab-bench-'))
  const loadBefore = loadavg()[0] ?? Number.NaN
  const measured: Measured[] = []
  const special: SpecialResult[] = []
  try {
    const certificates = makeCertificates(folder)
    for (const row of rows.filter(({ name }) => names.includes(name))) {
      const count = values.calls === undefined || row.job !== 'calls' ? row.count : Number(values.calls)
      console.error(`${row.what} …`)
      try {
        measured.push(await (isMemory(row) ? measureMemory : measure)({ ...row, count }, how, certificates, folder))
      } catch (error) {
        // The other rows are worth having all the same.
        const mayBreak = values['baseline-may-break'] && error instanceof LoadFailure && error.subject === 'kamailio'
        if (!mayBreak) {
          console.error(`${row.name} FAILED: ${error instanceof Error ? error.message : String(error)}`)
          process.exitCode = 1
        } else {
          const words = logText(kamailioLog(join(folder, `${row.name}-other`)))
          console.error(`${row.name} NOT MEASURED: ${new ForeignDeath('kamailio', error.message, words).message}`)
          process.exitCode ??= skippedStatus
        }
      }
    }
    special.push(...(await measureSpecials(names, certificates, folder)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const pairedBar = values.isPaired ? Number(values.bar) : undefined
  printReport({ ...machine(how.rounds), loadBefore }, measured, special, { json: values.json, pairedBar })
  if (pairedBar === undefined) return
  if (measured.some(({ paired }) => paired !== undefined && isAboveBar(paired, pairedBar))) process.exitCode = 1
}

async function measure(
  row: Row,
  how: HowToMeasure,
  certificates: BenchCertificates,
  folder: string,
): Promise<Measured> {
  const settings = { transport: row.transport, tls: certificates, hops: row.hops }
  const { profile } = how
  const ours =
    row.lab !== undefined
      ? await startRoles(join(folder, `${row.name}-ours`), row.lab, row.lab === 'three-roles' ? 'off' : 'on')
      : await startOurs({
          ...settings,
          folder: join(folder, `${row.name}-ours`),
          log: row.log,
          checkout: thisCheckout,
          flags: profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile],
        })
  const baseline = how.alone
    ? undefined
    : await startOther(row, how, { ...settings, folder: join(folder, `${row.name}-other`) })
  const subjects = [
    { subject: ours, users: row.users, costs: [] as number[], setup: [] as number[], seconds: [] as number[] },
    ...(baseline === undefined
      ? []
      : [
          {
            subject: baseline,
            users: typeof row.other === 'object' ? row.other.users : row.users,
            costs: [] as number[],
            setup: [] as number[],
            seconds: [] as number[],
          },
        ]),
  ]
  try {
    for (const { subject, users } of subjects)
      await runLoad(
        { ...row, users, count: Math.min(row.count * 2, how.warm), rate: 0 },
        subject,
        certificates,
        () => undefined,
      )
    for (let round = 0; round < how.rounds; round++) {
      // Who goes first changes from pair to pair, so that neither always follows the other.
      for (const { subject, users, costs, setup, seconds } of round % 2 === 0 ? subjects : subjects.toReversed()) {
        const { cost, setupMs, took } = await oneRound({ ...row, users }, subject, certificates)
        costs.push(cost)
        setup.push(setupMs)
        seconds.push(took)
      }
    }
  } finally {
    await Promise.all(subjects.map(({ subject }) => stop(subject)))
  }
  const [mine, other] = subjects
  return {
    row,
    ...ratioOf({ ours: mine?.costs ?? [], other: other?.costs ?? [] }, how),
    unit: 'µs CPU each',
    setupMs: { ours: median(mine?.setup ?? []), other: median(other?.setup ?? []) },
  }
}

/** Kamailio, or another of ours: with other flags, or another checkout, whose own roles make the rows with a lab. */
async function startOther(
  row: Row,
  { against, flags, isPaired }: HowToMeasure,
  settings: Parameters<typeof startBaseline>[0],
): Promise<Subject> {
  if (!isPaired && row.other === 'kamailio') return startBaseline(settings)
  if (!isPaired && row.lab !== undefined) return startRoles(settings.folder, row.lab, 'off')
  if (row.lab !== undefined) {
    if (against === undefined) throw new RangeError(`--flags cannot be given to the roles of ${row.name}`)
    const there = pathToFileURL(resolve(against, 'bench/proxy/role-row.ts')).href
    const { startRoles } = (await import(there)) as typeof import('./proxy/role-row.ts')
    return startRoles(settings.folder, row.lab, row.lab === 'three-roles' ? 'off' : 'on')
  }
  const checkout = against === undefined ? thisCheckout : resolve(against)
  return startOurs({ ...settings, log: 'warn', checkout, flags: flags?.split(' ') ?? [] })
}

/** The mean of the pairs, and how sure it is. */
function ratioOf(
  costs: Pick<Measured, 'ours' | 'other'>,
  { alone }: HowToMeasure,
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
  how: HowToMeasure,
  certificates: BenchCertificates,
  folder: string,
): Promise<Measured> {
  const settings = { transport: row.transport, tls: certificates, hops: row.hops }
  const costs = { ours: [] as number[], other: [] as number[] }
  for (let round = 0; round < how.rounds; round++) {
    for (const key of round % 2 === 0 ? (['ours', 'other'] as const) : (['other', 'ours'] as const)) {
      const here = join(folder, `${row.name}-${key}-${round}`)
      const subject =
        key === 'ours'
          ? await startOurs({ ...settings, folder: here, log: 'warn', checkout: thisCheckout, flags: [] })
          : await startOther(row, how, { ...settings, folder: here })
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
    ...ratioOf(costs, how),
    unit: 'kB each',
    setupMs: { ours: 0, other: 0 },
  }
}

/** What one call, registration or connection cost the process trees of the subject. */
async function oneRound(
  row: Row,
  subject: Subject,
  certificates: BenchCertificates,
): Promise<{ readonly cost: number; readonly setupMs: number; readonly took: number }> {
  const read = isMemory(row) ? memoryOf : cpuOf
  const start = read(subject)
  let held = start
  const result = await runLoad(row, subject, certificates, () => void (held = read(subject)))
  const cost = isMemory(row) ? (held - start) / row.count / 1024 : ((read(subject) - held) / row.count) * 1e6
  return { cost, setupMs: result.setupMs.p50, took: result.seconds }
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
