/**
 * End to end against Kamailio: the ordinary front end (`siplab bench-proxy`) and the baseline do the same work for the same
 * load generator, in alternating rounds; what counts is CPU of the whole process tree. Any failed call fails the run.
 *
 *     npm run bench:proxy            all rows, five rounds each
 *     node bench/proxy.ts --rows tls-saturated,udp-saturated --rounds 3 --calls 4000 --json
 *     node bench/proxy.ts --rows tls-saturated --alone --profile DIR     ours only, with a CPU profile of the process in DIR
 *     node bench/proxy.ts --rows udp-saturated --against DIR             another checkout of siplab in place of Kamailio
 *     node bench/proxy.ts --rows udp-saturated --flags=--max-semi-space-size=16      ours with other Node flags in place of Kamailio
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cpuSeconds, memoryBytes } from './proxy/cpu.ts'
import { startKamailio } from './proxy/kamailio.ts'
import { type LoadJob, type LoadResult } from './proxy/job.ts'
import { makeCertificates, type BenchCertificates } from './proxy/certificates.ts'
import type { Transport } from './proxy/socket.ts'

interface Row {
  readonly name: string
  readonly what: string
  readonly transport: Transport
  readonly job: LoadJob['kind']
  readonly must: number
  readonly aim: number
  readonly rate: number
  /** Calls, registrations or connections a round. */
  readonly count: number
}

const rows: readonly Row[] = [
  { name: 'tls-saturated', what: 'mutual-TLS calls, saturated', transport: 'tls', job: 'calls', must: 0.85, aim: 0.7, rate: 0, count: 6000 },
  { name: 'tls-paced', what: 'mutual-TLS calls at 500/s', transport: 'tls', job: 'calls', must: 1.3, aim: 1.1, rate: 500, count: 3000 },
  { name: 'udp-saturated', what: 'UDP calls, saturated', transport: 'udp', job: 'calls', must: 1, aim: 0.85, rate: 0, count: 6000 },
  { name: 'tcp-saturated', what: 'TCP calls, saturated', transport: 'tcp', job: 'calls', must: 0.75, aim: 0.6, rate: 0, count: 6000 },
  { name: 'register', what: 'REGISTER over TLS (memory store)', transport: 'tls', job: 'registrations', must: 1.2, aim: 1, rate: 0, count: 20_000 },
  { name: 'handshake', what: 'mutual TLS 1.3 handshake with first REGISTER, P-256', transport: 'tls', job: 'connections', must: 0.85, aim: 0.78, rate: 0, count: 1500 },
  { name: 'idle-memory', what: 'memory of an idle registered TLS connection', transport: 'tls', job: 'idle', must: 1.4, aim: 1.25, rate: 0, count: 1000 },
]

interface Subject {
  readonly name: string
  readonly port: number
  readonly process: ChildProcess
}

interface Measured {
  readonly row: Row
  readonly ours: readonly number[]
  readonly baseline: readonly number[]
  readonly ratio: number
  readonly unit: string
  readonly setupMs: { readonly ours: number; readonly baseline: number }
}

const domain = 'bench.test'
const address = '127.0.0.1'

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rows: { type: 'string' }, rounds: { type: 'string', default: '5' }, calls: { type: 'string' }, json: { type: 'boolean', default: false }, warm: { type: 'string', default: '5000' }, alone: { type: 'boolean', default: false }, profile: { type: 'string' }, against: { type: 'string' }, flags: { type: 'string' } } })
  if (!existsSync('/usr/sbin/kamailio')) {
    console.error('bench: Kamailio is not installed (Debian packages kamailio and kamailio-tls-modules); nothing was measured')
    process.exitCode = 75
    return
  }
  const wanted = values.rows?.split(',')
  const folder = mkdtempSync(join(tmpdir(), 'siplab-bench-'))
  const certificates = makeCertificates(folder)
  const measured: Measured[] = []
  try {
    for (const row of rows.filter(({ name }) => wanted === undefined || wanted.includes(name))) {
      const count = values.calls === undefined || row.job !== 'calls' ? row.count : Number(values.calls)
      console.error(`${row.what} …`)
      measured.push(await measure({ ...row, count }, { rounds: Number(values.rounds), warm: Number(values.warm), alone: values.alone, profile: values.profile, against: values.against, flags: values.flags }, certificates, folder))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  report(measured, values.json)
}

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

async function measure(row: Row, { rounds, warm, alone, profile, against, flags }: HowToMeasure, certificates: BenchCertificates, folder: string): Promise<Measured> {
  const here = fileURLToPath(new URL('..', import.meta.url))
  const ours = await startOurs(row, certificates, join(folder, `${row.name}-ours`), here, profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile])
  const isOwn = against !== undefined || flags !== undefined
  const baseline = alone ? undefined : isOwn ? await startOurs(row, certificates, join(folder, `${row.name}-other`), against ?? here, flags?.split(' ') ?? []) : await startBaseline(row, certificates, join(folder, `${row.name}-kamailio`))
  const subjects = baseline === undefined ? ([['ours', ours]] as const) : ([['ours', ours], ['baseline', baseline]] as const)
  const costs = { ours: [] as number[], baseline: [] as number[] }
  const setup = { ours: [] as number[], baseline: [] as number[] }
  try {
    if (row.job !== 'idle') for (const [, subject] of subjects) await load(row, subject, certificates, Math.min(row.count * 2, warm), 0)
    for (let round = 0; round < rounds; round++) {
      for (const [key, subject] of subjects) {
        const { cost, result } = await cost1(row, subject, certificates)
        costs[key].push(cost)
        setup[key].push(result.setupMs.p50)
      }
    }
  } finally {
    await Promise.all(subjects.map(([, subject]) => stop(subject)))
  }
  return { row, ...costs, ratio: median(costs.ours) / median(costs.baseline), unit: row.job === 'idle' ? 'kB each' : 'µs CPU each', setupMs: { ours: median(setup.ours), baseline: median(setup.baseline) } }
}

/** What one call, registration or connection cost the process tree of the subject. */
async function cost1(row: Row, subject: Subject, certificates: BenchCertificates): Promise<{ readonly cost: number; readonly result: LoadResult }> {
  const pid = subject.process.pid ?? 0
  if (row.job === 'idle') {
    let held = 0
    const before = memoryBytes(pid)
    const result = await load(row, subject, certificates, row.count, row.rate, () => void (held = memoryBytes(pid)))
    return { cost: (held - before) / row.count / 1024, result }
  }
  const before = cpuSeconds(pid)
  const result = await load(row, subject, certificates, row.count, row.rate)
  return { cost: ((cpuSeconds(pid) - before) / row.count) * 1e6, result }
}

/** The generator is a process of its own: its cost stays out of the measured tree. */
function load(row: Row, subject: Subject, certificates: BenchCertificates, count: number, rate: number, onHeld?: () => void): Promise<LoadResult> {
  const job: LoadJob = { kind: row.job, transport: row.transport, host: address, port: subject.port, domain, count, rate, window: row.job === 'connections' ? 16 : 100, wires: 8, tls: certificates }
  const generator = spawn(process.execPath, [fileURLToPath(new URL('proxy/generator.ts', import.meta.url)), JSON.stringify(job)], { stdio: ['pipe', 'pipe', 'inherit'] })
  return new Promise((resolve, reject) => {
    let text = ''
    generator.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (onHeld !== undefined && text.startsWith('held\n')) {
        onHeld()
        text = text.slice(5)
        generator.stdin.end('go\n')
      }
    })
    generator.once('exit', (status) => {
      if (status !== 0) return reject(new Error(`${row.name} against ${subject.name}: the generator ended with ${status}`))
      const result = JSON.parse(text) as LoadResult
      if (result.failed > 0) return reject(new Error(`${row.name} against ${subject.name}: ${result.failed} of ${count} failed, first: ${result.firstFailure}`))
      resolve(result)
    })
  })
}

async function startOurs({ transport }: Row, certificates: BenchCertificates, folder: string, checkout: string, flags: readonly string[]): Promise<Subject> {
  const port = await freePort()
  const child = spawn(process.execPath, [...flags, join(checkout, 'src/cli/siplab.mjs'), 'bench-proxy'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      BENCH_TRANSPORT: transport,
      BENCH_LISTEN: `${address}:${port}`,
      BENCH_DOMAIN: domain,
      BENCH_CERT: certificates.certificateFile,
      BENCH_KEY: certificates.keyFile,
      BENCH_CA: certificates.caFile,
      BENCH_RUNDIR: folder,
    },
  })
  await isUp(transport, port)
  return { name: 'siplab', port, process: child }
}

async function startBaseline({ transport }: Row, tls: BenchCertificates, folder: string): Promise<Subject> {
  const port = await freePort()
  const child = startKamailio({ transport, address, port, domain, tls, folder, workers: 2, nextHop: undefined })
  await isUp(transport, port)
  return { name: 'kamailio', port, process: child }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    import('node:net').then(({ createServer }) => {
      const server = createServer().listen(0, address, () => {
        const at = server.address()
        server.close(() => (typeof at === 'object' && at !== null ? resolve(at.port) : reject(new Error('no port'))))
      })
    }, reject)
  })
}

/** TCP and TLS ports are tried; a UDP socket shows in /proc/net/udp. */
async function isUp(transport: Transport, port: number): Promise<void> {
  const until = Date.now() + 15_000
  while (Date.now() < until) {
    if (transport === 'udp' ? hasUdpSocket(port) : await connects(port)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nothing listens on ${transport} ${address}:${port} after 15 s`)
}

function hasUdpSocket(port: number): boolean {
  return readFileSync('/proc/net/udp', 'utf8').includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} `)
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function stop({ process: child }: Subject): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}

function report(measured: readonly Measured[], json: boolean): void {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, openssl: process.versions.openssl, kamailio: execFileSync('/usr/sbin/kamailio', ['-v']).toString().split('\n')[0] }
  if (json) {
    console.log(JSON.stringify({ machine, rows: measured.map(({ row, ...numbers }) => ({ name: row.name, what: row.what, must: row.must, aim: row.aim, ...numbers })) }))
    return
  }
  console.log(`${machine.cpu}, ${machine.cores} cores; Node ${machine.node}, OpenSSL ${machine.openssl}; ${machine.kamailio}\n`)
  console.log(`${'what'.padEnd(54)} ${'ours'.padStart(9)} ${'kamailio'.padStart(9)} ${'ratio'.padStart(6)} ${'must'.padStart(5)} ${'aim'.padStart(5)}`)
  for (const { row, ours, baseline, ratio, unit } of measured) {
    const verdict = ratio <= row.aim ? 'aim met' : ratio <= row.must ? 'must met' : 'MISSED'
    console.log(`${`${row.what} (${unit})`.padEnd(54)} ${median(ours).toFixed(1).padStart(9)} ${median(baseline).toFixed(1).padStart(9)} ${ratio.toFixed(2).padStart(6)} ${row.must.toFixed(2).padStart(5)} ${row.aim.toFixed(2).padStart(5)}  ${verdict}`)
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN
}

await main()
