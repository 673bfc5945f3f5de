/** `sips` never becomes plain: targets, next hops, redirections (RFC 5630). */
import t from 'tap'
import { proxyBench, type ProxyBench, type ProxyOptions, route, target } from '../../support/proxy-bench.ts'
import { request } from '../../support/sip-messages.ts'

const hosts = { 'one.lab.test': [7001], 'two.lab.test': [7002] }

async function sipsTo(uri: string, options: ProxyOptions = {}, change = {}): Promise<ProxyBench> {
  const bench = proxyBench({ hosts, decide: () => route(target(uri, change)), ...options })
  await bench.arrive(request({ uri: 'sips:bob@lab.test' }))
  return bench
}

function outcome({ caller, transport }: ProxyBench): readonly unknown[] {
  const { status } = caller.response()
  return [status, caller.response().header('Warning'), [...transport.flows.values()].length - 1]
}

const refused = [480, '380 internal.lab.test "SIPS Not Allowed"', 0]

// conformance: RFC 5630 §5.3 — sips is not forwarded to a plain Contact: 480 with Warning 380
t.test('a sips request is not forwarded to a Contact in the clear', async (t) => {
  for (const contact of [
    'sip:bob@192.0.2.7:35178',
    'sip:bob@192.0.2.7:35178;transport=udp',
    'sip:bob@192.0.2.7:35178;transport=TCP',
    'sip:bob@192.0.2.7:35178;transport=ws',
    'sips:bob@192.0.2.7:35178;transport=udp',
  ])
    t.same(outcome(await sipsTo(contact)), refused, contact)
})

t.test('nor by a plain next hop, a plain Route, a plain flow', async (t) => {
  const nextHop = 'sip:gw.lab.test:5060;transport=tcp'
  t.same(outcome(await sipsTo('sips:bob@lab.test', {}, { nextHop })), refused)
  t.same(outcome(await sipsTo('sips:bob@lab.test', {}, { routes: ['<sip:192.0.2.9;transport=udp;lr>'] })), refused)
  const bench = proxyBench({
    make: ({ transport }) => {
      const flow = transport.accept({ transport: 'tcp' })
      return { decide: () => route(target('sip:bob@192.0.2.7:4000;transport=tcp', { flow: flow.id })) }
    },
  })
  await bench.arrive(request({ uri: 'sips:bob@lab.test' }))
  t.same([bench.caller.response().status, bench.told], [480, ['480 route.not-secured']])
})

t.test('nor over a next hop that turns out to be plain', async (t) => {
  const bench = await sipsTo('sips:bob@one.lab.test', {
    settings: {
      locate: (_, face) => [{ transport: 'udp', address: '192.0.2.1', port: 7001, verifyName: undefined, face }],
    },
  })
  t.same([bench.caller.response().status, bench.to(7001).sent], [480, []])
})

t.test('a Contact that says TLS is reached as sips', async (t) => {
  const bench = await sipsTo('sip:bob@one.lab.test;transport=tls')
  t.equal(bench.to(7001).lines[0], 'INVITE sips:bob@one.lab.test;transport=tls SIP/2.0')
})

// conformance: RFC 5630 §5.3 — a sip request comes to a sips Contact by TLS, and keeps its scheme
t.test('a sip request comes to a Contact with sips as sip, by TLS', async (t) => {
  const asked: string[] = []
  const bench = proxyBench({
    hosts,
    decide: () => route('SIPS:bob@one.lab.test:7001'),
    settings: {
      locate: ({ scheme }, face) => {
        asked.push(scheme)
        return [{ transport: 'tls', address: '192.0.2.1', port: 7001, verifyName: 'one.lab.test', face }]
      },
    },
  })
  await bench.arrive(request({ uri: 'sip:bob@lab.test' }))
  t.same([asked, bench.to(7001).lines[0]], [['sips'], 'INVITE sip:bob@one.lab.test:7001 SIP/2.0'])
  t.match(bench.to(7001).request().header('Record-Route'), /^<sip:/)
})

t.test('a Path with any display name leads there', async (t) => {
  for (const path of ['"a<b>" <sip:one.lab.test;transport=tls;lr>', 'A B <sips:one.lab.test;lr>;x="<y>"']) {
    const bench = await sipsTo('sips:bob@192.0.2.7', {}, { routes: [path] })
    t.same([bench.to(7001).lines.length, bench.to(7001).request().header('Route')], [1, path])
  }
})

t.test('of several targets only the secured ones are tried', async (t) => {
  const bench = proxyBench({
    hosts,
    decide: () => route('sip:bob@two.lab.test;transport=udp', 'sip:bob@one.lab.test;transport=tls'),
  })
  await bench.arrive(request({ uri: 'sips:bob@lab.test' }))
  bench.answer(bench.to(7001), 486)
  t.same([bench.caller.response().status, bench.transport.flows.size], [486, 2])
})

// conformance: RFC 3261 §16.6 step 7 — a next hop of a sips request is located as a sips URI
t.test('a next hop that names no transport is located as a sips URI', async (t) => {
  const asked: string[] = []
  await sipsTo(
    'sips:bob@lab.test',
    {
      settings: {
        locate: (uri, face) => {
          asked.push(uri.scheme)
          return [{ transport: 'tls', address: '192.0.2.1', port: 7001, verifyName: 'gw.lab.test', face }]
        },
      },
    },
    { nextHop: 'sip:gw.lab.test' },
  )
  t.same(asked, ['sips'])
})

t.test('a Contact with sips is not reached by a plain flow, whatever the request is for', async (t) => {
  const bench = proxyBench({
    make: ({ transport }) => {
      const flow = transport.accept({ transport: 'tcp' })
      return { decide: () => route(target('sips:bob@192.0.2.7', { flow: flow.id })) }
    },
  })
  await bench.arrive(request({ uri: 'sip:bob@lab.test' }))
  t.equal(bench.caller.response().status, 480)
})
