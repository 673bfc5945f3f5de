/** What is measured end to end, with the bars for each. Ratios are ours ÷ the other; below 1 is cheaper. */
import type { LoadJob } from './job.ts'
import type { RoleLab } from './role-row.ts'
import type { Transport } from './socket.ts'

export interface Row {
  readonly name: string
  readonly what: string
  readonly transport: Transport
  readonly job: LoadJob['kind']
  /** undefined: reported, without a bar. */
  readonly floor: number | undefined
  readonly goal: number | undefined
  /** Calls a second; 0: as fast as the window goes. */
  readonly rate: number
  /** Calls, registrations or connections a round. */
  readonly count: number
  readonly users: number
  /**
   * Kamailio; or another instance of ours, with so many users, with the log level `warn`, or whose users are not asked
   * who they are.
   */
  readonly other: 'kamailio' | { readonly users: number } | 'warn' | 'unasked'
  /** Proxies in a row. */
  readonly hops: number
  /** Ours are the servers of this lab; absent: front ends without one. */
  readonly lab?: RoleLab
  /** See `Load`: what a proxy finds to do in one turn depends on both. */
  readonly wires?: number
  readonly window?: number
  /** See `Load`. */
  readonly contacts?: number
  /** Log level of ours. */
  readonly log: 'warn' | 'info'
}

const calls = {
  transport: 'tls',
  job: 'calls',
  rate: 0,
  count: 12_000,
  users: 8,
  other: 'kamailio',
  hops: 1,
  log: 'warn',
} as const

/** Each phone on a connection of its own, and few calls at a time: little to do in one turn of a connection. */
const shallow = { ...calls, window: 20 } as const

const callRows: readonly Row[] = [
  { ...calls, name: 'tls-saturated', what: 'TLS calls, 8 connections, 100 in flight', floor: 0.9, goal: 0.7 },
  { ...shallow, name: 'tls-8', what: 'TLS calls, 8 connections, 20 in flight', wires: 8, floor: 0.9, goal: 0.7 },
  {
    ...shallow,
    name: 'tls-20',
    what: 'TLS calls, 20 connections, 20 in flight',
    wires: 20,
    users: 20,
    floor: 0.9,
    goal: 0.7,
  },
  {
    ...shallow,
    name: 'tls-100',
    what: 'TLS calls, 100 connections, 20 in flight',
    wires: 100,
    users: 100,
    floor: 1,
    goal: 0.8,
  },
  {
    ...calls,
    name: 'tls-100-deep',
    what: 'TLS calls, 100 connections, 200 in flight',
    wires: 100,
    users: 100,
    window: 200,
    floor: 1,
    goal: 0.8,
  },
  {
    ...shallow,
    name: 'tls-1000',
    what: 'TLS calls, 1,000 connections, 20 in flight',
    wires: 1000,
    users: 1000,
    floor: 1.1,
    goal: 0.85,
  },
  {
    ...calls,
    name: 'tls-1000-deep',
    what: 'TLS calls, 1,000 connections, 200 in flight',
    wires: 1000,
    users: 1000,
    window: 200,
    floor: 1.1,
    goal: 0.85,
  },
  { ...calls, name: 'tls-paced', what: 'TLS calls at 500/s', rate: 500, count: 3000, floor: 1.3, goal: 1 },
  { ...calls, name: 'udp-saturated', what: 'UDP calls, 100 in flight', transport: 'udp', floor: 1.1, goal: 0.85 },
  { ...shallow, name: 'udp-20', what: 'UDP calls, 20 in flight', transport: 'udp', floor: 1.1, goal: 0.85 },
  {
    ...calls,
    name: 'tcp-saturated',
    what: 'TCP calls, 8 connections, 100 in flight',
    transport: 'tcp',
    floor: 0.9,
    goal: 0.65,
  },
  {
    ...shallow,
    name: 'tcp-20',
    what: 'TCP calls, 20 connections, 20 in flight',
    transport: 'tcp',
    wires: 20,
    users: 20,
    floor: 0.9,
    goal: 0.65,
  },
]

const registers = { ...calls, job: 'registrations', count: 20_000 } as const

const registerRows: readonly Row[] = [
  { ...registers, name: 'register', what: 'REGISTER over TLS, one contact', floor: 1.2, goal: 1 },
  {
    ...registers,
    name: 'register-10',
    what: 'REGISTER over TLS, ten contacts',
    wires: 20,
    window: 20,
    contacts: 10,
    floor: 1.5,
    goal: 1,
  },
  {
    ...calls,
    name: 'handshake',
    what: 'mutual TLS 1.3 handshake with first REGISTER, P-256',
    job: 'connections',
    count: 1500,
    floor: 1,
    goal: 0.78,
  },
  {
    ...calls,
    name: 'idle-memory',
    what: 'memory of an idle registered TLS connection',
    job: 'idle',
    count: 1000,
    floor: 1.1,
    goal: 0.85,
  },
  {
    ...calls,
    name: 'registration-memory',
    what: 'memory of a registration, 100,000 users',
    transport: 'tcp',
    job: 'users',
    count: 100_000,
    floor: 0.5,
    goal: 0.35,
  },
]

export const rows: readonly Row[] = [
  ...callRows,
  ...registerRows,
  {
    ...calls,
    name: 'three-hops',
    what: 'three hops (edge, director, front end), TLS calls',
    count: 3000,
    hops: 3,
    lab: 'three-roles',
    floor: 1,
    goal: 0.7,
  },
  {
    ...calls,
    name: 'federation',
    what: 'from one organisation to another (front end, edge, edge, front end), signed-in callers',
    count: 2000,
    hops: 4,
    lab: 'two-organisations',
    floor: undefined,
    goal: undefined,
  },
  {
    ...shallow,
    name: 'signed-in',
    what: 'callers who signed in ÷ callers who are not asked who they are, TLS calls',
    count: 6000,
    lab: 'home',
    other: 'unasked',
    floor: undefined,
    goal: undefined,
  },
  {
    ...calls,
    name: 'many-users',
    what: 'a call at 100,000 registrations ÷ at 1,000, TCP',
    transport: 'tcp',
    users: 100_000,
    other: { users: 1000 },
    floor: 1.1,
    goal: 1.02,
  },
  {
    ...calls,
    name: 'log-info',
    what: 'log level info ÷ warn, TLS calls',
    other: 'warn',
    log: 'info',
    floor: 1.6,
    goal: 1.25,
  },
]

/** What the bare proxy can do, see bare.ts. */
export const bareRows: readonly string[] = [...callRows.map(({ name }) => name), 'register']
