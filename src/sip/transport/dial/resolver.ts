/** DNS as the stack asks it: a small interface, and its implementation over Node's resolver with a bounded cache. */
import { promises as dns } from 'node:dns'
import type { Clock } from '../../clock.ts'
import { askTtl, saneTtl } from './time-to-live.ts'

export interface NaptrRecord {
  readonly order: number
  readonly preference: number
  readonly flags: string
  /** e.g. `SIPS+D2T`. */
  readonly service: string
  /** e.g. `_sips._tcp.lab.test`. */
  readonly replacement: string
}

export interface SrvRecord {
  readonly priority: number
  readonly weight: number
  readonly port: number
  /** Host name; `.`: the service is decidedly not offered. */
  readonly target: string
}

/**
 * Each answers an empty list when the name or the record does not exist, and rejects with ResolveError when no
 * server could say.
 */
export interface Resolver {
  naptr(name: string): Promise<readonly NaptrRecord[]>
  srv(name: string): Promise<readonly SrvRecord[]>
  a(name: string): Promise<readonly string[]>
  aaaa(name: string): Promise<readonly string[]>
}

/** No DNS server answered, or the answer was an error; the record may well exist. */
export class ResolveError extends Error {
  readonly code = 'dns.unreachable'
  readonly query: string

  constructor(query: string, cause: unknown) {
    super(`${query}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'ResolveError'
    this.query = query
  }
}

export interface ResolverOptions {
  readonly clock: Clock
  /** Numeric, with ports: [`127.0.41.2:10053`, `[::1]:10053`]. Empty: the system's. */
  readonly servers: readonly string[]
  /** IPv4 address of this machine to ask from; absent: the system chooses. */
  readonly from?: string
  /** An answer is kept so long at most, shorter when its TTL is. 0: nothing is kept. */
  readonly cacheSeconds?: number
  /** Names kept at most; the oldest makes room. */
  readonly cacheNames?: number
  /** One query to one server. */
  readonly timeoutMs?: number
  readonly tries?: number
}

/** `createResolver({ clock, servers: ['127.0.41.2:10053'] })` */
export function createResolver(options: ResolverOptions): Resolver {
  const { clock, servers, from, cacheSeconds = 30, cacheNames = 2_000, timeoutMs = 2_000, tries = 2 } = options
  const resolver = new dns.Resolver({ timeout: timeoutMs, tries })
  if (servers.length > 0) resolver.setServers([...servers])
  if (from !== undefined) resolver.setLocalAddress(from)
  const cache = new AnswerCache(clock, cacheSeconds, cacheNames, (name) => negativeTtl(resolver, name))
  const ttl = (type: 'SRV' | 'NAPTR', name: string) => (): Promise<number | undefined> =>
    // What is kept for a second at most is not worth another question.
    cacheSeconds <= 1 ? Promise.resolve(undefined) : ttlOfAny(resolver.getServers(), type, name, timeoutMs)
  return {
    naptr: async (name) =>
      (
        await cache.answer(`NAPTR ${name}`, () => resolver.resolveNaptr(name).catch(unknownType), ttl('NAPTR', name))
      ).map(naptrOf),
    srv: async (name) =>
      (await cache.answer(`SRV ${name}`, () => resolver.resolveSrv(name).catch(unknownType), ttl('SRV', name))).map(
        srvOf,
      ),
    a: async (name) =>
      (await cache.answer(`A ${name}`, () => resolver.resolve4(name, { ttl: true }), shortestTtl)).map(
        ({ address }) => address,
      ),
    aaaa: async (name) =>
      (await cache.answer(`AAAA ${name}`, () => resolver.resolve6(name, { ttl: true }), shortestTtl)).map(
        ({ address }) => address,
      ),
  }
}

/**
 * Old servers and small routers do not know the newer types, and say so instead of "no such record" (RFC 3597 §3): the
 * next kind of record is asked for, as RFC 3263 §4.1 has it. One that fails or refuses says nothing about the type.
 */
function unknownType(error: unknown): never[] {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOTIMP' || error.code === 'EFORMERR')) return []
  throw error
}

/** Of the first server that says it. */
async function ttlOfAny(
  servers: readonly string[],
  type: 'SRV' | 'NAPTR',
  name: string,
  withinMs: number,
): Promise<number | undefined> {
  for (const server of servers) {
    const ttl = await askTtl({ server, type, name, withinMs })
    if (ttl !== undefined) return ttl
  }
  return undefined
}

function naptrOf({ order, preference, flags, service, replacement }: NaptrRecord): NaptrRecord {
  return { order, preference, flags, service, replacement }
}

function srvOf({
  priority,
  weight,
  port,
  name,
}: {
  readonly priority: number
  readonly weight: number
  readonly port: number
  readonly name: string
}): SrvRecord {
  return { priority, weight, port, target: name === '' ? '.' : name }
}

function shortestTtl(records: readonly { readonly ttl: number }[]): Promise<number> {
  return Promise.resolve(records.reduce((least, { ttl }) => Math.min(least, saneTtl(ttl)), Number.POSITIVE_INFINITY))
}

/**
 * How long a negative answer may be kept: the least of the SOA of its zone (RFC 2308 §5), in seconds. Node's resolver
 * does not show the SOA that came with the answer, so it is asked for, from the name upwards; undefined: no one says.
 */
async function negativeTtl(resolver: dns.Resolver, name: string): Promise<number | undefined> {
  const labels = name.replace(/\.$/, '').split('.')
  for (let at = 0; at < labels.length - 1 && at < mostLabels; at += 1) {
    const soa = await resolver.resolveSoa(labels.slice(at).join('.')).catch(noSoa)
    if (soa === 'unknown') return undefined
    if (soa !== 'none') return soa.minttl
  }
  return undefined
}

/** Zones above a name that are asked for their SOA. */
const mostLabels = 6

function noSoa(error: unknown): 'none' | 'unknown' {
  return error instanceof Error && 'code' in error && absent.has(error.code) ? 'none' : 'unknown'
}

/** What Node calls "there is no such name", "there is no such record", and "no name can be so" (`a..b`). */
const absent: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME'])

interface Answer {
  readonly records: Promise<readonly unknown[]>
  /** On the clock's `now`; 0 while the question runs. */
  until: number
}

type NegativeTtl = (name: string) => Promise<number | undefined>

/** Questions under way are shared; answers, empty ones too, are kept for their time; failures are not. */
class AnswerCache {
  readonly #clock: Clock
  readonly #mostSeconds: number
  readonly #mostNames: number
  readonly #negativeTtl: NegativeTtl
  readonly #answers = new Map<string, Answer>()

  constructor(clock: Clock, mostSeconds: number, mostNames: number, negativeTtl: NegativeTtl) {
    this.#clock = clock
    this.#mostSeconds = mostSeconds
    this.#mostNames = mostNames
    this.#negativeTtl = negativeTtl
  }

  answer<R>(
    query: string,
    ask: () => Promise<R[]>,
    ttlOf: (records: R[]) => Promise<number | undefined>,
  ): Promise<R[]> {
    const key = query.toLowerCase()
    const kept = this.#answers.get(key)
    // One key holds the answers of one kind of query, so the records are what `ask` gives.
    if (kept !== undefined && (kept.until === 0 || kept.until > this.#clock.now())) return kept.records as Promise<R[]>
    this.#answers.delete(key)
    if (this.#answers.size >= this.#mostNames) this.#forgetOldest()
    const records = ask().catch(absentIsEmpty(query))
    const answer: Answer = { records, until: 0 }
    this.#answers.set(key, answer)
    records.then(
      (found: R[]) => this.#keepFor(key, answer, found.length === 0 ? this.#absentFor(key) : ttlOf(found)),
      () => this.#answers.delete(key),
    )
    return records
  }

  #absentFor(key: string): Promise<number | undefined> {
    return this.#negativeTtl(key.slice(key.indexOf(' ') + 1))
  }

  /** The answer is out already; until its time is known it is shared as a question under way is. */
  #keepFor(key: string, answer: Answer, ttl: Promise<number | undefined>): void {
    ttl.then(
      (seconds) => this.#keep(key, answer, seconds ?? this.#mostSeconds),
      () => this.#answers.delete(key),
    )
  }

  #keep(key: string, answer: Answer, ttlSeconds: number): void {
    const seconds = Math.min(ttlSeconds, this.#mostSeconds)
    if (seconds <= 0) this.#answers.delete(key)
    else answer.until = this.#clock.now() + seconds * 1000
  }

  #forgetOldest(): void {
    for (const key of this.#answers.keys()) {
      this.#answers.delete(key)
      return
    }
  }
}

function absentIsEmpty(query: string): (error: unknown) => never[] {
  return (error) => {
    if (error instanceof Error && 'code' in error && absent.has(error.code)) return []
    throw new ResolveError(query, error)
  }
}
