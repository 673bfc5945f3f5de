/**
 * What the proxy core costs per message, sockets aside: `node bench/forward.ts [--json]`.
 *
 * One call is six messages in (INVITE, 180, 200, ACK, BYE, 200) and seven out (100 too), through parser, transaction
 * tables, timers, policies, response context and serialiser, as the front end has them: stateful, record-routed. The
 * clock is moved by hand so that `callsPerSecond` calls begin in a second, and everything RFC 6026 keeps for 32 s is
 * kept. The harness is measured as a contestant of its own, and its time is subtracted; the bound is that of
 * bench/parse.ts.
 *
 * A refusal is what is left of a call under overload: INVITE in, 503 out, ACK in, from a stream. Where calls cost the
 * same at every load, a process that spends ρ of a call on each refusal completes (1 - 2ρ) / (1 - ρ) of its peak at
 * twice that.
 */
import type { Clock } from '../src/sip/clock.ts'
import { defaultLimits, parseDatagram, StreamFramer } from '../src/sip/message/index.ts'
import { createProxy } from '../src/sip/routing/proxy.ts'
import { pass, type Policy } from '../src/sip/routing/decision.ts'
import { FlowTokens } from '../src/sip/routing/flow-token.ts'
import { flowToken } from '../src/sip/routing/policies/flow-token.ts'
import { followRoute } from '../src/sip/routing/policies/follow-route.ts'
import { defaultForward } from '../src/sip/routing/settings.ts'
import { defaultTransactionLimits } from '../src/sip/transaction/settings.ts'
import { TimerWheel } from '../src/sip/transaction/timer-wheel.ts'
import { defaultTimers } from '../src/sip/transaction/types.ts'
import type { Flow, FlowId } from '../src/sip/transport/flow.ts'
import { TargetHealth } from '../src/sip/transport/dial/target-health.ts'
import { samples } from './support/messages.ts'
import { alternate, type Contestant, machine, median, type RoundSettings } from './support/rounds.ts'

const settings: RoundSettings = { rounds: 9, warmUp: 40_000, count: 20_000 }
const callsPerSecond = 1_000
const messagesPerCall = 6

/** Moved by hand; the wheel is the only one that waits. */
class BenchClock implements Clock {
  private time = 1_000_000
  private due = Infinity
  private callback: () => void = () => undefined

  now(): number {
    return this.time
  }

  wall(): number {
    return 1_136_203_200_000 + this.time
  }

  after(delayMs: number, callback: () => void) {
    this.due = this.time + delayMs
    this.callback = callback
    return { cancel: () => void (this.due = Infinity) }
  }

  advance(ms: number): void {
    this.time += ms
    if (this.time < this.due) return
    this.due = Infinity
    this.callback()
  }
}

const output = Buffer.alloc(64 * 1024)

class BenchFlow implements Flow {
  readonly id: FlowId
  readonly transport = 'tls'
  readonly reliable = true
  readonly secure = true
  readonly direction: 'accepted' | 'dialled'
  readonly face = 'internal'
  readonly local = { address: '192.0.2.1', port: 5061 }
  readonly remote = { address: '192.0.2.77', port: 50331 }
  readonly peer = {
    class: 'server',
    names: ['peer.lab.test'],
    subject: '',
    serial: '',
    fingerprint: '',
    notAfter: 0,
  } as const
  readonly own = undefined
  readonly dialledName = undefined
  readonly open = true
  readonly confirmed = true
  readonly openedAt = 0
  readonly notes = new Map<string, unknown>()
  last = ''
  octets = 0

  constructor(id: number, direction: 'accepted' | 'dialled') {
    this.id = id as FlowId
    this.direction = direction
  }

  send(text: string): boolean {
    this.last = text
    this.octets += output.write(text, 'latin1')
    return true
  }

  close(): void {}
}

const fill = 'BRANCH'
const invite = template('INVITE', 'z9hG4bK8f1c2a7be40d9917')
const bye = template('BYE', 'z9hG4bK8f1c2a7be40d9917')
const ok = template('200 OK', 'z9hG4bK77b1c2a7be40d001')
const ringing = ok
  .replace('200 OK', '180 Ringing')
  .replace(/Content-Type:.*\r\nContent-Length: \d+\r\n\r\n[^]*/, 'Content-Length: 0\r\n\r\n')
const byeOk = ok
  .replace(/CSeq:.*/, 'CSeq: 314160 BYE')
  .replace(/Content-Type:.*\r\nContent-Length: \d+\r\n\r\n[^]*/, 'Content-Length: 0\r\n\r\n')
const ack = bye.replace('BYE', 'ACK').replace('314160 BYE', '314159 ACK')

function template(name: string, branch: string): string {
  const sample = samples.find((one) => one.name === name)
  if (sample === undefined) throw new RangeError(`no sample ${name}`)
  const text = sample.bytes.toString('latin1')
  if (!text.includes(branch)) throw new RangeError(`${name} has no branch ${branch}`)
  return text.replace(branch, fill)
}

/** Prepares the octets of one message: the harness needs them for every contestant. */
function octets(text: string, branch: string): Buffer {
  return Buffer.from(text.replace(fill, branch), 'latin1')
}

function branchOf(sent: string): string {
  const start = sent.indexOf('branch=') + 7
  return sent.slice(start, sent.indexOf('\r\n', start))
}

const ownRoute = '<sip:pool.lab.test:5061;transport=tls;lr>'

/** What the dialog goes by: our own Record-Route value. */
function routeOf(sent: string): string {
  const start = sent.indexOf('Record-Route: ') + 14
  return start === 13 ? ownRoute : sent.slice(start, sent.indexOf('\r\n', start))
}

interface Sides {
  begin(call: number): void
  request(bytes: Buffer): void
  response(bytes: Buffer): void
  /** What went out last towards the callee. */
  sent(): string
}

function call(sides: Sides, number: number): number {
  const caller = `z9hG4bKcall${number}`
  sides.begin(number)
  sides.request(octets(invite, caller))
  const inviteBranch = branchOf(sides.sent())
  sides.response(octets(ringing, inviteBranch))
  const route = routeOf(sides.sent())
  sides.response(octets(ok, inviteBranch))
  sides.request(octets(ack.replace(ownRoute, route), caller + 'a'))
  sides.request(octets(bye.replace(ownRoute, route), caller + 'b'))
  sides.response(octets(byeOk, branchOf(sides.sent())))
  return 1
}

function makeCore(clock: BenchClock, callee: BenchFlow, shed: () => number | undefined) {
  const tokens = new FlowTokens({ node: 'fe1.lab.test', key: undefined, flow: () => undefined })
  const binding: Policy = {
    name: 'binding',
    decide: ({ uri }) =>
      uri.host === 'lab.test'
        ? {
            kind: 'route',
            because: 'binding',
            targets: [
              {
                uri: 'sip:bob@192.0.2.77:50331;transport=tls',
                flow: undefined,
                routes: [],
                nextHop: undefined,
                q: 1000,
                face: undefined,
              },
            ],
          }
        : pass,
  }
  /** As in a front end that does not authenticate its users. */
  const recognised: Policy = {
    name: 'recognised',
    decide({ ownRoute, request, remarks }) {
      const user = ownRoute?.uri.user
      if (user === undefined) return pass
      const found = tokens.recognise(user, request)
      if (found.kind === 'dialog')
        remarks.dialog = { sender: found.sender, other: found.other, isCaller: found.isCaller, proved: true }
      return pass
    },
  }
  return createProxy({
    clock,
    wheel: new TimerWheel(clock),
    timers: defaultTimers,
    limits: defaultTransactionLimits,
    transport: { existing: () => callee, connect: async () => callee, flow: () => undefined },
    locate: () => [],
    health: new TargetHealth(clock),
    faces: {
      internal: {
        name: 'fe1.lab.test',
        recordRouteName: 'pool.lab.test',
        ports: { tls: 5061 },
        alsoKnownAs: [],
        admit: [recognised],
        target: [flowToken(tokens), followRoute({ known: { hosts: new Set(), ports: new Set([50_331]) } }), binding],
      },
    },
    forward: defaultForward,
    optionTags: ['ms-benotify'],
    flowTokens: tokens,
    diagnostics: () => [],
    shed,
    on: {
      failed: (_, error) => {
        throw error
      },
    },
  })
}

function throughCore(): Sides & { readonly counts: () => object } {
  const clock = new BenchClock()
  const callee = new BenchFlow(1, 'dialled')
  const caller = new BenchFlow(2, 'accepted')
  const proxy = makeCore(clock, callee, () => undefined)
  return {
    begin: () => clock.advance(1000 / callsPerSecond),
    request(bytes) {
      const message = parseDatagram(bytes)
      if (message.kind !== 'request') throw new TypeError('a request was meant')
      message.stampTopVia('10.20.0.3', 40112)
      proxy.transactions.onRequest(message, caller)
    },
    response(bytes) {
      const message = parseDatagram(bytes)
      if (message.kind !== 'response') throw new TypeError('a response was meant')
      proxy.transactions.onResponse(message, callee)
    },
    sent: () => callee.last,
    counts: () => ({ ...proxy.transactions.counts, lastToCaller: caller.last.slice(0, 14) }),
  }
}

/** As long as the core writes them: the harness puts one into ACK and BYE. */
const sealedRoute =
  'Record-Route: <sip:f~H+alice%40lab.test++s192.0.2.77+bob%40lab.test+++s192.0.2.77+0123456789abcdef' +
  '@pool.lab.test:5061;transport=tls;lr>'

/** The harness alone, with a given use of each message. */
function harness(use: (bytes: Buffer) => number): Sides {
  let sink = 0
  return {
    begin() {},
    request: (bytes) => void (sink += use(bytes)),
    response: (bytes) => void (sink += use(bytes)),
    sent: () => `branch=z9hG4bKq3f9c1a07.1f.2.9xk2${sink > 0 ? '' : ' '}\r\n${sealedRoute}\r\n`,
  }
}

function bound(bytes: Buffer): number {
  const text = bytes.toString('latin1')
  let found = 0
  for (let at = text.indexOf('\r\n'); at !== -1; at = text.indexOf('\r\n', at + 2)) found++
  return found
}

function contestant(name: string, sides: Sides): Contestant {
  let number = 0
  return {
    name,
    run(count) {
      let sink = 0
      for (let turn = 0; turn < count; turn++) sink += call(sides, number++)
      return sink
    },
  }
}

/** Refusals by the chunk, as a busy connection brings them. */
function refusals(): Contestant {
  const clock = new BenchClock()
  const caller = new BenchFlow(2, 'accepted')
  const { transactions } = makeCore(clock, new BenchFlow(1, 'dialled'), () => 5)
  const fault = (): never => {
    throw new Error('a whole request was meant')
  }
  const framer = new StreamFramer(defaultLimits, {
    message(message) {
      if (message.kind !== 'request') return fault()
      message.stampTopVia('10.20.0.3', 40112)
      transactions.onRequest(message, caller)
    },
    malformed: fault,
    lost: fault,
    ping: fault,
    pong: fault,
  })
  const call = invite.replace(fill, 'z9hG4bKrefused')
  framer.push(Buffer.from(call, 'latin1'))
  const to = /^To: .*$/m.exec(caller.last)?.[0] ?? fault()
  const pair = call + ack.replace(fill, 'z9hG4bKrefused').replace(/^To: .*$/m, to)
  const inChunk = 40
  const chunk = Buffer.from(pair.repeat(inChunk), 'latin1')
  return {
    name: 'refusals',
    run(count) {
      const { shed } = transactions.counts
      for (let left = count; left > 0; left -= inChunk) framer.push(chunk)
      return transactions.counts.shed - shed
    },
  }
}

const core = throughCore()
const times = alternate(
  [
    contestant(
      'harness',
      harness(() => 1),
    ),
    contestant('bound', harness(bound)),
    contestant('core', core),
    refusals(),
  ],
  settings,
)
const harnessTime = times.get('harness') ?? []
const net = (name: string): number[] =>
  (times.get(name) ?? []).map((time, round) => (time - (harnessTime[round] ?? NaN)) / messagesPerCall)
const result = {
  machine: machine(),
  rounds: settings.rounds,
  callsPerSecond,
  nanosecondsPerMessage: { bound: Math.round(median(net('bound'))), core: Math.round(median(net('core'))) },
  /**
   * Bar: parse + routing decision + serialise must be 0.22, aims at 0.40 (bench/parse.ts); state, timers and policies
   * come on top here.
   */
  shareOfBound: Number(median(net('bound').map((time, round) => time / (net('core')[round] ?? NaN))).toFixed(3)),
  nanosecondsPerRefusal: Math.round(median(times.get('refusals') ?? [])),
  /** ρ without the sockets, of which a call has more than a refusal. */
  refusalShareOfCall: Number(
    median(
      (times.get('refusals') ?? []).map((time, round) => time / (messagesPerCall * (net('core')[round] ?? NaN))),
    ).toFixed(3),
  ),
  live: core.counts(),
}

if (process.argv.includes('--json')) console.log(JSON.stringify(result, undefined, 2))
else console.log(result)
