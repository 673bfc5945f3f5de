/**
 * End to end against Kamailio: the ordinary front end (`siplab bench-proxy`) and the baseline do the same work for the
 * same load generator, in alternating rounds; what counts is CPU of the whole process tree. Any failed call fails the
 * run. `node bench/proxy.ts --help` lists rows and options.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type BenchCertificates, makeCertificates } from './proxy/certificates.ts'
import { runLoad, LoadFailure } from './proxy/load.ts'
import { printReport, type Machine, type Measured, median } from './proxy/report.ts'
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
  /** Another checkout of siplab, and flags for its Node: the baseline in place of Kamailio. */
  readonly against: string | undefined
  readonly flags: string | undefined
}

const allRows: readonly string[] = [...rows.map(({ name }) => name), ...specials]

const usage = `npm run bench:proxy
    all rows, five rounds each, then event loop delay, overload and the SQLite store
node bench/proxy.ts --rows tls-saturated,udp-saturated --rounds 3 --calls 4000 --json
node bench/proxy.ts --rows tls-saturated --alone --profile DIR
    ours only, with a CPU profile of the process in DIR
node bench/proxy.ts --baseline-may-break
    a baseline that breaks off fails its row, not the run
node bench/proxy.ts --rows udp-saturated --against DIR
    another checkout of siplab in place of Kamailio
node bench/proxy.ts --rows udp-saturated --flags=--max-semi-space-size=16
    ours with other Node flags in place of Kamailio
--warm N: calls before the first round. Rows: ${allRows.join(', ')}`

function readArguments() {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      calls: { type: 'string' },
      warm: { type: 'string', default: '5000' },
      json: { type: 'boolean', default: false },
      alone: { type: 'boolean', default: false },
      'baseline-may-break': { type: 'boolean', default: false },
      profile: { type: 'string' },
      against: { type: 'string' },
      flags: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const names = values.rows?.split(',') ?? allRows
  const unknown = names.filter((name) => !allRows.includes(name))
  if (unknown.length > 0) throw new RangeError(`no row ${unknown.join(', ')}`)
  for (const option of ['rounds', 'calls', 'warm'] as const) {
    const text = values[option] ?? '1'
    if (!/^[1-9]\d{0,6}$/.test(text))
      throw new RangeError(`--${option} wants a whole number from 1 to 9999999, found ${text}`)
  }
  return { ...values, names }
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
  if (!existsSync('/usr/sbin/kamailio')) {
    console.error(
      'bench: Kamailio is not installed (Debian packages kamailio and kamailio-tls-modules); nothing was measured',
    )
    process.exitCode = 75
    return
  }
  const how: HowToMeasure = {
    rounds: Number(values.rounds),
    warm: Number(values.warm),
    alone: values.alone,
    profile: values.profile,
    against: values.against,
    flags: values.flags,
  }
  const folder = mkdtempSync(join(tmpdir(), 'siplab-bench-'))
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
        const message = error instanceof Error ? error.message : String(error)
        const isBaseline = error instanceof LoadFailure && error.subject === 'kamailio'
        console.error(
          isBaseline && values['baseline-may-break']
            ? `${row.name} NOT MEASURED, the baseline broke off: ${message}`
            : `${row.name} FAILED: ${message}`,
        )
        if (!isBaseline || !values['baseline-may-break']) process.exitCode = 1
      }
    }
    special.push(...(await measureSpecials(names, certificates, folder)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  printReport(machine(how.rounds), measured, special, values.json)
}

async function measure(
  row: Row,
  how: HowToMeasure,
  certificates: BenchCertificates,
  folder: string,
): Promise<Measured> {
  const settings = { transport: row.transport, tls: certificates, hops: row.hops, workers: row.workers }
  const { profile, against, flags } = how
  const ours =
    row.hops === 3
      ? await startRoles(join(folder, `${row.name}-ours`))
      : await startOurs({
          ...settings,
          folder: join(folder, `${row.name}-ours`),
          log: row.log,
          checkout: thisCheckout,
          flags: profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile],
        })
  const isOwn = against !== undefined || flags !== undefined || row.other !== 'kamailio'
  const otherFolder = join(folder, `${row.name}-other`)
  const baseline = how.alone
    ? undefined
    : isOwn
      ? await startOurs({
          ...settings,
          folder: otherFolder,
          log: 'warn',
          checkout: against ?? thisCheckout,
          flags: flags?.split(' ') ?? [],
        })
      : await startBaseline({ ...settings, folder: otherFolder })
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
      for (const { subject, users, costs, setup, seconds } of subjects) {
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
    ours: mine?.costs ?? [],
    other: other?.costs ?? [],
    ratio: median(mine?.costs ?? []) / median(other?.costs ?? []),
    unit: 'µs CPU each',
    setupMs: { ours: median(mine?.setup ?? []), other: median(other?.setup ?? []) },
  }
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
  const settings = { transport: row.transport, tls: certificates, hops: row.hops, workers: row.workers }
  const costs = { ours: [] as number[], other: [] as number[] }
  for (let round = 0; round < how.rounds; round++) {
    for (const key of ['ours', 'other'] as const) {
      const here = join(folder, `${row.name}-${key}-${round}`)
      const subject =
        key === 'ours'
          ? await startOurs({ ...settings, folder: here, log: 'warn', checkout: thisCheckout, flags: [] })
          : await startBaseline({ ...settings, folder: here })
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
    ...costs,
    ratio: median(costs.ours) / median(costs.other),
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

function machine(rounds: number): Machine {
  const kamailio = execFileSync('/usr/sbin/kamailio', ['-v']).toString().split('\n')[0] ?? ''
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
