/**
 * What is measured: our front end, Kamailio or the bare proxy, one of them or several in a row, as processes that
 * listen on loopback.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { heapFlags } from '../../src/cli/package.ts'
import { freePort } from '../../test/support/free-port.ts'
import { owned } from './children.ts'
import type { BareSettings } from './bare.ts'
import type { BenchCertificates } from './certificates.ts'
import { cpuSeconds, memoryBytes } from './cpu.ts'
import { startKamailio } from './kamailio.ts'
import type { Place } from './job.ts'
import { nodeFlags } from './node-flags.ts'
import type { Transport } from './socket.ts'

const domain = 'bench.test'
const address = '127.0.0.1'

export interface Subject {
  readonly name: string
  readonly callers: Place
  readonly callees: Place
  readonly processes: readonly ChildProcess[]
  /** Where its phones have no certificates, and it has a directory of users: the roots they trust. */
  readonly phoneRoots?: string
  /** See `LoadJob`. Absent: no. */
  readonly callersSignIn?: boolean
  /** When its processes have ended. */
  readonly closed?: () => Promise<void>
}

export interface SubjectSettings {
  readonly transport: Transport
  readonly tls: BenchCertificates
  readonly folder: string
  readonly hops: number
}

export interface OurSettings extends SubjectSettings {
  readonly log: 'warn' | 'info'
  /** The checkout that is run; this one unless told otherwise. */
  readonly checkout: string
  /** Flags for Node. */
  readonly flags: readonly string[]
}

export const thisCheckout = fileURLToPath(new URL('../..', import.meta.url))
const bareScript = fileURLToPath(new URL('bare.ts', import.meta.url))

/** In a row the last one, where the users are, is started first. */
export async function startOurs(settings: OurSettings): Promise<Subject> {
  return startRow('siplab', settings, async (port, nextPort, folder) => {
    const child = owned(
      spawn(
        process.execPath,
        [...heapFlags, ...settings.flags, join(settings.checkout, 'src/cli/siplab.mjs'), 'bench-proxy'],
        {
          // At `info` every call is logged there; the lines cost time and are never read.
          stdio: ['ignore', 'ignore', settings.log === 'info' ? 'ignore' : 'inherit'],
          env: {
            ...process.env,
            // From the sources: a bundle is there in one checkout and missing in another.
            SIPLAB_DEBUG: '1',
            BENCH_TRANSPORT: settings.transport,
            BENCH_LISTEN: `${address}:${port}`,
            BENCH_DOMAIN: nextPort === undefined ? domain : `hop.${domain}`,
            BENCH_CERT: settings.tls.certificateFile,
            BENCH_KEY: settings.tls.keyFile,
            BENCH_CA: settings.tls.caFile,
            BENCH_RUNDIR: folder,
            BENCH_LOG: settings.log,
            ...(nextPort === undefined ? {} : { BENCH_NEXT_HOP: `${address}:${nextPort}` }),
          },
        },
      ),
    )
    await isUp(settings.transport, port)
    return child
  })
}

/** Kamailio with its production allocator. */
export async function startBaseline(settings: SubjectSettings): Promise<Subject> {
  const { transport, tls } = settings
  return startRow('kamailio', settings, async (port, nextPort, folder) => {
    const nextHop = nextPort === undefined ? undefined : `sip:${address}:${nextPort};transport=${transport}`
    const child = startKamailio({ transport, address, port, domain, tls, folder, nextHop })
    await isUp(transport, port)
    return child
  })
}

/** The proxy of bare.ts; there is only one hop. */
export async function startBare(settings: SubjectSettings & Pick<OurSettings, 'flags'>): Promise<Subject> {
  const { transport, tls, flags } = settings
  return startRow('bare', settings, async (port) => {
    const job: BareSettings = { transport, address, port, tls }
    const child = owned(
      spawn(process.execPath, [...nodeFlags, ...flags, bareScript, JSON.stringify(job)], {
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    )
    await isUp(transport, port)
    return child
  })
}

async function startRow(
  name: string,
  { hops, folder }: SubjectSettings,
  start: (port: number, nextPort: number | undefined, folder: string) => Promise<ChildProcess>,
): Promise<Subject> {
  const processes: ChildProcess[] = []
  const ports: number[] = []
  for (let hop = 0; hop < hops; hop++) {
    const port = await freePort()
    processes.push(await start(port, ports.at(-1), `${folder}-${hop}`))
    ports.push(port)
  }
  return { name, callers: placeOf(ports.at(-1)), callees: placeOf(ports[0]), processes }
}

function placeOf(port: number | undefined): Place {
  return { host: address, port: port ?? 0, verifyName: domain, domain }
}

export function cpuOf({ processes }: Subject): number {
  return processes.reduce((sum, { pid }) => sum + cpuSeconds(pid ?? 0), 0)
}

export function memoryOf({ processes }: Subject): number {
  return processes.reduce((sum, { pid }) => sum + memoryBytes(pid ?? 0), 0)
}

export async function stop({ processes, closed }: Subject): Promise<void> {
  await Promise.all(processes.map(stopProcess))
  await closed?.()
}

function stopProcess(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}

/** TCP and TLS ports are tried; a UDP socket shows in /proc/net/udp. */
export async function isUp(transport: Transport, port: number, host: string = address): Promise<void> {
  const until = Date.now() + 60_000
  while (Date.now() < until) {
    if (transport === 'udp' ? hasUdpSocket(port) : await connects(port, host)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nothing listens on ${transport} ${host}:${port} after 60 s`)
}

function hasUdpSocket(port: number): boolean {
  return readFileSync('/proc/net/udp', 'utf8').includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} `)
}

function connects(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
