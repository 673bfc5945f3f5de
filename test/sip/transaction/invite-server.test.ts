import t from 'tap'
import { FakeFlow } from '../../support/fake-transport.ts'
import { ackFor, request } from '../../support/sip-messages.ts'
import { respond, transactionBench } from '../../support/transaction-bench.ts'

/** RFC 3261 figure 7 with RFC 6026 §7.1. */
// conformance: RFC 3261 §17.2.1 — the INVITE server transaction
t.test('INVITE server transaction', async (t) => {
  t.test('sends 100 after 200 ms', async (t) => {
    const { clock, layer } = transactionBench()
    const flow = new FakeFlow()
    layer.onRequest(request(), flow)
    clock.advance(190)
    const early = flow.sent.length
    clock.advance(30)
    t.same([early, flow.lines], [0, ['SIP/2.0 100 Trying']])
  })

  t.test('sends no 100 when the user was quicker', async (t) => {
    const { clock, layer, requests } = transactionBench()
    const flow = new FakeFlow()
    layer.onRequest(request(), flow)
    respond(requests[0], 180)
    clock.advance(1000)
    t.same(flow.lines, ['SIP/2.0 180 Ringing'])
  })

  t.test('sends 100 at once when set so, after the user had its say', async (t) => {
    const { layer } = transactionBench({ trying: 'at-once' })
    const flow = new FakeFlow()
    layer.onRequest(request(), flow)
    t.same(flow.lines, ['SIP/2.0 100 Trying'])
  })

  t.test('sends no 100 at once when the user has refused the request', async (t) => {
    const { layer } = transactionBench({ trying: 'at-once', onRequest: (transaction) => respond(transaction, 403) })
    const flow = new FakeFlow()
    layer.onRequest(request(), flow)
    t.same(flow.lines, ['SIP/2.0 403 Forbidden'])
  })

  t.test('answers a repeated INVITE with the last provisional response, without telling the user', async (t) => {
    const { layer, requests } = transactionBench()
    const flow = new FakeFlow({ transport: 'udp' })
    const invite = request()
    layer.onRequest(invite, flow)
    respond(requests[0], 180)
    layer.onRequest(invite, flow)
    t.same([flow.lines, requests.length], [['SIP/2.0 180 Ringing', 'SIP/2.0 180 Ringing'], 1])
  })

  t.test('repeats a failure over UDP at 0.5, 1.5, 3.5, 7.5 s and then every 4 s until Timer H (G, H)', async (t) => {
    const { clock, layer, requests } = transactionBench()
    const flow = new FakeFlow({ transport: 'udp' })
    layer.onRequest(request(), flow)
    const start = clock.now()
    const times: number[] = []
    respond(requests[0], 486)
    flow.onSend = () => times.push(Math.round((clock.now() - start) / 100) / 10)
    clock.advance(33_000)
    t.same([times, layer.counts.server], [[0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5], 0])
  })

  t.test('lets a failure that is never acknowledged run out quietly over TLS', async (t) => {
    const { clock, layer, requests } = transactionBench()
    const flow = new FakeFlow()
    layer.onRequest(request(), flow)
    respond(requests[0], 486)
    clock.advance(31_980)
    const waiting = layer.counts.server
    clock.advance(40)
    t.same([flow.sent.length, waiting, layer.counts.server], [1, 1, 0])
  })

  t.test('stops repeating when the ACK arrives, and keeps the ACK from the user', async (t) => {
    const { clock, layer, requests, acks } = transactionBench()
    const flow = new FakeFlow({ transport: 'udp' })
    const invite = request()
    layer.onRequest(invite, flow)
    respond(requests[0], 486)
    layer.onRequest(ackFor(invite, 'b1'), flow)
    clock.advance(4900)
    layer.onRequest(ackFor(invite, 'b1'), flow)
    clock.advance(200)
    t.same([flow.sent.length, acks.length, layer.counts.server], [1, 0, 0])
  })

  t.test('ends with the ACK over TLS (I is 0)', async (t) => {
    const { layer, requests } = transactionBench()
    const flow = new FakeFlow()
    const invite = request()
    layer.onRequest(invite, flow)
    respond(requests[0], 486)
    layer.onRequest(ackFor(invite, 'b1'), flow)
    t.equal(layer.counts.server, 0)
  })

  // conformance: RFC 6026 §8.7 — Timer L: a repeated INVITE is absorbed after the 2xx
  t.test('absorbs the INVITE for 32 s after a 2xx, and lets further 2xx through (RFC 6026 Timer L)', async (t) => {
    const { clock, layer, requests } = transactionBench()
    const flow = new FakeFlow({ transport: 'udp' })
    const invite = request()
    layer.onRequest(invite, flow)
    respond(requests[0], 200)
    layer.onRequest(invite, flow)
    respond(requests[0], 200)
    respond(requests[0], 486)
    clock.advance(31_900)
    layer.onRequest(invite, flow)
    const absorbed = requests.length
    clock.advance(200)
    const over = layer.counts.server
    layer.onRequest(invite, flow)
    t.same(
      [flow.lines.filter((line) => line.includes(' 200 ')).length, flow.lines.length, absorbed, over, requests.length],
      [2, 2, 1, 0, 2],
    )
  })

  t.test('hands an ACK with the branch of the INVITE to the user in Accepted', async (t) => {
    const { layer, requests, acks } = transactionBench()
    const flow = new FakeFlow()
    const invite = request()
    layer.onRequest(invite, flow)
    respond(requests[0], 200)
    layer.onRequest(ackFor(invite, 'b1'), flow)
    t.equal(acks.length, 1)
  })

  t.test('drops a second failure', async (t) => {
    const { layer, requests } = transactionBench()
    const flow = new FakeFlow()
    layer.onRequest(request(), flow)
    respond(requests[0], 486)
    respond(requests[0], 404)
    t.same(flow.lines, ['SIP/2.0 486 Busy Here'])
  })

  t.test('passes a response on when the flow of the request is gone', async (t) => {
    const { layer, requests, undeliverable } = transactionBench()
    const flow = new FakeFlow()
    layer.onRequest(request(), flow)
    flow.close()
    respond(requests[0], 200)
    t.match(undeliverable, [/^SIP\/2.0 200 /])
  })

  t.test('can be dropped without an answer', async (t) => {
    const { clock, layer, requests } = transactionBench()
    const flow = new FakeFlow()
    layer.onRequest(request(), flow)
    requests[0]?.drop()
    clock.advance(60_000)
    t.same([flow.sent, layer.counts.server], [[], 0])
  })
})
