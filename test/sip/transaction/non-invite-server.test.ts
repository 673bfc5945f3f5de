import t from 'tap'
import { FakeFlow } from '../../support/fake-transport.ts'
import { request } from '../../support/sip-messages.ts'
import { respond, transactionBench } from '../../support/transaction-bench.ts'

/** RFC 3261 figure 8 within RFC 4320. */
// conformance: RFC 3261 §17.2.2 — the non-INVITE server transaction
t.test('non-INVITE server transaction', async (t) => {
  t.test('discards repetitions before an answer', async (t) => {
    const { layer, requests } = transactionBench()
    const flow = new FakeFlow({ transport: 'udp' })
    const message = request({ method: 'MESSAGE' })
    layer.onRequest(message, flow)
    layer.onRequest(message, flow)
    t.same([requests.length, flow.sent], [1, []])
  })

  t.test('gives each repetition the same final answer for 32 s over UDP (J)', async (t) => {
    const { clock, layer, requests } = transactionBench()
    const flow = new FakeFlow({ transport: 'udp' })
    const message = request({ method: 'MESSAGE' })
    layer.onRequest(message, flow)
    respond(requests[0], 200)
    clock.advance(31_900)
    layer.onRequest(message, flow)
    clock.advance(200)
    t.same([new Set(flow.sent).size, flow.sent.length, requests.length, layer.counts.server], [1, 2, 1, 0])
  })

  t.test('ends with the answer over TLS (J is 0)', async (t) => {
    const { layer, requests } = transactionBench()
    layer.onRequest(request({ method: 'MESSAGE' }), new FakeFlow())
    respond(requests[0], 200)
    t.equal(layer.counts.server, 0)
  })

  // conformance: RFC 4320 §4.1 — 100 for a request that is no INVITE once Timer E has reached T2, not before
  t.test('sends 100 once Timer E of the client has reached T2, not before (RFC 4320 §4.1)', async (t) => {
    const { clock, layer } = transactionBench()
    const flow = new FakeFlow({ transport: 'udp' })
    layer.onRequest(request({ method: 'MESSAGE' }), flow)
    clock.advance(3490)
    const early = flow.sent.length
    clock.advance(30)
    t.same([early, flow.lines], [0, ['SIP/2.0 100 Trying']])
  })

  t.test('sends no other provisional response (RFC 4320 §4.1)', async (t) => {
    const { layer, requests } = transactionBench()
    const flow = new FakeFlow()
    layer.onRequest(request({ method: 'MESSAGE' }), flow)
    respond(requests[0], 183)
    t.same(flow.sent, [])
  })

  // conformance: RFC 4320 §4.2 — silence instead of 408
  t.test('keeps silent instead of a 408 (RFC 4320 §4.2)', async (t) => {
    const { layer, requests } = transactionBench()
    const flow = new FakeFlow()
    layer.onRequest(request({ method: 'MESSAGE' }), flow)
    respond(requests[0], 408)
    t.same([flow.sent, layer.counts.server], [[], 0])
  })

  t.test('sends nothing after the client has given up (RFC 4320 §3)', async (t) => {
    const { clock, layer, requests } = transactionBench()
    const flow = new FakeFlow()
    layer.onRequest(request({ method: 'MESSAGE' }), flow)
    clock.advance(32_020)
    respond(requests[0], 200)
    t.same([flow.lines, layer.counts.server], [['SIP/2.0 100 Trying'], 0])
  })
})
