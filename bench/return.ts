/**
 * How all phones come back after the edge was killed: they hold TLS connections to the outside face of the access proxy
 * and are signed in; the edge gets SIGKILL and is started again; each phone dials and signs in again, with the waits of
 * RFC 5626 §4.5. Counted from the moment at which the edge says that it is ready.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { launcher } from '../src/cli/package.ts'
import { bringUpCrowded, type CrowdedLab } from '../src/endurance/crowded-lab.ts'
import { configFolder, loadTopology } from '../src/topology/load.ts'
import type { PipeSettings } from '../test/support/raw-pipe.ts'
import { LightPhone } from './support/light-phone.ts'
import { machine } from './support/rounds.ts'

const help = `node bench/return.ts [--phones 500] [--topology edge] [--seconds 120] [--json]

  --phones N      connections from five addresses, each with a user of its own
  --topology NAME one with an access proxy
  --seconds S     how long the phones may take to come back
  --json          one document

First all phones sign in, 50 at a time: sign-ins a second, each with its handshake, are the rate. After the restart of
the edge all of them must be signed in within 1.3 × handshakes ÷ rate, and at least 90 % of the sign-ins that were tried
after it was ready must be answered with 200. Exit status 1: not so. With few phones their own waits (0.25 to 4 s) are
longer than the goal: take at least 1000.`

const goal = { goodput: 0.9, time: 1.3 }
const sources = [1, 2, 3, 4, 5].map((host) => `127.0.212.${host}`)
const atOnce = 50
/** RFC 5626 §4.5, with short times: the first wait, and the longest. */
const firstWaitMs = 500
const longestWaitMs = 4_000

interface Report {
  readonly phones: number
  /** Handshake and sign-in, 50 at a time, before anything was killed. */
  readonly signInsPerSecond: number
  readonly lostWithinMs: number
  readonly handshakes: number
  readonly signInsTried: number
  readonly signInsAnswered: number
  readonly goodput: number
  /** Undefined: not all of them came back. */
  readonly allBackMs: number | undefined
  /** 1.3 × handshakes ÷ rate. */
  readonly allBackGoalMs: number
}

const { values } = parseArgs({
  options: {
    phones: { type: 'string', default: '500' },
    topology: { type: 'string', default: 'edge' },
    seconds: { type: 'string', default: '120' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(help)
  process.exit()
}
const phoneCount = count('phones', values.phones)
const limitMs = count('seconds', values.seconds) * 1000
const folder = mkdtempSync(join(tmpdir(), 'siplab-return-'))
const lab = await bringUpCrowded(
  {
    topology: loadTopology(values.topology, configFolder()),
    source: values.topology,
    data: join(folder, 'lab'),
    // Every second one may come from outside.
    users: phoneCount * 2,
    movableClock: false,
    launcher,
    environment: process.env,
    onProgress: () => undefined,
  },
  new AbortController().signal,
)
let report: Report
try {
  report = await measure(lab)
} finally {
  await lab.stop()
  rmSync(folder, { recursive: true, force: true })
}
if (values.json) console.log(JSON.stringify({ machine: machine(), ...report }))
else {
  console.log(Object.values(machine()).join(', '))
  console.table(report)
}
const isGood =
  report.goodput >= goal.goodput && report.allBackMs !== undefined && report.allBackMs <= report.allBackGoalMs
process.exit(isGood ? 0 : 1)

function count(name: string, text: string): number {
  const found = Number(text)
  if (Number.isInteger(found) && found > 0) return found
  throw new RangeError(`--${name}: wanted a count above 0, found ${text}`)
}

/** One that comes back by itself while the measurement runs. */
interface Returning {
  readonly phone: LightPhone
  readonly place: PipeSettings
  isIn: boolean
}

async function measure(crowded: CrowdedLab): Promise<Report> {
  const edge = edgeOf(crowded)
  const all = crowded.users
    .filter(({ remote }) => remote)
    .map(
      (user, at): Returning => ({
        phone: new LightPhone({ ...user, domain: crowded.ready.domain }),
        place: { ...edge.place, source: sources[at % sources.length] ?? '127.0.212.1' },
        isIn: false,
      }),
    )
  const signInsPerSecond = await signAllIn(all)
  const lost = Promise.all(all.map(({ phone }) => new Promise<void>((resolve) => (phone.onLost = resolve))))
  const killedAt = performance.now()
  crowded.signal(edge.name, 'SIGKILL')
  await lost
  const lostWithinMs = Math.round(performance.now() - killedAt)
  // The supervisor hears of it a moment later than the phones.
  while (crowded.pids.has(edge.name)) await delay(10)
  const { tookMs, handshakes, tried, answered } = await returnAll(all, () => crowded.start(edge.name))
  for (const { phone } of all) phone.close()
  return {
    phones: all.length,
    signInsPerSecond: Math.round(signInsPerSecond),
    lostWithinMs,
    handshakes,
    signInsTried: tried,
    signInsAnswered: answered,
    goodput: Math.round((answered / tried) * 1000) / 1000,
    allBackMs: all.every(({ isIn }) => isIn) ? Math.round(tookMs) : undefined,
    allBackGoalMs: Math.round((goal.time * handshakes * 1000) / signInsPerSecond),
  }
}

interface Counts {
  handshakes: number
  tried: number
  answered: number
}

/** @param start resolves when the edge is ready */
async function returnAll(
  all: readonly Returning[],
  start: () => Promise<void>,
): Promise<Counts & { readonly tookMs: number }> {
  const counts = { handshakes: 0, tried: 0, answered: 0 }
  const state = { isUp: false, isOver: false }
  const back = Promise.all(all.map((each) => comeBack(each, counts, state)))
  await start()
  const readyAt = performance.now()
  state.isUp = true
  await Promise.race([back, delay(limitMs)])
  const tookMs = performance.now() - readyAt
  state.isOver = true
  // What waits for an answer is no use any more.
  for (const { phone, isIn } of all) if (!isIn) phone.close()
  await back
  return { ...counts, tookMs }
}

function edgeOf({ ready }: CrowdedLab): { readonly name: string; readonly place: PipeSettings } {
  const edge = ready.nodes.find(({ role }) => role === 'access-proxy')
  const listener = edge?.listeners.find(
    ({ face, transport, mutual }) => face === 'external' && transport === 'tls' && mutual !== 'required',
  )
  if (edge === undefined || listener === undefined)
    throw new Error(`${values.topology} has no access proxy with a TLS listener for phones`)
  const { address, port } = listener
  return { name: edge.name, place: { address, port, transport: 'tls', serverName: `sip.${ready.domain}` } }
}

/** @returns sign-ins a second */
async function signAllIn(all: readonly Returning[]): Promise<number> {
  const left = [...all]
  const began = performance.now()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let one = left.pop(); one !== undefined; one = left.pop()) {
        await one.phone.connect(one.place)
        const status = await one.phone.signIn()
        if (status !== 200) throw new Error(`${one.phone.uri} could not sign in: ${status}`)
      }
    }),
  )
  return (all.length * 1000) / (performance.now() - began)
}

/** Until it is signed in; what fails before the edge is ready is not counted, for nothing could answer it. */
async function comeBack(
  one: Returning,
  counts: Counts,
  state: { readonly isUp: boolean; readonly isOver: boolean },
): Promise<void> {
  for (let waitMs = firstWaitMs; !one.isIn && !state.isOver; waitMs = Math.min(2 * waitMs, longestWaitMs)) {
    await delay(waitMs * (0.5 + Math.random() / 2))
    const isCounted = state.isUp
    if (isCounted) counts.tried++
    try {
      await one.phone.connect(one.place)
      counts.handshakes++
      one.isIn = (await one.phone.signIn()) === 200
      // One that began before the edge was ready and was answered is tried and answered.
      if (one.isIn) counts.answered++
      if (one.isIn && !isCounted) counts.tried++
    } catch (error) {
      if (!(error instanceof Error)) throw error
    }
    if (!one.isIn) one.phone.close()
  }
}
