import t from 'tap'
import type { HeaderField } from '../../../src/sip/message/types.ts'
import { pass, type Policy } from '../../../src/sip/routing/decision.ts'
import { followAnyRoute, proxyBench, type ProxyOptions, route, settle, target } from '../../support/proxy-bench.ts'
import { request } from '../../support/sip-messages.ts'

const hosts = { 'p2.lab.test': [7002], 'p3.lab.test': [7003], 'bob.lab.test': [7004] }
const own = '<sip:internal.lab.test:5061;transport=tls;lr>'

async function sent(
  uri: string,
  routes: readonly string[],
  port: number,
  options: ProxyOptions = {},
  extra: readonly HeaderField[] = [],
) {
  const bench = proxyBench({ hosts, target: [followAnyRoute()], ...options })
  await bench.arrive(
    request({
      method: 'BYE',
      uri,
      to: '<sip:bob@lab.test>;tag=b',
      headers: [...routes.map((value): HeaderField => ['Route', value]), ...extra],
    }),
  )
  const copy = bench.to(port).request()
  return { uri: copy.requestUri, routes: copy.addresses('Route').map(({ text }) => text) }
}

// conformance: RFC 3261 §16.4 — our own Route values are removed, strict routing is undone
// conformance: RFC 3261 §16.12 — loose and strict routers as next hops
t.test('Route (RFC 3261 §16.4, §16.6 step 6, §16.12)', async (t) => {
  t.test('our own value is taken off; the Request-URI leads on', async (t) => {
    t.same(await sent('sip:bob@bob.lab.test', [own], 7004), { uri: 'sip:bob@bob.lab.test', routes: [] })
  })

  t.test('both values of a double Record-Route are taken off', async (t) => {
    t.same(await sent('sip:bob@bob.lab.test', [own, '<sip:internal.lab.test:5060;transport=tcp;lr>'], 7004), {
      uri: 'sip:bob@bob.lab.test',
      routes: [],
    })
  })

  t.test('both in one header field too', async (t) => {
    t.same(await sent('sip:bob@bob.lab.test', [`${own}, ${own}, <sip:p2.lab.test;lr>`], 7002), {
      uri: 'sip:bob@bob.lab.test',
      routes: ['<sip:p2.lab.test;lr>'],
    })
  })

  t.test('a loose router that is left gets the request with the Request-URI unchanged', async (t) => {
    t.same(await sent('sip:bob@bob.lab.test', [own, '<sip:p2.lab.test;lr>', '<sip:p3.lab.test;lr>'], 7002), {
      uri: 'sip:bob@bob.lab.test',
      routes: ['<sip:p2.lab.test;lr>', '<sip:p3.lab.test;lr>'],
    })
  })

  t.test('a strict router that is left finds itself in the Request-URI, and the target last in Route', async (t) => {
    t.same(await sent('sip:bob@bob.lab.test', [own, '<sip:p2.lab.test>', '<sip:p3.lab.test;lr>'], 7002), {
      uri: 'sip:p2.lab.test',
      routes: ['<sip:p3.lab.test;lr>', '<sip:bob@bob.lab.test>'],
    })
  })

  t.test('a strict router that is the only one left', async (t) => {
    t.same(await sent('sip:bob@bob.lab.test', [own, '<sip:p2.lab.test>'], 7002), {
      uri: 'sip:p2.lab.test',
      routes: ['<sip:bob@bob.lab.test>'],
    })
  })

  t.test('what a strict router did before us is undone', async (t) => {
    t.same(
      await sent(
        'sip:internal.lab.test:5061;transport=tls;lr',
        ['<sip:p2.lab.test;lr>', '<sip:bob@bob.lab.test>'],
        7002,
      ),
      { uri: 'sip:bob@bob.lab.test', routes: ['<sip:p2.lab.test;lr>'] },
    )
  })

  t.test('what a strict router did before us and before another strict one', async (t) => {
    t.same(
      await sent('sip:internal.lab.test:5061;transport=tls;lr', ['<sip:p2.lab.test>', '<sip:bob@bob.lab.test>'], 7002),
      { uri: 'sip:p2.lab.test', routes: ['<sip:bob@bob.lab.test>'] },
    )
  })

  t.test("a Request-URI with our name and no lr is not taken for a strict router's work", async (t) => {
    t.same(await sent('sip:bob@internal.lab.test', ['<sip:p2.lab.test;lr>'], 7002), {
      uri: 'sip:bob@internal.lab.test',
      routes: ['<sip:p2.lab.test;lr>'],
    })
  })

  t.test('a maddr that names us is taken off', async (t) => {
    const found: string[] = []
    const bench = proxyBench({
      hosts,
      target: [{ name: 'look', decide: ({ uri }) => (found.push(uri.text), route('sip:bob@bob.lab.test')) }],
    })
    await bench.arrive(request({ uri: 'sip:bob@lab.test;maddr=internal.lab.test;x=1' }))
    t.same(found, ['sip:bob@lab.test;x=1'])
  })

  t.test("another host's maddr stays", async (t) => {
    const found: string[] = []
    const bench = proxyBench({
      hosts,
      target: [{ name: 'look', decide: ({ uri }) => (found.push(uri.text), route('sip:bob@bob.lab.test')) }],
    })
    await bench.arrive(request({ uri: 'sip:bob@lab.test;maddr=10.0.0.1' }))
    t.same(found, ['sip:bob@lab.test;maddr=10.0.0.1'])
  })

  t.test('the same host at a port that is not ours is another element', async (t) => {
    t.same(
      await sent('sip:bob@bob.lab.test', ['<sip:p2.lab.test:9;lr>'], 7002, {
        faces: { internal: { alsoKnownAs: ['p2.lab.test'] } },
      }),
      { uri: 'sip:bob@bob.lab.test', routes: ['<sip:p2.lab.test:9;lr>'] },
    )
  })

  t.test('a target with Path pushes it above what is left', async (t) => {
    const bench = proxyBench({
      hosts,
      decide: () => route(target('sip:bob@bob.lab.test', { routes: ['<sip:p3.lab.test;lr>'] })),
    })
    await bench.arrive(
      request({
        headers: [
          ['Route', own],
          ['Route', '<sip:p2.lab.test;lr>'],
        ],
      }),
    )
    t.same(
      bench
        .to(7003)
        .request()
        .addresses('Route')
        .map(({ uri }) => uri.host),
      ['p3.lab.test', 'p2.lab.test'],
    )
  })
})

t.test('of two values that are ours', async (t) => {
  const plain = '<sip:internal.lab.test:5061;transport=tls;lr>'
  const token = (user: string): string => `<sip:${user}@internal.lab.test:5061;transport=tls;lr>`

  /** User part of the value that counts. */
  async function counting(...routes: readonly string[]): Promise<string | undefined> {
    const users: (string | undefined)[] = []
    const look: Policy = { name: 'look', decide: ({ ownRoute }) => (users.push(ownRoute?.uri.user), pass) }
    await sent('sip:bob@bob.lab.test', routes, 7004, { target: [look, followAnyRoute()] })
    return users[0]
  }

  t.test('the last one counts: it names the side to leave by', async (t) => {
    t.equal(await counting(token('inner'), token('outer')), 'outer')
  })

  t.test('one that a node of the pool wrote between two servers does not count', async (t) => {
    t.same([await counting(token('phone'), plain), await counting(plain, token('phone'))], ['phone', 'phone'])
  })
})

t.test('an ACK for a 2xx', async (t) => {
  const ack = (headers: readonly HeaderField[] = [], branch = 'z9hG4bKack') =>
    request({
      method: 'ACK',
      uri: 'sip:bob@bob.lab.test',
      to: '<sip:bob@lab.test>;tag=b',
      branch,
      callId: 'c',
      headers,
    })

  t.test('follows its Route, without a transaction', async (t) => {
    const bench = proxyBench({ hosts, target: [followAnyRoute()] })
    await bench.arrive(ack([['Route', `${own}, <sip:p2.lab.test;lr>`]]))
    t.match(
      [bench.to(7002).lines, bench.caller.sent, bench.proxy.transactions.counts],
      [['ACK sip:bob@bob.lab.test SIP/2.0'], [], { client: 0, server: 0 }],
    )
  })

  // conformance: RFC 3261 §16.11 — an ACK for a 2xx is forwarded without a transaction, with a stable branch
  t.test('has the same branch when it is repeated, another when it is another (§16.11)', async (t) => {
    const bench = proxyBench({ hosts, target: [followAnyRoute()] })
    for (const branch of ['z9hG4bKone', 'z9hG4bKone', 'z9hG4bKtwo']) await bench.arrive(ack([['Route', own]], branch))
    const branches = [0, 1, 2].map((index) => bench.to(7004).request(index).branch)
    t.same([branches[0] === branches[1], branches[0] === branches[2]], [true, false])
  })

  t.test('is never answered, whatever is wrong', async (t) => {
    const bench = proxyBench({ hosts, target: [followAnyRoute()] })
    await bench.arrive(request({ method: 'ACK', uri: 'sip:bob@nowhere.test', maxForwards: 0 }))
    await bench.arrive(
      request({
        method: 'ACK',
        uri: 'sip:bob@nowhere.test',
        headers: [['Route', own]],
        to: '<sip:bob@lab.test>;tag=b',
      }),
    )
    await bench.arrive(request({ method: 'ACK', uri: 'sip:bob@lab.test' }))
    t.same(
      [bench.caller.sent, bench.told],
      [[], ['dropped request.too-many-hops', 'dropped dns.not-found', 'dropped route.none']],
    )
  })

  t.test('waits for its next hop to be dialled', async (t) => {
    const bench = proxyBench({ hosts, target: [followAnyRoute()] })
    bench.proxy.transactions.onRequest(ack([['Route', own]]), bench.caller)
    await settle()
    t.equal(bench.to(7004).lines.length, 1)
  })
})
