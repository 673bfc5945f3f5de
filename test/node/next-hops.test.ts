import t from 'tap'
import { nextHops } from '../../src/node/next-hops.ts'
import { parseUri } from '../../src/sip/message/index.ts'
import type { Resolver } from '../../src/sip/transport/dial/resolver.ts'
import { FakeClock } from '../support/fake-clock.ts'

let asked = 0
const resolver: Resolver = {
  naptr: async () => [],
  srv: async () => [],
  aaaa: async () => [],
  a: async () => {
    asked++
    return ['127.0.41.11']
  },
}

const locator = (clock = new FakeClock(), numericHosts: 'by-chain' | 'by-name' = 'by-name') =>
  nextHops({ clock, resolver, supported: ['tls', 'tcp'], nameRule: 'dialled-fqdn', random: () => 0, numericHosts })

t.test('a numeric contact is a hop at once, without DNS', async (t) => {
  t.match(locator()(parseUri('sip:alice@127.0.0.1:40312;transport=tls'), 'internal'), [
    { address: '127.0.0.1', port: 40312, verifyName: '127.0.0.1' },
  ])
})

t.test('an address that is verified by chain alone wants no name', async (t) => {
  t.match(locator(new FakeClock(), 'by-chain')(parseUri('sip:alice@127.0.0.1:40312;transport=tls'), 'internal'), [
    { verifyName: undefined },
  ])
})

t.test('a name is asked for once a second', async (t) => {
  const clock = new FakeClock()
  const locate = locator(clock)
  const uri = parseUri('sip:fe1.lab.test:5061;transport=tls')
  asked = 0
  await locate(uri, 'internal')
  await locate(uri, 'internal')
  clock.advance(1001)
  await locate(uri, 'internal')
  t.equal(asked, 2)
})

t.test('a host name is the name its certificate must carry', async (t) => {
  t.match(await locator()(parseUri('sip:fe1.lab.test:5061;transport=tls'), 'internal'), [
    { verifyName: 'fe1.lab.test', address: '127.0.41.11' },
  ])
})

t.test('what a request asks to be shown is a question of its own, and kept as one', async (t) => {
  const asks: (string | undefined)[] = []
  const identityOf = (_host: string, _port: number | undefined, wanted: string | undefined): string | undefined => {
    asks.push(wanted)
    return wanted ?? 'static-route:1'
  }
  const locate = nextHops({
    clock: new FakeClock(),
    resolver,
    supported: ['tls'],
    nameRule: 'dialled-fqdn',
    random: () => 0,
    identityOf,
  })
  const uri = parseUri('sip:voice.lab.test:5061;transport=tls')
  const identities = await Promise.all(
    [undefined, 'static-route:2', undefined].map(
      async (wanted) => (await locate(uri, 'internal', wanted))[0]?.identity,
    ),
  )
  t.same(
    [identities, asks],
    [
      ['static-route:1', 'static-route:2', 'static-route:1'],
      [undefined, 'static-route:2', undefined],
    ],
  )
})
