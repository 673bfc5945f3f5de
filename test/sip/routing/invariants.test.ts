import t from 'tap'
import { fc } from '../../support/property.ts'
import { answer } from '../../../src/sip/message/index.ts'
import { defaultTransactionLimits } from '../../../src/sip/transaction/settings.ts'
import { createTransactions } from '../../../src/sip/transaction/layer.ts'
import { TimerWheel } from '../../../src/sip/transaction/timer-wheel.ts'
import { type ClientTransaction, defaultTimers, type ServerTransaction } from '../../../src/sip/transaction/types.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeFlow } from '../../support/fake-transport.ts'
import { proxyBench, route, settle, target } from '../../support/proxy-bench.ts'
import { ackFor, cancelFor, request, responseTo } from '../../support/sip-messages.ts'

/** What may happen next; numbers choose among what there is. */
type Event =
  | { readonly kind: 'respond'; readonly fork: number; readonly status: number }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'repeat' }
  | { readonly kind: 'ack' }
  | { readonly kind: 'close'; readonly fork: number }
  | { readonly kind: 'wait'; readonly ms: number }

const status = fc.constantFrom(100, 180, 183, 200, 202, 302, 401, 404, 408, 486, 487, 500, 503, 603)
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('respond' as const), fork: fc.nat(2), status }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'cancel' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'repeat' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'ack' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), fork: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(10, 500, 4000, 33_000, 182_000) }),
  },
)

const ports = [7001, 7002, 7003]
const targets = [
  target('sip:bob@one.lab.test'),
  target('sip:bob@two.lab.test'),
  target('sip:bob@three.lab.test', { q: 500 }),
]
const hosts = { 'one.lab.test': [7001], 'two.lab.test': [7002], 'three.lab.test': [7003] }

t.test('whatever happens in whatever order, a forked request', async (t) => {
  for (const method of ['INVITE', 'MESSAGE'] as const) {
    for (const transport of ['udp', 'tls'] as const) {
      t.test(
        `${method} over ${transport} gets one final answer at most (and 2xx of an INVITE), and leaves nothing behind`,
        async () => {
          await fc.assert(
            fc.asyncProperty(fc.array(event, { maxLength: 14 }), async (events) => {
              const bench = proxyBench({ hosts, transport, decide: () => route(...targets) })
              const first = request({
                method,
                via: `SIP/2.0/${transport.toUpperCase()} 127.0.41.99:40000;branch=z9hG4bKone`,
              })
              await bench.arrive(first)
              for (const happening of events) await play(bench, first, happening)
              bench.clock.advance(600_000)
              await settle()
              bench.clock.advance(600_000)
              check(bench, method)
            }),
            { numRuns: 120 },
          )
        },
      )
    }
  }
})

async function play(
  bench: ReturnType<typeof proxyBench>,
  first: ReturnType<typeof request>,
  happening: Event,
): Promise<void> {
  switch (happening.kind) {
    case 'respond': {
      const flow = [...bench.transport.flows.values()].findLast(
        ({ remote, lines }) =>
          remote.port === ports[happening.fork] && lines.some((line) => line.startsWith(first.method)),
      )
      if (flow !== undefined) bench.answer(flow, happening.status)
      break
    }
    case 'cancel':
      await bench.arrive(cancelFor(first))
      break
    case 'repeat':
      // A request that comes again after its transaction has ended is a new one.
      if (bench.clock.now() - start < 30_000 && (bench.caller.transport === 'udp' || !bench.caller.sent.some(isFinal)))
        await bench.arrive(first)
      break
    case 'ack':
      await bench.arrive(ackFor(first, 'b7001'))
      break
    case 'close': {
      const flow = [...bench.transport.flows.values()].findLast(({ remote }) => remote.port === ports[happening.fork])
      if (flow === undefined) break
      flow.close()
      bench.proxy.transactions.onFlowClosed(flow, 'peer-closed')
      break
    }
    case 'wait':
      bench.clock.advance(happening.ms)
      break
    default:
      throw new TypeError(happening satisfies never)
  }
  await settle()
}

/** Where a FakeClock begins. */
const start = new FakeClock().now()

function isFinal(text: string): boolean {
  return Number(text.slice(8, 11)) >= 200 && !text.includes(' CANCEL\r\n')
}

function check(bench: ReturnType<typeof proxyBench>, method: string): void {
  const answers = bench.caller.sent
    .filter((text) => text.includes(` ${method}\r\n`))
    .map((text) => ({ status: Number(text.slice(8, 11)), text }))
  const failures = new Set(answers.filter((one) => one.status >= 300).map((one) => one.text))
  const successes = new Set(answers.filter((one) => one.status >= 200 && one.status < 300).map((one) => one.text))
  const { client, server } = bench.proxy.transactions.counts
  const trouble = [
    failures.size > 1 && 'two failures',
    failures.size > 0 && successes.size > 0 && 'a failure and a success',
    method !== 'INVITE' && successes.size > 1 && 'two successes',
    method === 'INVITE' &&
      failures.size + successes.size === 0 &&
      !bench.told.some((line) => line.startsWith('dropped')) &&
      'no answer',
    client + server > 0 && `left behind: ${client} client, ${server} server`,
    bench.wheel.size > 0 && `${bench.wheel.size} timers still armed`,
    bench.errors.length > 0 && `error: ${String(bench.errors[0])}`,
  ].filter((one) => one !== false)
  if (trouble.length > 0) throw new Error(trouble.join('; '))
}

t.test('a transaction tells nobody anything after its end', async (t) => {
  t.test('as a client', async () => {
    const happening = fc.oneof(status, fc.constantFrom('cancel', 'abandon', 'close', 'wait'))
    fc.assert(
      fc.property(
        fc.constantFrom('INVITE', 'MESSAGE'),
        fc.constantFrom('udp' as const, 'tls' as const),
        fc.array(happening, { maxLength: 12 }),
        (method, transport, events) => {
          const { clock, wheel, layer } = layerBench()
          const told: (number | 'end')[] = []
          const tx: ClientTransaction | undefined = layer.client(method, '', {
            onResponse: (response) => void told.push(response.status),
            onTimeout: () => void told.push('end'),
            onTransportError: () => void told.push('end'),
          })
          const flow = new FakeFlow({ transport })
          tx?.send(request({ method, branch: tx.branch }).text, flow)
          const sent = flow.request(0)
          let abandonedAt = Infinity
          for (const one of events) {
            if (typeof one === 'number') layer.onResponse(responseTo(sent, one), flow)
            else if (one === 'cancel') tx?.cancel()
            else if (one === 'close') layer.onFlowClosed(flow, 'peer-closed')
            else if (one === 'wait') clock.advance(9000)
            else {
              tx?.abandon()
              abandonedAt = Math.min(abandonedAt, told.length)
            }
          }
          tx?.cancel()
          clock.advance(200_000)
          if (layer.counts.client === 1) tx?.abandon()
          const firstFinal = told.findIndex((one) => one === 'end' || one >= 200)
          const after = firstFinal === -1 ? [] : told.slice(firstFinal + 1)
          const onlySuccesses = method === 'INVITE' && told[firstFinal] !== 'end' && Number(told[firstFinal]) < 300
          return (
            told.length <= abandonedAt &&
            after.every((one) => onlySuccesses && one !== 'end' && one >= 200 && one < 300) &&
            wheel.size === 0 &&
            layer.counts.client === 0
          )
        },
      ),
      { numRuns: 300 },
    )
  })

  t.test('as a server', async () => {
    const happening = fc.oneof(status, fc.constantFrom('ack', 'repeat', 'cancel', 'wait'))
    fc.assert(
      fc.property(
        fc.constantFrom('INVITE', 'MESSAGE'),
        fc.constantFrom('udp' as const, 'tls' as const),
        fc.array(happening, { maxLength: 12 }),
        (method, transport, events) => {
          const transactions: ServerTransaction[] = []
          const { clock, wheel, layer } = layerBench((tx) => void transactions.push(tx))
          const flow = new FakeFlow({ transport })
          const first = request({ method })
          layer.onRequest(first, flow)
          const [tx] = transactions
          if (tx === undefined) return false
          for (const one of events) {
            if (typeof one === 'number') tx.respond(one, answer(first, one, { toTag: 'b' }))
            else if (one === 'ack') layer.onRequest(ackFor(first, 'b'), flow)
            else if (one === 'repeat' && tx.proceeding) layer.onRequest(first, flow)
            else if (one === 'cancel') layer.onRequest(cancelFor(first), flow)
            else if (one === 'wait') clock.advance(9000)
          }
          if (tx.proceeding) tx.respond(500, answer(first, 500, { toTag: 'b' }))
          clock.advance(200_000)
          const finals = new Set(
            flow.sent.filter((text) => text.includes(` ${method}\r\n`) && Number(text.slice(8, 11)) >= 300),
          )
          return finals.size <= 1 && wheel.size === 0 && layer.counts.server === 0
        },
      ),
      { numRuns: 300 },
    )
  })
})

function layerBench(onRequest: (tx: ServerTransaction) => void = () => undefined) {
  const clock = new FakeClock()
  const wheel = new TimerWheel(clock)
  const user = { onRequest, onAck() {}, onCancel() {}, onStrayResponse() {} }
  return {
    clock,
    wheel,
    layer: createTransactions({
      clock,
      wheel,
      timers: defaultTimers,
      limits: defaultTransactionLimits,
      trying: 200,
      user,
    }),
  }
}
