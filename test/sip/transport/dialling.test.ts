/**
 * Dialling: one connection per hop, own certificate and name; failures named; link faults acted out; TLS material
 * replaced whole.
 */
import t, { type Test } from 'tap'
import { createServer, type Server } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { once } from 'node:events'
import { materialOf, testCa } from '../../support/openssl-certificates.ts'
import { harness, hopTo, listening, messageText, okText, type Harness } from '../../support/transport-harness.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { freePort } from '../../support/free-port.ts'
import type { Listener, NextHop } from '../../../src/sip/transport/index.ts'
import { Gate } from '../../../src/sip/transport/connection/gate.ts'
import { nearestSource } from '../../../src/sip/transport/dial/dial.ts'
import { ownFolder } from '../../support/own-folder.ts'
import { turns } from '../../support/turns.ts'

const ca = testCa(ownFolder(t))
const director = materialOf(ca.leaf('director.lab.test', { sans: ['director.lab.test', 'pool.lab.test'] }), [ca.root])
const frontEnd = materialOf(ca.leaf('fe1.lab.test'), [ca.root])
const renewed = materialOf(ca.leaf('fe1.lab.test'), [ca.root])

/** Time enough for octets to cross the loopback: what has not happened by then was held back. */
const briefly = (): Promise<void> => turns(20)

function portOf(server: Server): number {
  const bound = server.address()
  return bound !== null && typeof bound === 'object' ? bound.port : 0
}

async function pair(
  t: Test,
  settings = {},
): Promise<{ readonly server: Harness; readonly client: Harness; readonly listener: Listener; readonly hop: NextHop }> {
  const server = harness(t, { settings, onRequest: (request, flow) => flow.send(okText(request)) })
  const client = harness(t)
  const listener = await server.layer.listen(listening('tls', { mutual: 'required', tls: director }))
  client.layer.setOutgoingTls('internal', frontEnd)
  return { server, client, listener, hop: hopTo(listener.local, 'tls', { verifyName: 'director.lab.test' }) }
}

t.test('shares one dial between concurrent calls and uses the flow again', async (t) => {
  const { client, hop } = await pair(t)
  const [one, two] = await Promise.all([client.layer.connect(hop), client.layer.connect(hop)])
  t.same([one === two, client.layer.existing(hop) === one, client.of('opened').length], [true, true, 1])
})

t.test('dials again for another verified name at the same address', async (t) => {
  const { client, hop } = await pair(t)
  const one = await client.layer.connect(hop)
  const two = await client.layer.connect({ ...hop, verifyName: 'pool.lab.test' })
  t.not(one, two)
})

t.test('dials again when its own certificate was renewed, and leaves the live flow on the old one', async (t) => {
  const { client, hop } = await pair(t)
  const one = await client.layer.connect(hop)
  client.layer.setOutgoingTls('internal', renewed)
  const two = await client.layer.connect(hop)
  t.match(
    [one, two],
    [
      { open: true, own: { serial: frontEnd.own.serial } },
      { open: true, own: { serial: renewed.own.serial } },
    ],
  )
})

// conformance: RFC 5923 §5 — without alias a connection serves new requests of its opener only
t.test('sends no new request on a connection that a server opened', async (t) => {
  const { server, client, hop } = await pair(t)
  const flow = await client.layer.connect(hop)
  flow.send(messageText({ via: 'SIP/2.0/TLS fe1.lab.test:5061;branch=z9hG4bKa;alias' }))
  await server.next('request')
  server.layer.setOutgoingTls('internal', director)
  t.equal(server.layer.existing({ ...hop, port: 5061, verifyName: 'fe1.lab.test' }), undefined)
})

// conformance: RFC 5923 §5 — with alias, new requests go back on a connection that a proven server opened
t.test('does so when alias is on and the server asks for it', async (t) => {
  const { server, client, hop } = await pair(t, { alias: true })
  server.layer.setOutgoingTls('internal', director)
  const flow = await client.layer.connect(hop)
  flow.send(messageText({ via: 'SIP/2.0/TLS fe1.lab.test:5061;branch=z9hG4bKb;alias' }))
  const { flow: accepted } = await server.next('request')
  t.equal(server.layer.existing({ ...hop, port: 5061, verifyName: 'fe1.lab.test' }), accepted)
})

t.test('an alias that is asked for twice, or by a client, breaks nothing', async (t) => {
  const { client, hop, server } = await pair(t, { alias: true })
  const flow = await client.layer.connect(hop)
  flow.send(messageText({ via: 'SIP/2.0/TLS fe1.lab.test:5061;branch=z9hG4bKc;alias;alias;x;x' }))
  t.equal((await server.next('request')).request.branch, 'z9hG4bKc')
})

t.test('leaves by the address of its face', async (t) => {
  const { server, client, hop } = await pair(t)
  await client.layer.listen(listening('tcp', { address: '127.0.0.9' }))
  await client.layer.connect(hop)
  const { flow } = await server.next('opened')
  t.equal(flow.remote.address, '127.0.0.9')
})

t.test('says that nobody listens', async (t) => {
  const client = harness(t)
  const port = await freePort()
  await t.rejects(client.layer.connect(hopTo({ address: '127.0.0.1', port }, 'tcp')), {
    name: 'DialError',
    code: 'link.refused',
  })
})

t.test('gives up on a server that never finishes the handshake', async (t) => {
  const clock = new FakeClock()
  const client = harness(t, { clock })
  client.layer.setOutgoingTls('internal', frontEnd)
  const mute = createServer((socket) => void socket.once('data', () => clock.advance(5_000))).listen(0, '127.0.0.1')
  t.teardown(() => mute.close())
  await once(mute, 'listening')
  const port = portOf(mute)
  await t.rejects(
    client.layer.connect(hopTo({ address: '127.0.0.1', port }, 'tls', { verifyName: 'director.lab.test' })),
    { code: 'tls.handshake-timeout' },
  )
})

t.test('dials no secure hop without material for the face', async (t) => {
  const client = harness(t)
  await t.rejects(
    client.layer.connect(hopTo({ address: '127.0.0.1', port: 9 }, 'tls', { verifyName: 'director.lab.test' })),
    { code: 'tls.own-cert-missing' },
  )
})

t.test('makes a dial wait while as many as allowed run', async (t) => {
  const clock = new FakeClock()
  const client = harness(t, { clock, settings: { concurrentDials: 1 } })
  for (const face of ['a', 'b']) client.layer.setOutgoingTls(face, frontEnd)
  const mute = createServer().listen(0, '127.0.0.1')
  t.teardown(() => mute.close())
  let connections = 0
  mute.on('connection', () => (connections += 1))
  await once(mute, 'listening')
  const hop = hopTo({ address: '127.0.0.1', port: portOf(mute) }, 'tls', { verifyName: 'director.lab.test' })
  const dials = ['a', 'b'].map((face) => t.rejects(client.layer.connect({ ...hop, face }), { name: 'DialError' }))
  await once(mute, 'connection')
  await briefly()
  const whileOneRuns = connections
  clock.advance(5_000)
  await Promise.all(dials)
  t.equal(whileOneRuns, 1)
})

t.test('a dial waits a second for others that get no answer, and is not lost behind them', async (t) => {
  const clock = new FakeClock()
  const { hop } = await pair(t)
  const client = harness(t, { clock, settings: { concurrentDials: 1 } })
  client.layer.setOutgoingTls('internal', frontEnd)
  const mute = createServer().listen(0, '127.0.0.1')
  t.teardown(() => mute.close())
  await once(mute, 'listening')
  const silent = hopTo({ address: '127.0.0.1', port: portOf(mute) }, 'tls', { verifyName: 'director.lab.test' })
  const dials = ['a', 'b', 'c'].map((name) => t.rejects(client.layer.connect({ ...silent, verifyName: name })))
  const wanted = client.layer.connect(hop)
  wanted.catch(() => undefined)
  clock.advance(3_000)
  t.match(await wanted, { open: true })
  clock.advance(2_000)
  await Promise.all(dials)
})

t.test('of many dials whose time is up before their turn, none takes the place', async (t) => {
  const gate = new Gate(1)
  gate.enter(() => true)
  for (let count = 0; count < 50_000; count++) gate.enter(() => false)
  let entered = 0
  gate.enter(() => ++entered > 0)
  gate.leave()
  t.equal(entered, 1)
  gate.leave()
  gate.enter(() => ++entered > 0)
  t.equal(entered, 2)
})

t.test('shows a replaced certificate to the next dialler and keeps live flows', async (t) => {
  const { server, client, listener, hop } = await pair(t)
  const one = await client.layer.connect(hop)
  const fresh = materialOf(ca.leaf('director.lab.test'), [ca.root])
  listener.replaceTls(fresh)
  client.layer.setOutgoingTls('internal', renewed)
  const two = await client.layer.connect(hop)
  await server.next('opened', 1)
  t.match(
    { one, two, own: server.of('opened')[1]?.flow.own },
    { one: { open: true }, two: { peer: { serial: fresh.own.serial } }, own: { serial: fresh.own.serial } },
  )
})

t.test('keeps the old certificate when the new one cannot be loaded', async (t) => {
  const { client, listener, hop } = await pair(t)
  t.throws(() => listener.replaceTls({ ...director, key: frontEnd.key }), { code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' })
  t.match(await client.layer.connect(hop), { peer: { serial: director.own.serial } })
})

t.test('judges by the replaced trust list', async (t) => {
  const { server, client, listener, hop } = await pair(t)
  const other = testCa(t.testdir(), 'other root')
  listener.replaceTls({ ...director, ca: [other.root] })
  await client.layer.connect(hop)
  t.match((await server.next('refused')).refusal, { code: 'chain.untrusted-root' })
})

t.test('refuses an empty trust list', async (t) => {
  const { listener } = await pair(t)
  t.throws(() => listener.replaceTls({ ...director, ca: [] }), /trust list is empty/)
})

t.test('link faults', async (t) => {
  t.test('cut ends the live flow, refuses new dials, and heals', async (t) => {
    const { client, hop } = await pair(t)
    await client.layer.connect(hop)
    client.layer.setLinkFault('DIRECTOR.lab.test', { kind: 'cut', amount: 0 })
    const { because } = await client.next('closed')
    await t.rejects(client.layer.connect(hop), { code: 'link.cut' })
    client.layer.setLinkFault('director.lab.test', undefined)
    t.match([because, await client.layer.connect(hop)], ['link.cut', { open: true }])
  })

  t.test('delay holds each message back on its way out and in', async (t) => {
    const clock = new FakeClock()
    const { server, hop } = await pair(t)
    const client = harness(t, { clock })
    client.layer.setOutgoingTls('internal', frontEnd)
    client.layer.setLinkFault('director.lab.test', { kind: 'delay', amount: 200 })
    const flow = await client.layer.connect(hop)
    flow.send(messageText({ transport: 'TLS' }))
    await briefly()
    const early = server.of('request').length
    clock.advance(200)
    await server.next('request')
    await briefly()
    const answered = client.of('response').length
    // What had not crossed the loopback by then is held back from now on.
    for (; client.of('response').length === 0; await turns(1)) clock.advance(200)
    t.same({ early, answered }, { early: 0, answered: 0 })
  })

  t.test('healing lets what was held go at once', async (t) => {
    const { client, hop } = await pair(t)
    client.layer.setLinkFault('director.lab.test', { kind: 'delay', amount: 60_000 })
    const flow = await client.layer.connect(hop)
    flow.send(messageText({ transport: 'TLS' }))
    client.layer.setLinkFault('director.lab.test', undefined)
    t.equal((await client.next('response')).response.status, 200)
  })

  t.test('slow lets so many octets a second through', async (t) => {
    const clock = new FakeClock()
    const { server, hop } = await pair(t)
    const client = harness(t, { clock })
    client.layer.setOutgoingTls('internal', frontEnd)
    client.layer.setLinkFault('director.lab.test', { kind: 'slow', amount: 1000 })
    const flow = await client.layer.connect(hop)
    const text = messageText({ transport: 'TLS', body: 'x'.repeat(2_000) })
    flow.send(text)
    clock.advance(2_000)
    await briefly()
    const early = server.of('request').length
    clock.advance(1_000)
    await server.next('request')
    t.equal(early, 0)
  })

  t.test('silent lets nothing through in either direction, and keeps the flow', async (t) => {
    const { client, server, hop } = await pair(t)
    const flow = await client.layer.connect(hop)
    client.layer.setLinkFault('director.lab.test', { kind: 'silent', amount: 0 })
    const taken = flow.send(messageText({ transport: 'TLS' }))
    await briefly()
    t.match([taken, flow, server.of('request').length, client.of('response').length], [true, { open: true }, 0, 0])
  })

  t.test('silent makes a dial wait for its time, and fail', async (t) => {
    const clock = new FakeClock()
    const { hop } = await pair(t)
    const client = harness(t, { clock })
    client.layer.setOutgoingTls('internal', frontEnd)
    client.layer.setLinkFault('director.lab.test', { kind: 'silent', amount: 0 })
    const dialled = client.layer.connect(hop)
    clock.advance(5_000)
    await t.rejects(dialled, { code: 'link.timeout' })
  })

  t.test('reset breaks the flow after so many octets', async (t) => {
    const { client, hop } = await pair(t)
    client.layer.setLinkFault('director.lab.test', { kind: 'reset', amount: 300 })
    const flow = await client.layer.connect(hop)
    flow.send(messageText({ transport: 'TLS' }))
    t.equal((await client.next('closed')).because, 'link.reset')
  })
})

t.test('reports a server that refuses by closing after the handshake', async (t) => {
  const strict = createTls({
    cert: director.certificate,
    key: director.key,
    ca: [...director.ca],
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  })
  strict.on('tlsClientError', () => undefined)
  strict.listen(0, '127.0.0.1')
  t.teardown(() => strict.close())
  await once(strict, 'listening')
  const port = portOf(strict)
  const other = testCa(t.testdir(), 'unknown root')
  const client = harness(t)
  client.layer.setOutgoingTls('internal', materialOf(other.leaf('fe1.lab.test'), [ca.root]))
  const flow = await client.layer.connect(
    hopTo({ address: '127.0.0.1', port }, 'tls', { verifyName: 'director.lab.test' }),
  )
  const { refusal } = await client.next('refused')
  t.match(
    { refusal, flow, because: client.of('closed')[0]?.because },
    {
      refusal: { code: 'flow.closed-after-handshake', wantedName: 'director.lab.test' },
      flow: { open: false, confirmed: false },
      because: 'flow.closed-after-handshake',
    },
  )
})

t.test('the address a host dials from', async (t) => {
  const inBothNetworks = ['10.41.3.21', '10.41.2.21']

  t.test('is the one in the network of the target', async (t) => {
    t.equal(nearestSource(inBothNetworks, '10.41.2.31'), '10.41.2.21')
  })

  t.test('is the first where none is nearer', async (t) => {
    t.equal(nearestSource(['10.41.3.21', '10.41.3.22'], '10.41.3.11'), '10.41.3.21')
  })

  t.test('is left to the system where there is none', async (t) => {
    t.equal(nearestSource([], '10.41.2.31'), undefined)
  })
})
