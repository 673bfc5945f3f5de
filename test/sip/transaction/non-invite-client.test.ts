import t from 'tap'
import { responseTo } from '../../support/sip-messages.ts'
import { clientBench } from '../../support/transaction-bench.ts'

/** RFC 3261 figure 6. */
// conformance: RFC 3261 §17.1.2 — the non-INVITE client transaction
t.test('non-INVITE client transaction', async (t) => {
  t.test('repeats over UDP with intervals doubling up to T2, until Timer F (E, F)', async (t) => {
    const { clock, flow, told } = clientBench('MESSAGE', 'udp')
    const times: number[] = []
    const start = clock.now()
    flow.onSend = () => times.push(Math.round((clock.now() - start) / 100) / 10)
    clock.advance(33_000)
    t.same([times, told], [[0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5], ['timeout']])
  })

  t.test('repeats every T2 in Proceeding, and Timer F still runs', async (t) => {
    const { clock, flow, told, layer, sent } = clientBench('MESSAGE', 'udp')
    layer.onResponse(responseTo(sent(), 100), flow)
    clock.advance(600)
    const early = flow.sent.length
    clock.advance(4000)
    const later = flow.sent.length
    clock.advance(28_000)
    t.same([early, later, told], [2, 3, ['100', 'timeout']])
  })

  t.test('sends once over TLS (F)', async (t) => {
    const { clock, flow, told } = clientBench('MESSAGE', 'tls')
    clock.advance(32_020)
    t.same([flow.sent.length, told], [1, ['timeout']])
  })

  t.test('absorbs repeated finals for T4 over UDP (K)', async (t) => {
    const { clock, flow, told, layer, sent } = clientBench('MESSAGE', 'udp')
    const ok = responseTo(sent(), 200)
    layer.onResponse(ok, flow)
    clock.advance(4900)
    layer.onResponse(ok, flow)
    const inTime = layer.counts.stray
    clock.advance(200)
    layer.onResponse(ok, flow)
    t.same([told, inTime, layer.counts.stray, layer.counts.client], [['200'], 0, 1, 0])
  })

  t.test('ends at once with the final response over TLS (K is 0)', async (t) => {
    const { flow, layer, sent } = clientBench('MESSAGE', 'tls')
    layer.onResponse(responseTo(sent(), 200), flow)
    t.equal(layer.counts.client, 0)
  })

  t.test('is never cancelled', async (t) => {
    const { flow, layer, transaction, sent } = clientBench('MESSAGE', 'tls')
    layer.onResponse(responseTo(sent(), 100), flow)
    transaction.cancel()
    t.equal(flow.sent.length, 1)
  })

  t.test('sends only once, and says so', async (t) => {
    const { flow, transaction, sent } = clientBench('MESSAGE', 'tls')
    t.throws(() => transaction.send(sent().text, flow), /sends once/)
  })
})
