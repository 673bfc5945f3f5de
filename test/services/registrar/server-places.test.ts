/** No binding leads to a server of the organisation; phones beside them are reached as before. */
import t from 'tap'
import { memoryLocation } from '../../../src/services/location/location.ts'
import { localTargets, targetOf } from '../../../src/services/registrar/local-targets.ts'
import { registrar } from '../../../src/services/registrar/registrar.ts'
import { ServerPlaces } from '../../../src/services/registrar/server-places.ts'
import type { Binding } from '../../../src/services/location/binding.ts'
import type { Flow } from '../../../src/sip/transport/flow.ts'
import { parseUri } from '../../../src/sip/message/uri.ts'
import { arrival, type RequestParts, requestText, testFlow } from '../../support/arrival.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const servers = new ServerPlaces([
  { hosts: ['fe1.lab.test', 'pool.lab.test', '127.0.41.11', 'fd51:1ab:41::11'], ports: [5061, 5060, 8443] },
  { hosts: ['gw.lab.test', '127.0.41.51'], ports: [5061], kind: 'gateway' },
  { hosts: ['sbc.contoso.test', '192.0.2.50'], ports: [5071], kind: 'foreign' },
  { hosts: ['edge.lab.test', 'sip.lab.test', '127.0.41.31', '127.0.41.32'], ports: [5061, 443] },
  { hosts: ['lab.test'], ports: [] },
])

/** What each of these would be sent to: one of ours, */
const ours = [
  'sip:+49900@lab.test;user=phone;maddr=fe1.lab.test;transport=tls',
  'sip:bob@lab.test',
  'sip:bob@lab.test.;transport=tcp',
  'sip:bob@lab.test;gr=urn:uuid:1',
  'sip:x@FE1.Lab.Test.:5061',
  'sip:x@pool.lab.test:9999',
  'sips:x@edge.lab.test',
  'sip:x@sip.lab.test:443;transport=tls',
  'sip:x@127.0.41.11:8443;transport=wss',
  'sip:x@127.0.41.11',
  'sip:x@2130716939:5061',
  'sip:x@[fd51:1ab:41::11]:5061',
  'sip:x@[fd51:01ab:0041:0:0:0:0:0011]:5061',
  'sip:x@phone.test:5060;maddr=fd51:1ab:41:0::11',
]

/** or a gateway of ours, the server of somebody else. */
const atGateway = [
  'sip:+49900123@gw.lab.test:5061;user=phone;transport=tls',
  'sip:+49900@phone.test;maddr=GW.lab.test',
  'sip:x@127.0.41.51:5061;transport=tls',
  'sip:x@127.0.41.51;transport=tls',
  'sips:x@127.0.41.51',
  'sip:x@0x7f.10547:5061',
  'sip:x@phone.test:5061;maddr=127.0.41.51',
  'sip:x@[::ffff:127.0.41.51]:5061',
  'sip:x@[::ffff:7f00:2933]:5061',
]
const atTheirs = [...atGateway, 'sip:x@sbc.contoso.test', 'sip:x@192.0.2.50:5071;transport=udp']
const all = [...ours, ...atTheirs]

/** Phones beside servers, on their addresses too. */
const phones = [
  'sip:alice@127.0.0.1:5061;transport=tls',
  'sip:alice@127.0.41.11:40001;transport=tcp',
  'sip:alice@127.0.41.51:5060;transport=udp',
  'sip:alice@127.0.41.51;transport=udp',
  'sip:alice@127.0.41.51',
  'sip:alice@192.0.2.50:5060',
  'sip:alice@192.0.2.7',
  'sip:alice@[fd51:1ab:41::11]:40001',
  'sip:alice@host.lab.test;transport=tcp',
  'sip:alice@lab.test:5061;maddr=192.0.2.7;transport=tls',
  'sip:alice@partner.test',
]

function service(known: ServerPlaces | undefined = servers) {
  const clock = new FakeClock()
  const location = memoryLocation({ clock })
  t.teardown(() => location.close())
  const common = { location, accounts: undefined, domains: ['lab.test'], self: 'fe1.lab.test', servers: known }
  const policy = registrar({ ...common, clock })
  const targets = localTargets({ ...common, isOpen: () => true })
  return {
    register: (contact: string, parts: RequestParts = {}, flow: Flow = testFlow({ transport: 'udp' })) =>
      policy.decide(arrival(requestText({ headers: [`Contact: ${contact}`], ...parts }), { flow, wall: clock.wall() })),
    call: () =>
      targets.decide(arrival(requestText({ method: 'INVITE', uri: 'sip:alice@lab.test' }), { wall: clock.wall() })),
  }
}

t.test('a Contact that leads to a server of ours is refused', async (t) => {
  for (const contact of all) {
    const { register, call } = service()
    const refused = { kind: 'refuse', status: 403, because: 'register.contact-server', found: /^Contact: .* server/ }
    t.match(register(`<${contact}>`), refused, contact)
    t.match(call(), { status: 480, because: 'route.not-registered' }, contact)
  }
})

t.test('so is one over TLS that came through another hop, which would be dialled', async (t) => {
  const { register } = service()
  const hops = { vias: ['SIP/2.0/TLS 192.0.2.7:40001;branch=z9hG4bK0'] }
  t.match(register(`<${ours[0]}>`, hops, testFlow()), { because: 'register.contact-server' })
})

t.test('one of several is enough, and nothing is stored', async (t) => {
  const { register, call } = service()
  t.match(register(`<sip:alice@192.0.2.7>, <${ours[0]}>`), { because: 'register.contact-server' })
  t.match(call(), { because: 'route.not-registered' })
})

t.test('it can still be removed', async (t) => {
  t.match(service().register(`<${ours[0]}>;expires=0`), { kind: 'answer', status: 200 })
})

t.test('phones are reached, whatever address they share', async (t) => {
  for (const contact of phones) {
    const { register, call } = service()
    t.match(register(`<${contact}>`), { kind: 'answer', status: 200 }, contact)
    t.match(call(), { kind: 'route', targets: [{ uri: contact }] }, contact)
  }
})

t.test('a Contact that is never dialled is not judged', async (t) => {
  const invalid = '<sip:x7k@df7jal23ls0d.invalid;transport=wss>'
  t.match(service().register(invalid, {}, testFlow({ transport: 'wss' })), { status: 200 }, 'sip.js')
  const communicator = '<sip:192.0.2.7:40001;transport=tls;ms-opaque=1>;proxy=replace'
  t.match(service().register(communicator, {}, testFlow()), { status: 200 }, 'Communicator')
  t.match(service().register('<sip:alice@lab.test;transport=tls>', {}, testFlow()), { status: 200 }, 'by its flow')
  const path = 'Path: <sip:token@edge.lab.test:5061;transport=tls;lr;ob>'
  const behind = service()
  const headers = ['Contact: <sip:alice@127.0.41.11:5061;transport=tls>', path]
  t.match(behind.register('', { headers }, testFlow({ peer: 'edge' })), { status: 200 }, 'behind the edge')
  t.match(behind.call(), { targets: [{ routes: ['<sip:token@edge.lab.test:5061;transport=tls;lr;ob>'] }] })
})

function gateway(name: string, peer: 'server' | 'treated-as-authenticated' | 'client' = 'server'): Flow {
  const flow = testFlow({ peer })
  return { ...flow, peer: flow.peer && { ...flow.peer, names: [name] } }
}

for (const peer of ['server', 'treated-as-authenticated', 'client'] as const)
  t.test(`a gateway registers users at itself, known by its certificate as ${peer}`, async (t) => {
    for (const contact of atGateway) {
      const { register, call } = service()
      t.match(register(`<${contact}>`, {}, gateway('gw.lab.test', peer)), { status: 200 }, contact)
      t.match(call(), { kind: 'route', targets: [{ uri: contact, flow: undefined }] }, contact)
    }
  })

t.test(
  'nor does a certificate of another name give a right to a gateway, or one of it to a server of ours',
  async (t) => {
    const refused = { status: 403, because: 'register.contact-server' }
    for (const contact of atGateway)
      for (const name of ['fe1.lab.test', 'sbc.contoso.test', 'x.gw.lab.test'])
        t.match(service().register(`<${contact}>`, {}, gateway(name)), refused, `${name}: ${contact}`)
    for (const contact of ours)
      t.match(service().register(`<${contact}>`, {}, gateway('gw.lab.test')), refused, `${contact} of the gateway`)
  },
)

t.test('the address of a gateway is no proof, it has phones beside it', async (t) => {
  for (const transport of ['udp', 'tcp'] as const)
    t.match(service().register(`<${atGateway[2]}>`, {}, testFlow({ transport, address: '127.0.41.51' })), {
      because: 'register.contact-server',
      found: /a server of a static route, .* registers users at itself over TLS with its own certificate$/,
    })
})

t.test('a phone on the machine of a server is told to name its port', async (t) => {
  t.match(service().register('<sip:alice@127.0.41.11>'), {
    found: /^Contact: 127\.0\.41\.11 is a server of this organisation, .* gives the port on which it listens itself$/,
  })
})

t.test('a stored binding that leads to a server is no target', async (t) => {
  const row = (over: Partial<Binding>): Binding =>
    ({
      contact: ours[0],
      path: [],
      flow: undefined,
      flowBound: false,
      q: 1000,
      owner: 'fe1.lab.test',
      ...over,
    }) as Binding
  const options = { self: 'fe1.lab.test', isOpen: () => true, servers }
  for (const contact of ours) t.equal(targetOf(row({ contact }), options), undefined, contact)
  for (const contact of phones) t.match(targetOf(row({ contact }), options), { uri: contact })
  t.equal(targetOf(row({ contact: 'sip:not a uri' }), options), undefined, 'nor is one that cannot be read')
  t.equal(targetOf(row({ contact: `${ours[0]}?subject=x` }), options), undefined)
  t.match(targetOf(row({ flow: testFlow().id, flowBound: true }), options), { uri: ours[0] }, 'by its flow')
  t.match(targetOf(row({ path: ['<sip:t@edge.lab.test;lr>'] }), options), { uri: ours[0] }, 'along its Path')
})

t.test('other targets of the user stay where one is dropped', async (t) => {
  const clock = new FakeClock()
  const location = memoryLocation({ clock })
  t.teardown(() => location.close())
  const common = { location, accounts: undefined, domains: ['lab.test'], self: 'fe1.lab.test' }
  const headers = [`Contact: <${ours[0]}>, <sip:alice@192.0.2.7>`]
  const wall = clock.wall()
  const flow = testFlow({ transport: 'udp' })
  registrar({ ...common, clock }).decide(arrival(requestText({ headers }), { flow, wall }))
  const invite = arrival(requestText({ method: 'INVITE', uri: 'sip:alice@lab.test' }), { wall })
  const reached = (known: ServerPlaces | undefined): readonly string[] => {
    const decision = localTargets({ ...common, servers: known, isOpen: () => true }).decide(invite)
    return (decision as { targets: readonly { uri: string }[] }).targets.map(({ uri }) => uri)
  }
  t.same(reached(undefined), [ours[0], 'sip:alice@192.0.2.7'])
  t.same(reached(servers), ['sip:alice@192.0.2.7'])
})

t.test('a server that listens on every address is at the loopback addresses', async (t) => {
  const places = new ServerPlaces([{ hosts: ['fe1', '0.0.0.0'], ports: [5061, 15061] }])
  const has = (uri: string): boolean => places.ownerOf(parseUri(uri)) === 'ours'
  for (const host of ['127.0.0.1', '127.9.9.9', '0.0.0.0', '[::1]', '[::]', '127.1', '0x7f000001', '2130706433'])
    t.ok(has(`sip:x@${host}:5061`), host)
  t.ok(has('sip:x@127.0.0.1:15061'))
  t.notOk(has('sip:x@127.0.0.1:40001'))
  t.notOk(has('sip:x@192.0.2.7:5061'))
  for (const host of ['fe1', 'fe1.siplab.svc', 'fe1.siplab.svc.cluster.local']) t.ok(has(`sip:x@${host}:1`), host)
  t.notOk(has('sip:x@fe2.siplab.svc.cluster.local:5061'))
})

t.test('the unspecified address is that of a server on the loopback address', async (t) => {
  const places = new ServerPlaces([{ hosts: ['127.0.0.1'], ports: [5061] }])
  t.equal(places.ownerOf(parseUri('sip:x@0.0.0.0:5061')), 'ours')
  t.equal(places.ownerOf(parseUri('sip:x@[::]:5061')), 'ours')
  t.equal(places.ownerOf(parseUri('sip:x@0.0.0.0:5062')), undefined)
})

t.test('a listener on every address leaves the other servers of this machine known by theirs', async (t) => {
  const places = new ServerPlaces([
    { hosts: ['fe1', '0.0.0.0'], ports: [5061] },
    { hosts: ['gw.lab.test', '127.0.41.51'], ports: [5067] },
  ])
  for (const host of ['127.0.41.51', '[::ffff:127.0.41.51]', '0x7f002933'])
    t.equal(places.ownerOf(parseUri(`sip:x@${host}:5067;transport=tls`)), 'ours', host)
  t.equal(places.ownerOf(parseUri('sip:x@127.0.41.52:5067;transport=tls')), undefined)
})

t.test('a name leads to a phone, never to a server: whoever has it in DNS chooses the address', async (t) => {
  const { register, call } = service()
  register('<sip:+49900123@host.attacker.test;transport=udp>')
  const decision = call()
  const [target] = 'kind' in decision && decision.kind === 'route' ? decision.targets : []
  const at = (address: string, port: number, host = 'host.attacker.test'): boolean | undefined =>
    target?.mayDial?.({ transport: 'udp', address, port, verifyName: undefined, face: 'internal', host })
  for (const [address, port, host] of [
    ['127.0.41.11', 5061],
    ['127.0.41.51', 5061],
    ['192.0.2.50', 5071],
    ['::ffff:127.0.41.51', 5061],
    ['fd51:1ab:41:0::11', 5060],
    ['10.0.0.9', 5061, 'gw.lab.test'],
    ['10.0.0.9', 5061, 'pool.lab.test'],
  ] as const)
    t.equal(at(address, port, host), false, `${address} ${port} ${host}`)
  t.equal(at('127.0.41.51', 5080), true, 'a phone on the machine of a gateway')
  t.equal(at('192.0.2.7', 5061), true)
})

t.test('what a gateway registered at itself leads to it, and to no other server', async (t) => {
  const { register, call } = service()
  register('<sip:x@gw.lab.test;transport=tls>', {}, gateway('gw.lab.test'))
  const decision = call()
  const [target] = 'kind' in decision && decision.kind === 'route' ? decision.targets : []
  const hop = {
    transport: 'tls',
    port: 5061,
    verifyName: 'gw.lab.test',
    face: 'internal',
    host: 'gw.lab.test',
  } as const
  t.equal(target?.mayDial?.({ ...hop, address: '127.0.41.51' }), true)
  t.equal(target?.mayDial?.({ ...hop, address: '127.0.41.11' }), false)
})
