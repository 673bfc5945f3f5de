import t from 'tap'
import { facts, responseTo } from '../../support/sip-messages.ts'
import { clientBench } from '../../support/transaction-bench.ts'

/** RFC 3261 figure 5 with RFC 6026 §8.4. */
// conformance: RFC 3261 §17.1.1 — the INVITE client transaction
t.test('INVITE client transaction', async (t) => {
  t.test('repeats over UDP at 0.5, 1.5, 3.5 … s until Timer B (A, B)', async (t) => {
    const { clock, flow, told, layer } = clientBench('INVITE', 'udp')
    const times: number[] = []
    const start = clock.now()
    flow.onSend = () => times.push(Math.round((clock.now() - start) / 100) / 10)
    clock.advance(33_000)
    t.same(
      { times, told, live: layer.counts.client },
      { times: [0.5, 1.5, 3.5, 7.5, 15.5, 31.5], told: ['timeout'], live: 0 },
    )
  })

  t.test('sends once over TLS and gives up after 32 s (B)', async (t) => {
    const { clock, flow, told } = clientBench('INVITE', 'tls')
    clock.advance(31_990)
    const before = told.length
    clock.advance(40)
    t.same([flow.sent.length, before, told], [1, 0, ['timeout']])
  })

  t.test('stops repeating and waiting once a provisional response came', async (t) => {
    const { clock, flow, told, layer, sent } = clientBench('INVITE', 'udp')
    layer.onResponse(responseTo(sent(), 100), flow)
    layer.onResponse(responseTo(sent(), 180), flow)
    clock.advance(600_000)
    t.same([flow.sent.length, told], [1, ['100', '180']])
  })

  t.test('acknowledges a failure itself, with the To tag of the response and the same Via', async (t) => {
    const { flow, layer, sent } = clientBench('INVITE', 'tls')
    layer.onResponse(responseTo(sent(), 486), flow)
    t.same(facts(flow.request(1)), { ...facts(sent()), method: 'ACK', toTag: 'b1' })
  })

  t.test('copies the Route values into that ACK', async (t) => {
    const bench = clientBench('INVITE', 'tls')
    const { layer } = bench
    const routed = layer.client('INVITE', '', { onResponse() {}, onTimeout() {}, onTransportError() {} })
    const text = bench
      .sent()
      .text.replace('Max-Forwards', 'Route: <sip:p1.lab.test;lr>, <sip:p2.lab.test;lr>\r\nMax-Forwards')
      .replace(/branch=[^\r]*/, `branch=${routed?.branch}`)
    routed?.send(text, bench.flow)
    layer.onResponse(responseTo(bench.flow.request(1), 404), bench.flow)
    t.same(
      bench.flow
        .request(2)
        .addresses('Route')
        .map(({ uri }) => uri.host),
      ['p1.lab.test', 'p2.lab.test'],
    )
  })

  t.test('acknowledges each repetition of a failure for 32 s over UDP, and tells it once (D)', async (t) => {
    const { clock, flow, told, layer, sent } = clientBench('INVITE', 'udp')
    const busy = responseTo(sent(), 486)
    layer.onResponse(busy, flow)
    layer.onResponse(busy, flow)
    clock.advance(31_900)
    layer.onResponse(busy, flow)
    clock.advance(200)
    layer.onResponse(busy, flow)
    t.same([flow.lines.filter((line) => line.startsWith('ACK')).length, told, layer.counts.stray], [3, ['486'], 1])
  })

  t.test('ends at once with a failure over TLS (D is 0)', async (t) => {
    const { flow, layer, sent } = clientBench('INVITE', 'tls')
    layer.onResponse(responseTo(sent(), 486), flow)
    t.equal(layer.counts.client, 0)
  })

  // conformance: RFC 6026 §8.4 — Timer M: every 2xx is handed up for 32 s
  t.test('hands up every 2xx, from whichever fork, for 32 s (RFC 6026 Timer M)', async (t) => {
    const { clock, flow, told, layer, sent } = clientBench('INVITE', 'tls')
    layer.onResponse(responseTo(sent(), 200), flow)
    layer.onResponse(responseTo(sent(), 200, [], 'other'), flow)
    layer.onResponse(responseTo(sent(), 486), flow)
    clock.advance(31_900)
    layer.onResponse(responseTo(sent(), 200), flow)
    clock.advance(200)
    layer.onResponse(responseTo(sent(), 200), flow)
    t.same(
      [told, layer.counts],
      [['200', '200', '200'], { client: 0, server: 0, open: 0, stray: 1, shed: 0, foreign: 0 }],
    )
  })

  t.test('never acknowledges a 2xx', async (t) => {
    const { flow, layer, sent } = clientBench('INVITE', 'tls')
    layer.onResponse(responseTo(sent(), 200), flow)
    t.equal(flow.sent.length, 1)
  })

  // conformance: RFC 3261 §9.1 — a CANCEL waits for a provisional response
  t.test('holds a CANCEL back until a provisional response came (RFC 3261 §9.1)', async (t) => {
    const { flow, layer, transaction, sent } = clientBench('INVITE', 'tls')
    transaction.cancel()
    const early = flow.sent.length
    layer.onResponse(responseTo(sent(), 100), flow)
    t.same([early, flow.lines.at(-1)], [1, `CANCEL ${sent().requestUri} SIP/2.0`])
  })

  t.test('sends the CANCEL with the Via, tags and CSeq number of the INVITE', async (t) => {
    const { flow, layer, transaction, sent } = clientBench('INVITE', 'tls')
    layer.onResponse(responseTo(sent(), 180), flow)
    transaction.cancel()
    t.same(facts(flow.request()), { ...facts(sent()), method: 'CANCEL' })
  })

  t.test('sends no CANCEL after a final response', async (t) => {
    const { flow, layer, transaction, sent } = clientBench('INVITE', 'tls')
    layer.onResponse(responseTo(sent(), 200), flow)
    transaction.cancel()
    t.equal(flow.sent.length, 1)
  })

  t.test('tells a 200 that crossed the CANCEL', async (t) => {
    const { flow, layer, transaction, told, sent } = clientBench('INVITE', 'tls')
    layer.onResponse(responseTo(sent(), 180), flow)
    transaction.cancel()
    layer.onResponse(responseTo(sent(), 200), flow)
    t.same(told, ['180', '200'])
  })

  t.test('keeps the answer to the CANCEL to itself, and the slot until both have ended', async (t) => {
    const { clock, flow, layer, transaction, told, sent } = clientBench('INVITE', 'udp')
    layer.onResponse(responseTo(sent(), 180), flow)
    transaction.cancel()
    layer.onResponse(responseTo(flow.request(), 200), flow)
    layer.onResponse(responseTo(sent(), 487), flow)
    clock.advance(40_000)
    t.same([told, layer.counts], [['180', '487'], { client: 0, server: 0, open: 0, stray: 0, shed: 0, foreign: 0 }])
  })

  t.test('gives up 32 s after a CANCEL that brought no final response', async (t) => {
    const { clock, flow, layer, transaction, told, sent } = clientBench('INVITE', 'tls')
    layer.onResponse(responseTo(sent(), 180), flow)
    transaction.cancel()
    clock.advance(32_020)
    t.same(told, ['180', 'timeout'])
  })

  t.test('reports a flow that does not take the request', async (t) => {
    const bench = clientBench('INVITE', 'tls')
    const told: string[] = []
    const next = bench.layer.client('INVITE', '', {
      onResponse() {},
      onTimeout() {},
      onTransportError: (_, because) => void told.push(because),
    })
    bench.flow.full = true
    next?.send(bench.sent().text, bench.flow)
    t.same(told, ['flow.refused-message'])
  })

  t.test('reports a flow that closes before the final response', async (t) => {
    const { flow, layer, told, sent } = clientBench('INVITE', 'tls')
    layer.onResponse(responseTo(sent(), 180), flow)
    layer.onFlowClosed(flow, 'peer-closed')
    t.same(told, ['180', 'transport peer-closed'])
  })

  t.test('says nothing about a flow that closes after it', async (t) => {
    const { flow, layer, told, sent } = clientBench('INVITE', 'tls')
    layer.onResponse(responseTo(sent(), 200), flow)
    layer.onFlowClosed(flow, 'peer-closed')
    t.same(told, ['200'])
  })

  t.test('is silent after it was abandoned; what comes is stray', async (t) => {
    const { clock, flow, layer, transaction, told, sent } = clientBench('INVITE', 'udp')
    transaction.abandon()
    layer.onResponse(responseTo(sent(), 200), flow)
    clock.advance(60_000)
    t.same([told, flow.sent.length, layer.counts.stray], [[], 1, 1])
  })
})
