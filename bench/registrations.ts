/**
 * What a registration costs in memory and in time: `node --expose-gc bench/registrations.ts [USERS]
 * [--url=postgresql://…] [--json]`. With a URL the same is measured for front ends that share a PostgreSQL (its own CPU
 * is not in the numbers; wall-clock time is). Beyond the connection: the bindings in memory, without sockets. A C
 * registrar takes about 960 octets (an outside number, for scale only; the ratio is measured elsewhere).
 */
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryLocation, singleWriterLocation } from '../src/services/location/location.ts'
import { sharedLocation } from '../src/services/location/shared-location.ts'
import type { LocationService } from '../src/services/location/location.ts'
import { registrar } from '../src/services/registrar/registrar.ts'
import { openPoolStore } from '../src/services/store/pool-store.ts'
import { parseText, parseUri } from '../src/sip/message/index.ts'
import type { Arrival, Decision, Policy } from '../src/sip/routing/decision.ts'
import type { Flow, FlowId } from '../src/sip/transport/flow.ts'
import { systemClock } from '../src/sip/clock.ts'

const users = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 100_000)
const url = process.argv.find((argument) => argument.startsWith('--url='))?.slice('--url='.length)
const collect = (globalThis as { gc?: () => void }).gc

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

async function registerAll(policy: Policy, cseq: number): Promise<number> {
  const start = process.cpuUsage()
  let under: (Decision | Promise<Decision>)[] = []
  for (let user = 0; user < users; user++) {
    under.push(policy.decide(register(user, cseq)))
    if (under.length < 200) continue
    requireDone(await Promise.all(under))
    under = []
  }
  requireDone(await Promise.all(under))
  const { user, system } = process.cpuUsage(start)
  return (user + system) / users
}

function requireDone(decisions: readonly Decision[]): void {
  const failed = decisions.find((decision) => decision.kind !== 'answer')
  if (failed !== undefined) throw new Error(`a REGISTER was not answered: ${JSON.stringify(failed)}`)
}

interface Row {
  readonly location: string
  readonly users: number
  /** undefined: run without --expose-gc. */
  readonly bytesPerRegistration: number | undefined
  /** CPU of the whole process, its threads included, in microseconds a REGISTER. */
  readonly firstMicroseconds: number
  readonly refreshMicroseconds: number
  /** Wall-clock, one look-up after the other. */
  readonly lookupMicroseconds: number
}

async function measure(name: string, location: LocationService): Promise<Row> {
  const policy = registrar({
    location,
    accounts: undefined,
    domains: ['lab.test'],
    clock: systemClock,
    self: 'fe1.lab.test',
  })
  const before = await held()
  const firstMicroseconds = await registerAll(policy, 1)
  const after = await held()
  const refreshMicroseconds = await registerAll(policy, 2)
  const start = performance.now()
  let found = 0
  const turns = location.size === undefined ? 5_000 : 200_000
  for (let turn = 0; turn < turns; turn++)
    found += (await location.lookup(`sip:user${(turn * 7919) % users}@lab.test`)).length
  if (found !== turns) throw new Error(`found ${found} bindings of ${turns}`)
  const lookupMicroseconds = ((performance.now() - start) * 1000) / turns
  location.close()
  return {
    location: name,
    users,
    bytesPerRegistration: collect === undefined ? undefined : (after - before) / users,
    firstMicroseconds,
    refreshMicroseconds,
    lookupMicroseconds,
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
const sqlite = await measure('memory before SQLite', single)
await store.close()
for (const suffix of ['', '-wal', '-shm']) await rm(file + suffix, { force: true })

const rows = [memory, sqlite]
if (url !== undefined) {
  flow.notes.clear()
  const back = await openPoolStore({ kind: 'postgresql', url }, { clock: systemClock })
  if (back.health.error !== undefined) throw back.health.error
  rows.push(await measure('shared PostgreSQL', sharedLocation({ clock: systemClock, store: back })))
  await back.removeExpired(Number.MAX_SAFE_INTEGER)
  await back.close()
}
if (process.argv.includes('--json')) console.log(JSON.stringify({ node: process.version, rows }))
else
  console.table(
    Object.fromEntries(
      rows.map(({ location, ...numbers }) => [
        location,
        Object.fromEntries(
          Object.entries(numbers).map(([name, value]) => [
            name,
            typeof value === 'number' ? Math.round(value * 10) / 10 : value,
          ]),
        ),
      ]),
    ),
  )
