/** One instance of a user has several flows and gets a request by one of them at a time (RFC 5626 §7). */
import t from 'tap'
import { proxyBench, type ProxyBench, route, target } from '../../support/proxy-bench.ts'
import { request } from '../../support/sip-messages.ts'
import type { FakeFlow } from '../../support/fake-transport.ts'

async function twoFlows(method = 'INVITE'): Promise<ProxyBench & { readonly one: FakeFlow; readonly two: FakeFlow }> {
  const flows: FakeFlow[] = []
  const bench = proxyBench({
    make: ({ transport }) => {
      const [one, two] = [transport.accept({ transport: 'wss' }), transport.accept({ transport: 'wss' })]
      flows.push(one, two)
      const second = target('sip:bob@x.invalid', { flow: two.id })
      return { decide: () => route(target('sip:bob@x.invalid', { flow: one.id, others: [second] })) }
    },
  })
  const [one, two] = flows
  if (one === undefined || two === undefined) throw new Error('no flows')
  await bench.arrive(request({ method }))
  return { ...bench, one, two }
}

function copies({ one, two }: { readonly one: FakeFlow; readonly two: FakeFlow }): readonly number[] {
  return [one, two].map(({ lines }) => lines.filter((line) => !/^(ACK|CANCEL)/.test(line)).length)
}

// conformance: RFC 5626 §7 — one flow of an instance at a time
t.test('a request goes to one flow of an instance', async (t) => {
  for (const method of ['MESSAGE', 'INVITE']) t.same(copies(await twoFlows(method)), [1, 0], method)
})

// conformance: RFC 5626 §7 — the next flow after 430, 408, a closed flow or silence
t.test('the next flow is tried', async (t) => {
  for (const status of [430, 408])
    t.test(`after ${status}`, async (t) => {
      const bench = await twoFlows()
      bench.answer(bench.one, status)
      t.same(copies(bench), [1, 1])
      bench.answer(bench.two, 200)
      t.equal(bench.caller.response().status, 200)
    })
  t.test('after the flow closed', async (t) => {
    const bench = await twoFlows()
    bench.one.close()
    bench.proxy.transactions.onFlowClosed(bench.one, 'closed')
    t.same(copies(bench), [1, 1])
  })
  for (const method of ['INVITE', 'MESSAGE'])
    t.test(`after 32 seconds of silence, ${method}`, async (t) => {
      const bench = await twoFlows(method)
      bench.clock.advance(32_100)
      t.same(copies(bench), [1, 1])
    })
})

t.test('the next flow is not tried after another answer, nor after a CANCEL', async (t) => {
  const busy = await twoFlows()
  busy.answer(busy.one, 486)
  t.same([copies(busy), busy.caller.response().status], [[1, 0], 486])
})

t.test('the client receives 480 when the last flow is gone', async (t) => {
  const bench = await twoFlows()
  bench.answer(bench.one, 430)
  bench.answer(bench.two, 430)
  t.equal(bench.caller.response().status, 480)
})

// conformance: RFC 3261 §13.2.2.4 — an ACK sent to the address-of-record goes to the binding that answered
t.test('an ACK for the user goes to the one that answered', async (t) => {
  const uris = ['sip:bob@192.0.2.1', 'sip:bob@192.0.2.2']
  const bench = proxyBench({
    make: ({ transport }) => {
      const flows = uris.map((uri, at) => target(uri, { flow: transport.accept({ port: 7001 + at }).id }))
      return { decide: () => ({ kind: 'route', targets: flows, because: 'local-user' }) }
    },
  })
  const invite = request()
  await bench.arrive(invite)
  bench.answer(bench.to(7002), 200)
  await bench.arrive(request({ method: 'ACK', callId: invite.callId, cseq: 1, to: `<sip:bob@lab.test>;tag=b7002` }))
  t.same(
    [7001, 7002].map((port) => bench.to(port).lines.filter((line) => line.startsWith('ACK')).length),
    [0, 1],
  )
})
