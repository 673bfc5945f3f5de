/** What is measured end to end, with the bar for each. Ratios are ours ÷ the other; below 1 is cheaper. */
import type { LoadJob } from './job.ts'
import type { Transport } from './socket.ts'

export interface Row {
  readonly name: string
  readonly what: string
  readonly transport: Transport
  readonly job: LoadJob['kind']
  /** undefined: reported, without a bar. */
  readonly must: number | undefined
  readonly aim: number | undefined
  /** Calls a second; 0: as fast as the window goes. */
  readonly rate: number
  /** Calls, registrations or connections a round. */
  readonly count: number
  readonly users: number
  /** Kamailio; or another instance of ours, with so many users or with the log level `warn`. */
  readonly other: 'kamailio' | { readonly users: number } | 'warn'
  /** Proxies in a row. */
  readonly hops: 1 | 3
  /**
   * Processes of Kamailio: two, one for each core of a small machine, but one where Debian's 5.6.3 breaks off. Two of
   * them share OpenSSL 3 state: when one closes a TLS connection the other takes over its error, or ends with SIGSEGV.
   * At 500 calls/s that was not seen.
   */
  readonly workers: 1 | 2
  /** Log level of ours. */
  readonly log: 'warn' | 'info'
}

const calls = {
  job: 'calls',
  rate: 0,
  count: 12_000,
  users: 8,
  other: 'kamailio',
  hops: 1,
  workers: 2,
  log: 'warn',
} as const

export const rows: readonly Row[] = [
  {
    ...calls,
    name: 'tls-saturated',
    what: 'mutual-TLS calls, saturated',
    transport: 'tls',
    must: 0.85,
    aim: 0.7,
    workers: 1,
  },
  {
    ...calls,
    name: 'tls-paced',
    what: 'mutual-TLS calls at 500/s',
    transport: 'tls',
    must: 1.3,
    aim: 1.1,
    rate: 500,
    count: 3000,
  },
  { ...calls, name: 'udp-saturated', what: 'UDP calls, saturated', transport: 'udp', must: 1, aim: 0.85 },
  { ...calls, name: 'tcp-saturated', what: 'TCP calls, saturated', transport: 'tcp', must: 0.75, aim: 0.6 },
  {
    ...calls,
    name: 'register',
    what: 'REGISTER over TLS (memory store)',
    transport: 'tls',
    job: 'registrations',
    must: 1.2,
    aim: 1,
    count: 20_000,
    workers: 1,
  },
  {
    ...calls,
    name: 'handshake',
    what: 'mutual TLS 1.3 handshake with first REGISTER, P-256',
    transport: 'tls',
    job: 'connections',
    must: 0.85,
    aim: 0.78,
    count: 1500,
    workers: 1,
  },
  {
    ...calls,
    name: 'idle-memory',
    what: 'memory of an idle registered TLS connection',
    transport: 'tls',
    job: 'idle',
    must: 1.4,
    aim: 1.25,
    count: 1000,
    workers: 1,
  },
  {
    ...calls,
    name: 'registration-memory',
    what: 'memory of a registration, 100,000 users',
    transport: 'tcp',
    job: 'users',
    must: 0.7,
    aim: 0.4,
    count: 100_000,
  },
  {
    ...calls,
    name: 'three-hops',
    what: 'three hops (edge, director, front end), TLS calls',
    transport: 'tls',
    must: 1,
    aim: 0.8,
    count: 3000,
    hops: 3,
    workers: 1,
  },
  {
    ...calls,
    name: 'many-users',
    what: 'a call at 100,000 registrations ÷ at 1,000, TCP',
    transport: 'tcp',
    must: 1.15,
    aim: 1.05,
    users: 100_000,
    other: { users: 1000 },
  },
  {
    ...calls,
    name: 'log-info',
    what: 'log level info ÷ warn, TLS calls',
    transport: 'tls',
    must: undefined,
    aim: undefined,
    other: 'warn',
    log: 'info',
  },
]
