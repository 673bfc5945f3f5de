/**
 * What a registration costs in memory and in time: the bindings in memory, without sockets. A C registrar takes about
 * 960 octets (an outside number, for scale only; the ratio is measured elsewhere).
 */
import { rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { memoryLocation, singleWriterLocation } from '../src/services/location/location.ts'
import { sharedLocation } from '../src/services/location/shared-location.ts'
import type { LocationService } from '../src/services/location/location.ts'
import { registrar } from '../src/services/registrar/registrar.ts'
import { openPoolStore } from '../src/services/store/pool-store.ts'
import { parseText, parseUri } from '../src/sip/message/index.ts'
import type { Arrival, Decision, Policy } from '../src/sip/routing/decision.ts'
import type { Flow, FlowId } from '../src/sip/transport/flow.ts'
import { systemClock } from '../src/sip/clock.ts'

const help = `node --expose-gc bench/registrations.ts [USERS] [--url postgresql://…] [--seconds 120] [--json]

  USERS        how many register (100000), each once and then again; then look-ups
  --url URL    also for front ends that share this PostgreSQL; the CPU of the database is not in the numbers
  --seconds S  longest time for one round of registrations: what was reached by then is reported (120)
  --json       one document

Without --expose-gc there is no memory. The last lines are a model: what USERS phones need that refresh every hour, with
the constants of this run. Takes up to 2 × S for each of the two or three locations.`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string' },
    seconds: { type: 'string', default: '120' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(help)
  process.exit()
}
const { url } = values
const users = count('USERS', positionals[0] ?? '100000')
const limitMs = count('--seconds', values.seconds) * 1000
const collect = (globalThis as { gc?: () => void }).gc

function count(name: string, text: string): number {
  const found = Number(text)
  if (Number.isInteger(found) && found > 0) return found
  throw new RangeError(`${name}: wanted a count above 0, found ${text}`)
}

const flow: Flow = {
  id: 1 as FlowId,
  transport: 'tcp',
  reliable: true,
  secure: false,
  direction: 'accepted',
  face: 'internal',
  local: { address: '127.0.0.1', port: 5060 },
  remote: { address: '127.0.0.2', port: 5060 },
  peer: undefined,
  own: undefined,
  dialledName: undefined,
  open: true,
  confirmed: true,
  openedAt: 0,
  send: () => true,
  close: () => undefined,
  notes: new Map(),
}

function register(user: number, cseq: number): Arrival {
  const request = parseText(
    `REGISTER sip:lab.test SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.2:5060;branch=z9hG4bK${user}\r\n` +
      `From: <sip:user${user}@lab.test>;tag=${user}\r\nTo: <sip:user${user}@lab.test>\r\n` +
      `Call-ID: reg-${user}-7c1f2b9e@127.0.0.2\r\n` +
      `CSeq: ${cseq} REGISTER\r\nContact: ` +
      `<sip:user${user}@10.${user >> 16}.${(user >> 8) & 255}.${user & 255}:5060;transport=tcp>\r\nExpires: ` +
      `3600\r\nMax-Forwards: 70\r\nUser-Agent: bench/1.0\r\nContent-Length: 0\r\n\r\n`,
  )
  if (request.kind !== 'request') throw new TypeError('not a request')
  return {
    request,
    flow,
    face: 'internal',
    uri: parseUri('sip:lab.test'),
    routes: [],
    ownRoute: undefined,
    nearRoute: undefined,
    claimsDialog: false,
    leaveRoute: () => undefined,
    wall: systemClock.wall(),
    remarks: {
      identity: undefined,
      claimed: undefined,
      organisation: '',
      trunk: '',
      dialog: undefined,
      remote: false,
      add: [],
      remove: [],
      other: new Map(),
    },
  }
}

/** Octets the process holds: the heap, and what typed arrays and Buffers hold beside it. */
async function held(): Promise<number> {
  for (let round = 0; round < 4; round++) {
    collect?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

interface Round {
  readonly registered: number
  readonly microseconds: number
  readonly seconds: number
}

/** @param most how many at the most: those that the round before reached */
async function registerAll(policy: Policy, cseq: number, most: number): Promise<Round> {
  const start = process.cpuUsage()
  const began = performance.now()
  let registered = 0
  while (registered < most && performance.now() - began < limitMs) {
    const under: (Decision | Promise<Decision>)[] = []
    while (under.length < 200 && registered < most) under.push(policy.decide(register(registered++, cseq)))
    requireDone(await Promise.all(under))
  }
  const { user, system } = process.cpuUsage(start)
  return { registered, microseconds: (user + system) / registered, seconds: (performance.now() - began) / 1000 }
}

function requireDone(decisions: readonly Decision[]): void {
  const failed = decisions.find((decision) => decision.kind !== 'answer')
  if (failed !== undefined) throw new Error(`a REGISTER was not answered: ${JSON.stringify(failed)}`)
}

interface Row {
  readonly location: string
  /** Fewer than were wanted: the time was over. */
  readonly users: number
  /** Wall-clock, for all of them: the first time, and again. */
  readonly firstSeconds: number
  readonly refreshSeconds: number
  /** undefined: run without --expose-gc. */
  readonly bytesPerRegistration: number | undefined
  /** CPU of the whole process, its threads included, in microseconds a REGISTER. */
  readonly firstMicroseconds: number
  readonly refreshMicroseconds: number
  /** Wall-clock, one look-up after the other. */
  readonly lookupMicroseconds: number
  /** In the database, with its indexes; undefined: there is none. */
  readonly storeBytesPerRegistration: number | undefined
}

async function measure(
  name: string,
  location: LocationService,
  storeBytes: () => Promise<number | undefined> = async () => undefined,
): Promise<Row> {
  const policy = registrar({
    location,
    accounts: undefined,
    domains: ['lab.test'],
    clock: systemClock,
    self: 'fe1.lab.test',
  })
  const before = await held()
  const first = await registerAll(policy, 1, users)
  const after = await held()
  const refresh = await registerAll(policy, 2, first.registered)
  const start = performance.now()
  let found = 0
  const turns = location.size === undefined ? 5_000 : 200_000
  for (let turn = 0; turn < turns; turn++)
    found += (await location.lookup(`sip:user${(turn * 7919) % refresh.registered}@lab.test`)).length
  if (found !== turns) throw new Error(`found ${found} bindings of ${turns}`)
  const lookupMicroseconds = ((performance.now() - start) * 1000) / turns
  const inStore = await storeBytes()
  location.close()
  return {
    location: name,
    users: first.registered,
    firstSeconds: first.seconds,
    refreshSeconds: refresh.seconds,
    bytesPerRegistration: collect === undefined ? undefined : (after - before) / first.registered,
    firstMicroseconds: first.microseconds,
    refreshMicroseconds: refresh.microseconds,
    lookupMicroseconds,
    storeBytesPerRegistration: inStore === undefined ? undefined : inStore / first.registered,
  }
}

/** What is in the log that is not yet in the file counts too. */
async function fileBytes(path: string): Promise<number> {
  const sizes = await Promise.all(
    ['', '-wal'].map((suffix) =>
      stat(path + suffix).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function tableBytes(where: string): Promise<number> {
  const client = new pg.Client({ connectionString: where })
  await client.connect()
  try {
    const { rows: sizes } = await client.query<{ readonly bytes: string }>(
      "select pg_total_relation_size('pool_store.bindings')::text as bytes",
    )
    return Number(sizes[0]?.bytes)
  } finally {
    await client.end()
  }
}

/** Every phone refreshes once an hour, over a connection of its own. */
const refreshSeconds = 3600

interface Need {
  readonly location: string
  readonly phones: number
  readonly registrationsMegabytes: number | undefined
  readonly storeMegabytes: number | undefined
  readonly refreshesPerSecond: number
  /** Of one core, for the registrar alone: parsing, TLS and credentials are in bench-proxy. */
  readonly refreshPercentOfACore: number
  /** All at once, as after an outage. */
  readonly allAtOnceSeconds: number
}

/** The constants of `row`, times the phones that were asked for: none of these grows faster than their number. */
function needOf(row: Row): Need {
  const megabytes = (bytes: number | undefined): number | undefined =>
    bytes === undefined ? undefined : (bytes * users) / 2 ** 20
  return {
    location: row.location,
    phones: users,
    registrationsMegabytes: megabytes(row.bytesPerRegistration),
    storeMegabytes: megabytes(row.storeBytesPerRegistration),
    refreshesPerSecond: users / refreshSeconds,
    refreshPercentOfACore: (users / refreshSeconds) * (row.refreshMicroseconds / 1e4),
    allAtOnceSeconds: (row.firstSeconds / row.users) * users,
  }
}

async function warmUp(): Promise<void> {
  const location = memoryLocation({ clock: systemClock })
  const policy = registrar({
    location,
    accounts: undefined,
    domains: ['lab.test'],
    clock: systemClock,
    self: 'fe1.lab.test',
  })
  for (let user = 0; user < 20_000; user++) policy.decide(register(user, 1))
  location.close()
  flow.notes.clear()
}

await warmUp()
const memory = await measure('memory', memoryLocation({ clock: systemClock }))
flow.notes.clear()
const file = join(tmpdir(), `siplab-bench-${process.pid}.db`)
const store = await openPoolStore({ kind: 'sqlite', file }, { clock: systemClock })
const single = singleWriterLocation({ clock: systemClock, store })
await new Promise((resolve) => setTimeout(resolve, 200))
const sqlite = await measure('memory before SQLite', single, () => fileBytes(file))
await store.close()
for (const suffix of ['', '-wal', '-shm']) await rm(file + suffix, { force: true })

const rows = [memory, sqlite]
if (url !== undefined) {
  flow.notes.clear()
  const back = await openPoolStore({ kind: 'postgresql', url }, { clock: systemClock })
  if (back.health.error !== undefined) throw back.health.error
  rows.push(
    await measure('shared PostgreSQL', sharedLocation({ clock: systemClock, store: back }), () => tableBytes(url)),
  )
  await back.removeExpired(Number.MAX_SAFE_INTEGER)
  await back.close()
}
const needs = rows.map(needOf)
if (values.json) console.log(JSON.stringify({ node: process.version, rows, needs }))
else for (const each of [rows, needs]) printTable(each)

function printTable(table: readonly (Row | Need)[]): void {
  const digit = (value: unknown): unknown => (typeof value === 'number' ? Math.round(value * 10) / 10 : value)
  console.table(
    Object.fromEntries(
      table.map(({ location, ...numbers }) => [
        location,
        Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, digit(value)])),
      ]),
    ),
  )
}
