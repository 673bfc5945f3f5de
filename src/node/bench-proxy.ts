/**
 * The ordinary front end without a lab around it, for benchmarks by others: its policies, record-routing, transactions
 * and timers, verdicts and metrics, the registrar in memory. Only the users are not asked who they are.
 */
import { X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pemBlocks } from '../certificates/load.ts'
import { summarise } from '../certificates/summary.ts'
import { memoryLocation } from '../services/location/location.ts'
import { systemClock } from '../sip/clock.ts'
import type { TlsMaterial } from '../sip/transport/types.ts'
import { loadProfile } from '../topology/load.ts'
import type { Profile } from '../topology/profile.ts'
import type { HomeSettings, LabPlan, NodePlan } from '../topology/plan-types.ts'
import { openRecorder } from './recorder.ts'
import { openStack, type Stack } from './stack.ts'
import { defaultKeptMessages, ringSize, WireLog } from './wire/wire-log.ts'

/** Of one user: a generator may register each user on each of its connections. */
const mostContacts = 64

export interface BenchProxySettings {
  readonly transport: 'udp' | 'tcp' | 'tls'
  readonly address: string
  readonly port: number
  readonly domain: string
  /** PEM files; absent for udp and tcp. */
  readonly certificateFile: string | undefined
  readonly keyFile: string | undefined
  readonly caFile: string | undefined
  /** Everything it writes goes here. */
  readonly folder: string
  readonly logLevel: 'info' | 'warn'
  /** As for a node of a lab. */
  readonly keptMessages?: number
  /** Where everything goes that is for another domain: the next of several proxies in a row. Absent: nowhere. */
  readonly nextHop?: { readonly address: string; readonly port: number } | undefined
}

export interface BenchProxy {
  readonly stack: Stack
  readonly port: number
  close(): Promise<void>
}

export async function startBenchProxy(settings: BenchProxySettings): Promise<BenchProxy> {
  mkdirSync(settings.folder, { recursive: true })
  const plan = benchPlan(settings)
  const recorder = openRecorder({
    node: plan.name,
    role: plan.role,
    profile: plan.profile.name,
    eventFile: join(settings.folder, 'events.jsonl'),
    level: settings.logLevel,
    wall: Date.now,
  })
  const location = memoryLocation({ clock: systemClock })
  const stack = openStack({
    lab: benchLab(plan),
    plan,
    clock: systemClock,
    recorder,
    wire: new WireLog({
      node: plan.name,
      clock: systemClock,
      size: ringSize(settings.keptMessages ?? defaultKeptMessages),
    }),
    stores: { directory: undefined, pool: undefined, location, close: async () => location.close() },
    sharedKey: Buffer.alloc(32, settings.domain),
    authentication: 'off',
    // Contacts are addresses, and the certificates of a benchmark seldom carry addresses.
    numericHosts: 'by-chain',
    transportSettings: { connectionsPerSource: 20_000, connections: 50_000 },
  })
  return {
    stack,
    port: await listenOn(stack, settings),
    async close() {
      await stack.close()
      location.close()
      await recorder.close()
    },
  }
}

/** @returns the port */
async function listenOn({ transport: layer }: Stack, settings: BenchProxySettings): Promise<number> {
  const { transport, address, port } = settings
  const tls = transport === 'tls' ? materialOf(settings) : undefined
  layer.setOutgoingTls('internal', tls)
  const mutual = tls === undefined ? 'off' : 'required'
  const { local } = await layer.listen({ face: 'internal', transport, address, port, mutual, tls })
  return local.port
}

function materialOf({ certificateFile, keyFile, caFile }: BenchProxySettings): TlsMaterial {
  if (certificateFile === undefined || keyFile === undefined || caFile === undefined)
    throw new Error('TLS needs BENCH_CERT, BENCH_KEY and BENCH_CA')
  const certificate = readFileSync(certificateFile, 'utf8')
  const { serial, fingerprint } = summarise(certificate)
  return {
    certificate,
    key: readFileSync(keyFile, 'utf8'),
    ca: pemBlocks(readFileSync(caFile, 'utf8')).map(({ text }) => text),
    crl: undefined,
    own: { serial, fingerprint, notAfter: new X509Certificate(certificate).validToDate.getTime() },
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: undefined,
  }
}

function benchPlan(settings: BenchProxySettings): NodePlan {
  const { transport, address, port, domain } = settings
  const profile = loadProfile('modern')
  return {
    name: 'bench',
    role: 'front-end',
    organisation: domain,
    fqdn: address,
    faces: [{ name: 'internal', fqdn: address, address, addresses: {} }],
    listeners: [
      { face: 'internal', transport, address, port, ...(transport === 'tls' ? { mutual: 'required' as const } : {}) },
    ],
    resolver: { view: 'internal', address: '127.0.0.1', port: 53 },
    certificates: [],
    whenOwnCertificateEnds: 'warn',
    whenDatabaseIsAway: 'by-kind',
    profile,
    settings: benchHome(settings, profile),
  }
}

function benchHome({ transport, address, domain, nextHop }: BenchProxySettings, profile: Profile): HomeSettings {
  return {
    kind: 'front-end',
    domains: [domain],
    realm: domain,
    algorithms: profile.authentication.algorithms,
    ntlm: false,
    trustedServers: [],
    edges: [],
    home: address,
    members: [address],
    authorizedHosts: [],
    staticRoutes:
      nextHop === undefined
        ? []
        : [{ match: '*', nextHop: nextHop.address, port: nextHop.port, transport, replaceHost: false }],
    maxContactsPerUser: mostContacts,
    maxSubscriptionsPerUser: 1000,
    store: { kind: 'sqlite', directory: '', pool: '' },
  }
}

function benchLab(plan: NodePlan): LabPlan {
  return {
    topology: 'bench',
    about: '',
    profile: plan.profile,
    domain: plan.organisation,
    network: 0,
    addressing: 'loopback',
    organisations: [],
    nodes: [plan],
    foreign: [],
    certificates: [],
    dns: [],
    links: [],
    firewall: [],
    users: [],
    phones: [],
  }
}
