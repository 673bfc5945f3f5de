import t from 'tap'
import type { NextHop } from '../../../src/sip/transport/types.ts'
import { server } from '../../support/fake-transport.ts'
import { proxyBench, route, settle, target } from '../../support/proxy-bench.ts'
import { request } from '../../support/sip-messages.ts'

const callee = 'sip:bob@callee.lab.test'
const pair = { hosts: { 'callee.lab.test': [7001, 7002] } }

// conformance: RFC 3263 §4.3 — the next address is tried after a failure to connect, a timeout and 503
t.test('next hops (RFC 3263 §4.3)', async (t) => {
  t.test('the next one is tried when the first cannot be reached', async (t) => {
    const bench = proxyBench(pair)
    bench.transport.failing.set(7001, 'connect.refused')
    await bench.arrive(request({ uri: callee }))
    t.same(bench.to(7002).lines, [`INVITE ${callee} SIP/2.0`])
  })

  t.test('one that could not be reached is left alone for a while', async (t) => {
    const bench = proxyBench(pair)
    bench.transport.failing.set(7001, 'connect.refused')
    await bench.arrive(request({ uri: callee }))
    await bench.arrive(request({ uri: callee }))
    t.same(
      bench.transport.dialled.map(({ port }) => port),
      [7001, 7002],
    )
  })

  t.test('504 and the reason of the last failure come back when none can be reached', async (t) => {
    const bench = proxyBench()
    bench.transport.failing.set(7001, 'cert.expired')
    await bench.arrive(request({ uri: callee }))
    t.same(
      [bench.caller.response().status, bench.caller.response().header('ms-diagnostics'), bench.told],
      [504, '1;reason="cert.expired"', ['504 cert.expired']],
    )
  })

  t.test('one that the target may not be dialled at is passed over, with 480 when no other is left', async (t) => {
    for (const allowed of [[7002], []]) {
      const mayDial = ({ port }: NextHop): boolean => allowed.includes(port)
      const bench = proxyBench({ ...pair, decide: () => route(target(callee, { mayDial })) })
      await bench.arrive(request({ uri: callee }))
      t.same(
        bench.transport.dialled.map(({ port }) => port),
        allowed,
      )
      t.same(bench.told, allowed.length === 0 ? ['480 route.contact-server'] : [])
    }
  })

  t.test('nor is an ACK sent there', async (t) => {
    const bench = proxyBench({ decide: () => route(target(callee, { mayDial: () => false })) })
    await bench.arrive(request({ method: 'ACK', uri: callee, to: '<sip:bob@lab.test>;tag=b' }))
    t.same([bench.transport.dialled, bench.told], [[], ['dropped route.no-next-hop']])
  })

  t.test('504 comes back for a name without an address', async (t) => {
    const bench = proxyBench()
    await bench.arrive(request({ uri: 'sip:bob@nowhere.test' }))
    t.same([bench.caller.response().status, bench.told], [504, ['504 dns.not-found']])
  })

  t.test('the next one is tried when the first lets an INVITE time out', async (t) => {
    const bench = proxyBench(pair)
    await bench.arrive(request({ uri: callee }))
    bench.clock.advance(32_020)
    await settle()
    t.same(bench.to(7002).lines, [`INVITE ${callee} SIP/2.0`])
  })

  t.test('the next one is tried when the flow closes before any answer', async (t) => {
    const bench = proxyBench(pair)
    await bench.arrive(request({ uri: callee }))
    bench.to(7001).close()
    bench.proxy.transactions.onFlowClosed(bench.to(7001), 'peer-closed')
    await settle()
    t.same(bench.to(7002).lines, [`INVITE ${callee} SIP/2.0`])
  })

  t.test('a flow that was open before and has died unseen is dialled anew', async (t) => {
    const bench = proxyBench()
    const stale = bench.transport.open({
      transport: 'tls',
      address: '127.0.41.50',
      port: 7001,
      verifyName: 'callee.lab.test',
      face: 'internal',
    })
    stale.full = true
    await bench.arrive(request({ uri: callee }))
    t.same([stale.sent, bench.to(7001).lines], [[], [`INVITE ${callee} SIP/2.0`]])
  })

  t.test('a ringing call whose flow closes is not placed a second time', async (t) => {
    const bench = proxyBench(pair)
    await bench.arrive(request({ uri: callee }))
    bench.answer(bench.to(7001), 180)
    bench.proxy.transactions.onFlowClosed(bench.to(7001), 'peer-closed')
    await settle()
    t.same([bench.caller.response().status, bench.transport.dialled.length], [504, 1])
  })
})

// conformance: RFC 3261 §16.7 step 6 — a 503 of the next hop is not passed on as ours
// conformance: RFC 3261 §21.5.4 — Retry-After keeps a hop out for its time
t.test('503 (RFC 3261 §16.7 step 6, §21.5.4; RFC 3263 §4.3)', async (t) => {
  const retry = [['Retry-After', '30']] as const

  t.test('leads to the next hop', async (t) => {
    const bench = proxyBench(pair)
    await bench.arrive(request({ uri: callee }))
    bench.answer(bench.to(7001), 503, retry)
    await settle()
    bench.answer(bench.to(7002), 200)
    t.same(bench.caller.response().status, 200)
  })

  t.test('with Retry-After keeps that hop out for that time', async (t) => {
    const bench = proxyBench(pair)
    await bench.arrive(request({ uri: callee }))
    bench.answer(bench.to(7001), 503, retry)
    await settle()
    await bench.arrive(request({ uri: callee }))
    const spared = bench.to(7001).lines.filter((line) => line.startsWith('INVITE')).length
    bench.clock.advance(30_000)
    await bench.arrive(request({ uri: callee }))
    t.same([spared, bench.to(7001).lines.filter((line) => line.startsWith('INVITE')).length], [1, 2])
  })

  t.test('causes one fail-over at most', async (t) => {
    const bench = proxyBench({ hosts: { 'callee.lab.test': [7001, 7002, 7003] } })
    await bench.arrive(request({ uri: callee }))
    bench.answer(bench.to(7001), 503, retry)
    await settle()
    bench.answer(bench.to(7002), 503, retry)
    await settle()
    t.same([bench.transport.dialled.length, bench.caller.response().status], [2, 504])
  })

  t.test('goes back with Retry-After when every hop is out', async (t) => {
    const bench = proxyBench(pair)
    await bench.arrive(request({ uri: callee }))
    bench.answer(bench.to(7001), 503, [['Retry-After', '40']])
    await settle()
    bench.clock.advance(5_000)
    bench.answer(bench.to(7002), 503, retry)
    t.same([bench.caller.response().status, bench.caller.response().header('Retry-After')], [503, '30'])
  })

  t.test('goes back at once, without a new try, while every hop is out', async (t) => {
    const bench = proxyBench()
    await bench.arrive(request({ uri: callee }))
    bench.answer(bench.to(7001), 503, retry)
    const later = bench.transport.accept()
    bench.clock.advance(10_000)
    await bench.arrive(request({ uri: callee }), later)
    t.same(
      [
        later.response().status,
        later.response().header('Retry-After'),
        bench.to(7001).lines.filter((line) => line.startsWith('INVITE')).length,
      ],
      [503, '20', 1],
    )
  })

  for (const by of ['binding', 'dialog', 'static-route', 'partner', 'enterprise-edge', 'home', undefined] as const)
    t.test(`does not go back to a server, which would avoid this one for all users: target ${by}`, async (t) => {
      const bench = proxyBench({ decide: () => route(target(callee, by === undefined ? {} : { by })) })
      const before = bench.transport.accept({ peer: server })
      await bench.arrive(request({ uri: callee }), before)
      bench.answer(bench.to(7001), 503, [['Retry-After', '600']])
      const [at, later] = [before.response(), bench.transport.accept({ peer: server })]
      await bench.arrive(request({ uri: callee }), later)
      t.same([at.status, at.header('Retry-After')], [504, undefined])
      t.same([later.response().status, later.response().header('Retry-After')], [504, undefined])
    })

  t.test('goes back to a server where one next hop is all that is behind this one', async (t) => {
    const bench = proxyBench({ decide: () => route(target(callee, { by: 'inward' })) })
    const before = bench.transport.accept({ peer: server })
    await bench.arrive(request({ uri: callee }), before)
    bench.answer(bench.to(7001), 503, retry)
    t.same([before.response().status, before.response().header('Retry-After')], [503, '30'])
  })

  t.test('without Retry-After becomes 504 with diagnostics', async (t) => {
    const bench = proxyBench()
    await bench.arrive(request({ uri: callee }))
    bench.answer(bench.to(7001), 503)
    t.same(
      [bench.caller.response().status, bench.caller.response().header('ms-diagnostics')],
      [504, '1;reason="peer.unavailable"'],
    )
  })
})

t.test('a full table of client transactions is 503 of our own', async (t) => {
  const bench = proxyBench({ limits: { client: 0 } })
  await bench.arrive(request({ uri: callee }))
  t.match([bench.caller.response().status, bench.caller.response().header('Retry-After')], [503, /^\d+$/])
})

// conformance: RFC 3263 §4.3 — hosts in their order, address by address
t.test('several hosts of one service (RFC 2782)', async (t) => {
  const hosts = { 'one.test': [7011], 'two.test': [7012, 7013], 'three.test': [7014] }
  const service = {
    hosts,
    decide: () =>
      route(
        target('sip:bob@partner.test', {
          nextHop: 'sip:one.test:5061;transport=tls',
          otherHops: ['sip:two.test:5061;transport=tls', 'sip:three.test:5061;transport=tls'],
        }),
      ),
  }

  t.test('are tried in their order, address by address', async (t) => {
    const bench = proxyBench(service)
    for (const port of [7011, 7012, 7013]) bench.transport.failing.set(port, 'connect.refused')
    await bench.arrive(request({ uri: 'sip:bob@partner.test' }))
    t.same(
      [bench.transport.dialled.map(({ port }) => port), bench.to(7014).lines],
      [[7011, 7012, 7013, 7014], ['INVITE sip:bob@partner.test SIP/2.0']],
    )
  })

  t.test('one that answers 503 hands over to the next', async (t) => {
    const bench = proxyBench(service)
    await bench.arrive(request({ uri: 'sip:bob@partner.test' }))
    bench.answer(bench.to(7011), 503)
    await settle()
    t.equal(bench.to(7012).lines.length, 1)
  })

  t.test('one that refuses the call does not', async (t) => {
    const bench = proxyBench(service)
    await bench.arrive(request({ uri: 'sip:bob@partner.test' }))
    bench.answer(bench.to(7011), 403)
    await settle()
    t.same([bench.caller.response().status, bench.transport.dialled.length], [403, 1])
  })

  t.test('one without an address is passed over', async (t) => {
    const bench = proxyBench({ ...service, hosts: { 'two.test': [7012] } })
    await bench.arrive(request({ uri: 'sip:bob@partner.test' }))
    t.equal(bench.to(7012).lines.length, 1)
  })

  t.test('without any address the request ends with what the first look-up said', async (t) => {
    const bench = proxyBench({ ...service, hosts: {} })
    await bench.arrive(request({ uri: 'sip:bob@partner.test' }))
    t.same(bench.told, ['504 dns.not-found'])
  })

  t.test('no more are tried than attempts are allowed', async (t) => {
    const bench = proxyBench({ ...service, forward: { attempts: 2 } })
    for (const port of [7011, 7012]) bench.transport.failing.set(port, 'connect.refused')
    await bench.arrive(request({ uri: 'sip:bob@partner.test' }))
    t.same([bench.caller.response().status, bench.transport.dialled.map(({ port }) => port)], [504, [7011, 7012]])
  })
})
