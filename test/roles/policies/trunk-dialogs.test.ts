/**
 * Calls that a gateway or a server of somebody else places, through the whole list of a home: later requests of such a
 * call go both ways, whatever name or address it gives in Contact, and lead nowhere else.
 */
import t from 'tap'
import { home } from '../../../src/roles/home.ts'
import { forbids } from '../../../src/roles/law/law.ts'
import type { RoleContext } from '../../../src/roles/role.ts'
import { rememberIdentity } from '../../../src/services/authentication/flow-identity.ts'
import { memoryLocation } from '../../../src/services/location/location.ts'
import type { HeaderField } from '../../../src/sip/message/types.ts'
import { FlowTokens } from '../../../src/sip/routing/flow-token.ts'
import { loadProfile, parseTopology } from '../../../src/topology/load.ts'
import { nodePlan, planLab } from '../../../src/topology/plan.ts'
import type { HomeSettings } from '../../../src/topology/plan-types.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { type FakeFlow, server } from '../../support/fake-transport.ts'
import { proxyBench } from '../../support/proxy-bench.ts'
import { request } from '../../support/sip-messages.ts'

const lab = `
name: trunks
about: A front end that two servers of somebody else call; one has a static route.
profile: modern
domain: lab.test
hosts:
  fe1:
    role: front-end
    staticRoutes:
      - { match: "tel:*", nextHop: sbc1 }
  sbc1: { role: foreign, name: sbc1.contoso.test, address: 192.0.2.50, port: 15061, dials: [fe1] }
  sbc2: { role: foreign, name: sbc2.contoso.test, address: 192.0.2.60, port: 25061, dials: [fe1] }
`
const plan = nodePlan(planLab(parseTopology(lab, 'trunks.yaml', loadProfile)), 'fe1')
const number = 'sip:+4930@contoso.test'
const partner = ['ms-edge-proxy-message-trust', 'ms-source-type=ClearingHouse'] as const

/** The gateway of that name has called bob, who is signed in over a connection of his own. */
async function called(name: string, address: string) {
  const clock = new FakeClock()
  const location = memoryLocation({ clock })
  t.teardown(() => location.close())
  const account = { enabled: true, remote: true, anonymousCalls: true, homePool: (plan.settings as HomeSettings).home }
  const known: { tokens?: FlowTokens } = {}
  const bench = proxyBench({
    hosts: { 'sbc1.contoso.test': [15061], 'sbc2.contoso.test': [25061], [address]: [5061], 'evil.test': [666] },
    faces: { internal: { name: plan.fqdn, recordRouteName: 'pool.lab.test', ports: { tls: 5061, tcp: 5060 } } },
    make({ transport }) {
      const flowTokens = new FlowTokens({
        node: plan.fqdn,
        key: Buffer.alloc(32, 7),
        flow: (id) => transport.flows.get(id),
      })
      const accounts = { account: () => account }
      const context = {
        ...{ plan, clock, location, flowTokens, accounts, directory: {}, authentication: 'on' },
        isOpen: () => true,
        isReachable: () => true,
      }
      const parts = home(context as unknown as RoleContext, plan.settings as HomeSettings)
      const { admit = [], target = [] } = parts.faces['internal'] ?? {}
      known.tokens = flowTokens
      return { admit, target, settings: { flowTokens, forbids: forbids(new Map(Object.entries(parts.law))) } }
    },
  })
  const bob = bench.caller
  rememberIdentity(bob, 'sip:bob@lab.test', Number.MAX_SAFE_INTEGER)
  const aor = '<sip:bob@lab.test>'
  const contact = ['Contact', '<sip:bob@127.0.41.99:40000;transport=tls>'] as const
  await bench.arrive(
    request({ method: 'REGISTER', uri: 'sip:lab.test', from: `${aor};tag=r`, to: aor, headers: [contact] }),
  )
  const gateway = bench.transport.accept({ peer: { ...server, names: [name] }, remote: address, port: 33333 })
  const invite = request({ from: `<${number}>;tag=g`, callId: 'call-g' })
  await bench.arrive(invite, gateway)
  const routes = bob.request().headers('Record-Route')
  const ask = async (
    method: string,
    uri: string,
    from: FakeFlow = bob,
    byGateway = false,
    ...more: readonly HeaderField[]
  ): Promise<string> => {
    const before = new Set(bench.transport.flows.keys())
    const sent = bob.lines.length
    const [caller, callee] = [`<${number}>;tag=g`, `${aor};tag=b`]
    const ends = byGateway ? { from: caller, to: callee } : { from: callee, to: caller }
    const headers = [...more, ...routes.map((value) => ['Route', value] as const)]
    await bench.arrive(request({ method, uri, ...ends, callId: 'call-g', cseq: 7, headers }), from)
    if (bob !== from && bob.lines.length > sent) return 'bob'
    const dialled = [...bench.transport.flows.values()].find(({ id }) => !before.has(id))
    return dialled === undefined ? String(from.response().status) : `${dialled.dialledName}:${dialled.remote.port}`
  }
  return { ...bench, bob, gateway, ask }
}

for (const [name, address, port] of [
  ['sbc1.contoso.test', '192.0.2.50', 15061],
  ['sbc2.contoso.test', '192.0.2.60', 25061],
] as const) {
  for (const uri of [
    `sip:+4930@${name}:${port};transport=tls`,
    `sip:+4930@${name};transport=tls`,
    `sip:+4930@${name.toUpperCase()}.:${port}`,
    `sips:+4930@${name}`,
    'sip:+4930@pool-of-theirs.contoso.test:15061;transport=tls',
    'sip:x@evil.test:666;transport=tcp',
  ])
    t.test(`bob ends the call of ${name}, whose Contact is ${uri}`, async (t) => {
      const { ask } = await called(name, address)
      t.equal(await ask('BYE', uri), `${name}:${port}`)
    })

  t.test(`${name} sends in its call, by a new connection too`, async (t) => {
    const { ask, gateway, transport } = await called(name, address)
    const uri = 'sip:bob@127.0.41.99:40000;transport=tls'
    const again = transport.accept({ peer: { ...server, names: [name] }, remote: address, port: 33334 })
    t.same([await ask('INFO', uri, gateway, true), await ask('BYE', uri, again, true)], ['bob', 'bob'])
  })

  t.test(`nobody else sends in the call of ${name}`, async (t) => {
    const { ask, transport } = await called(name, address)
    const uri = 'sip:bob@127.0.41.99:40000;transport=tls'
    const other = { ...server, names: ['sbc3.contoso.test'] }
    const edge = { ...server, class: 'edge' as const, names: ['edge.lab.test'] }
    const client = { ...server, class: 'client' as const, names: ['evil.test'] }
    t.same(
      [
        await ask('BYE', uri, transport.accept({ peer: other, remote: address }), true),
        await ask('BYE', uri, transport.accept({ peer: edge, remote: address }), true),
        await ask('BYE', uri, transport.accept({ peer: edge, remote: address }), true, partner),
        await ask('BYE', uri, transport.accept({ peer: client, remote: address }), true),
        await ask('BYE', uri, transport.accept({ remote: address }), true),
        await ask('BYE', uri, transport.accept({ remote: address, transport: 'udp' }), true),
      ],
      ['403', '401', '403', '401', '401', '401'],
    )
  })
}
