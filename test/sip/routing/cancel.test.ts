import t from 'tap'
import type { Decision } from '../../../src/sip/routing/decision.ts'
import { proxyBench, type ProxyBench, type ProxyOptions, route, settle, target } from '../../support/proxy-bench.ts'
import type { FakeFlow } from '../../support/fake-transport.ts'
import { cancelFor, request } from '../../support/sip-messages.ts'

const callee = 'sip:bob@callee.lab.test'

async function calling(options: ProxyOptions = {}): Promise<ProxyBench & { cancel(): Promise<void> }> {
  const bench = proxyBench(options)
  const invite = request({ uri: callee })
  await bench.arrive(invite)
  return { ...bench, cancel: () => bench.arrive(cancelFor(invite)) }
}

function toInvite(bench: ProxyBench): string[] {
  return bench.caller.sent.filter((text) => / INVITE\r\n/.test(text)).map((text) => text.split(' ')[1] ?? '')
}

// conformance: RFC 3261 §16.10 — CANCEL is answered here and sent on to each copy
t.test('CANCEL (RFC 3261 §16.10)', async (t) => {
  t.test('is answered here and sent on once the callee has shown itself', async (t) => {
    const bench = await calling()
    bench.answer(bench.to(7001), 180)
    await bench.cancel()
    t.same(
      [bench.caller.response().status, bench.caller.response().method, bench.to(7001).lines.at(-1)],
      [200, 'CANCEL', `CANCEL ${callee} SIP/2.0`],
    )
  })

  t.test('that comes before any response waits for one', async (t) => {
    const bench = await calling()
    await bench.cancel()
    const early = bench.to(7001).lines.length
    bench.answer(bench.to(7001), 100)
    t.same([early, bench.to(7001).lines.at(-1)], [1, `CANCEL ${callee} SIP/2.0`])
  })

  t.test('brings back the 487 of the callee', async (t) => {
    const bench = await calling()
    bench.answer(bench.to(7001), 180)
    await bench.cancel()
    bench.answer(bench.to(7001), 487)
    t.same(toInvite(bench), ['100', '180', '487'])
  })

  t.test('brings back 487 even when the callee falls silent', async (t) => {
    const bench = await calling()
    bench.answer(bench.to(7001), 180)
    await bench.cancel()
    bench.clock.advance(32_100)
    t.same(toInvite(bench), ['100', '180', '487'])
  })

  t.test('brings back 487 when the connection of the callee is lost too', async (t) => {
    for (const kind of ['flow', 'dialled'] as const) {
      const flows: FakeFlow[] = []
      const bench = await calling({
        make: ({ transport }) => {
          if (kind === 'dialled') return {}
          const flow = transport.accept({ transport: 'wss', port: 7009 })
          flows.push(flow)
          return { decide: () => route(target('sip:bob@x.invalid;transport=ws', { flow: flow.id })) }
        },
      })
      const flow = flows[0] ?? bench.to(7001)
      bench.answer(flow, 180)
      await bench.cancel()
      flow.close()
      bench.proxy.transactions.onFlowClosed(flow, 'peer-closed')
      await settle()
      t.same(toInvite(bench), ['100', '180', '487'], kind)
    }
  })

  t.test('that crosses a 200 leaves the 200', async (t) => {
    const bench = await calling()
    bench.answer(bench.to(7001), 180)
    await bench.cancel()
    bench.answer(bench.to(7001), 200)
    t.same(toInvite(bench), ['100', '180', '200'])
  })

  t.test('after the 200 was passed changes nothing', async (t) => {
    const bench = await calling()
    bench.answer(bench.to(7001), 200)
    await bench.cancel()
    t.same([toInvite(bench), bench.to(7001).lines.length], [['100', '200'], 1])
  })

  t.test('while the next hop is still being dialled ends it with 487, and nothing goes out', async (t) => {
    let dial: () => void = () => undefined
    const bench = proxyBench()
    const connect = bench.transport.connect.bind(bench.transport)
    bench.transport.connect = async (hop) => {
      await new Promise<void>((resolve) => {
        dial = resolve
      })
      return connect(hop)
    }
    const invite = request({ uri: callee })
    await bench.arrive(invite)
    await bench.arrive(cancelFor(invite))
    dial()
    await settle()
    t.same([toInvite(bench), bench.to(7001).sent], [['100', '487'], []])
  })

  t.test('while a policy is still thinking ends it with 487, and nothing goes out', async (t) => {
    let decide: (decision: Decision) => void = () => undefined
    const bench = proxyBench({
      decide: () =>
        new Promise<Decision>((resolve) => {
          decide = resolve
        }),
    })
    const invite = request({ uri: callee })
    await bench.arrive(invite)
    await bench.arrive(cancelFor(invite))
    decide(route(callee))
    await settle()
    t.same([toInvite(bench), bench.transport.dialled], [['100', '487'], []])
  })

  t.test('starts no further group of a serial fork', async (t) => {
    const bench = proxyBench({
      hosts: { 'two.lab.test': [7002] },
      decide: () => route(target(callee), target('sip:bob@two.lab.test', { q: 1 })),
    })
    const invite = request({ uri: callee })
    await bench.arrive(invite)
    bench.answer(bench.to(7001), 180)
    await bench.arrive(cancelFor(invite))
    bench.answer(bench.to(7001), 487)
    await settle()
    t.same([toInvite(bench), bench.transport.dialled.length], [['100', '180', '487'], 1])
  })

  t.test('does not fail over when the callee answers it with 503', async (t) => {
    const bench = proxyBench({ hosts: { 'callee.lab.test': [7001, 7002] } })
    const invite = request({ uri: callee })
    await bench.arrive(invite)
    bench.answer(bench.to(7001), 180)
    await bench.arrive(cancelFor(invite))
    bench.answer(bench.to(7001), 503)
    await settle()
    t.equal(bench.transport.dialled.length, 1)
  })

  t.test('leaves nothing behind', async (t) => {
    const bench = await calling()
    bench.answer(bench.to(7001), 180)
    await bench.cancel()
    bench.answer(bench.to(7001), 487)
    bench.clock.advance(70_000)
    t.match([bench.proxy.transactions.counts, bench.wheel.size], [{ client: 0, server: 0 }, 0])
  })
})

// conformance: RFC 3261 §16.8 — Timer C cancels a call that rings for ever
t.test('Timer C (RFC 3261 §16.8)', async (t) => {
  t.test('cancels a call that rings for ever, and 487 or 408 comes back', async (t) => {
    const bench = await calling()
    bench.answer(bench.to(7001), 180)
    bench.clock.advance(181_020)
    const cancelled = bench.to(7001).lines.at(-1)
    bench.answer(bench.to(7001), 487)
    t.same([cancelled, toInvite(bench)], [`CANCEL ${callee} SIP/2.0`, ['100', '180', '487']])
  })

  t.test('starts anew with each provisional response but 100', async (t) => {
    const bench = await calling()
    bench.answer(bench.to(7001), 180)
    bench.clock.advance(180_000)
    bench.answer(bench.to(7001), 183)
    bench.clock.advance(180_000)
    const kept = bench.to(7001).lines.length
    bench.answer(bench.to(7001), 100)
    bench.clock.advance(1_100)
    t.same([kept, bench.to(7001).lines.length], [1, 2])
  })

  t.test('ends with 408 when the callee ignores the CANCEL too', async (t) => {
    const bench = await calling()
    bench.answer(bench.to(7001), 180)
    bench.clock.advance(181_020 + 32_100)
    t.same(toInvite(bench), ['100', '180', '408'])
  })
})

t.test('a callee that never answers', async (t) => {
  t.test('gives the caller of an INVITE 408 after 32 s', async (t) => {
    const bench = await calling()
    bench.clock.advance(32_020)
    t.same(toInvite(bench), ['100', '408'])
  })

  // conformance: RFC 4320 §4.2 — no 408 for a request that is no INVITE
  t.test('gives another request silence, not 408 (RFC 4320)', async (t) => {
    const bench = proxyBench()
    await bench.arrive(request({ method: 'MESSAGE', uri: callee }))
    bench.clock.advance(33_000)
    t.same([bench.caller.lines, bench.proxy.transactions.counts.server], [['SIP/2.0 100 Trying'], 0])
  })
})
