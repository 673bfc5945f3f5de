/** UDP flows: one per remote address, bounded, source stamped on the top Via (RFC 3261 §18.2.1, RFC 3581). */
import t, { type Test } from 'tap'
import { createSocket, type Socket } from 'node:dgram'
import { harness, hopTo, listening, messageText, okText } from '../../../support/transport-harness.ts'
import { keptFor } from '../../../../src/sip/transport/flow.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

async function phone(t: Test, type: 'udp4' | 'udp6' = 'udp4'): Promise<Socket> {
  const socket = createSocket(type)
  await new Promise<void>((resolve) => socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1', resolve))
  t.teardown(() => socket.close())
  return socket
}

const datagram = (socket: Socket): Promise<string> =>
  new Promise((resolve) => socket.once('message', (octets) => resolve(octets.toString('latin1'))))

// conformance: RFC 3581 §4 — received and rport, and the answer to the source
t.test('answers where the request came from and stamps received and rport', async (t) => {
  const server = harness(t, { onRequest: (request, flow) => flow.send(okText(request)) })
  const { local } = await server.layer.listen(listening('udp'))
  const socket = await phone(t)
  socket.send(messageText({ transport: 'UDP' }), local.port, local.address)
  const answer = await datagram(socket)
  const { request } = await server.next('request')
  t.match(
    { answer, via: request.topVia },
    { answer: /^SIP\/2.0 200/, via: { received: '127.0.0.1', rport: socket.address().port } },
  )
})

// conformance: RFC 3261 §18.2.2 — without rport an answer over UDP goes to the port in sent-by
// conformance-limit: RFC 3261 §18.2.2 — it goes to the source port where sent-by does not name the source address, so
//   that a phone behind a NAT hears it
t.test('answers at the port in sent-by where no rport was asked for', async (t) => {
  const server = harness(t, { onRequest: (request, flow) => flow.send(okText(request)) })
  const { local } = await server.layer.listen(listening('udp'))
  const [source, listener] = [await phone(t), await phone(t)]
  const { port } = listener.address()
  const answered = async (via: string, spoil = (text: string): string => text): Promise<string> => {
    const text = messageText({ via: `SIP/2.0/UDP ${via};branch=z9hG4bK${Math.random()}` })
    source.send(spoil(text), local.port, local.address)
    return Promise.race([
      datagram(source).then((answer) => `source ${answer.slice(8, 11)}`),
      datagram(listener).then((answer) => `sent-by ${answer.slice(8, 11)}`),
    ])
  }
  t.equal(await answered(`127.0.0.1:${port}`), 'sent-by 200')
  t.equal(await answered(`127.0.0.1:${port}`, (text) => text.replace('CSeq: 1', 'CSeq: x')), 'sent-by 400')
  t.equal(await answered(`127.0.0.1:${port};rport`), 'source 200')
  t.equal(await answered(`127.0.0.1:${source.address().port}`), 'source 200')
  t.equal(await answered(`10.0.0.7:${port}`), 'source 200')
  t.equal(await answered(`phone.invalid:${port}`), 'source 200')
  t.equal(await answered(`10.0.0.7:${port}`, (text) => text.replace('CSeq: 1', 'CSeq: x')), 'source 400')
})

// conformance: RFC 6157 §3.2 — SIP over IPv6
t.test('speaks IPv6', async (t) => {
  const server = harness(t)
  const { local } = await server.layer.listen(listening('udp', { address: '::1' }))
  const client = harness(t)
  const flow = await client.layer.connect(hopTo(local, 'udp'))
  flow.send(messageText({ transport: 'UDP' }))
  const { flow: accepted } = await server.next('request')
  t.match(accepted, { remote: { address: '::1' }, local: { address: '::1' }, reliable: false })
})

t.test('answers a malformed request 400', async (t) => {
  const server = harness(t)
  const { local } = await server.layer.listen(listening('udp'))
  const socket = await phone(t)
  socket.send(messageText({ transport: 'UDP' }).replace('CSeq: 1', 'CSeq: x'), local.port, local.address)
  t.match(await datagram(socket), /^SIP\/2.0 400 /)
})

t.test('says nothing to what is no SIP at all, and counts it', async (t) => {
  const server = harness(t)
  const { local } = await server.layer.listen(listening('udp'))
  const socket = await phone(t)
  socket.send('hello', local.port, local.address)
  t.match(await server.next('incident'), { event: 'message.malformed' })
})

t.test(
  'keeps one flow per remote address, and forgets the one silent for longest when the table is full',
  async (t) => {
    const clock = new FakeClock()
    const server = harness(t, { clock, settings: { udpFlows: 2 } })
    const { local } = await server.layer.listen(listening('udp'))
    const phones = [await phone(t), await phone(t), await phone(t)]
    for (const [index, socket] of [phones[0], phones[1], phones[0], phones[2]].entries()) {
      socket?.send(messageText({ transport: 'UDP' }), local.port, local.address)
      await server.next('request', index)
      clock.advance(1000)
    }
    const { flow, because } = await server.next('closed')
    t.same(
      { port: flow.remote.port, because, open: [...server.layer.flows()].length },
      { port: phones[1]?.address().port, because: 'flow.table-full', open: 2 },
    )
  },
)

t.test('a flood from many addresses drives out no flow that a registration or a request needs', async (t) => {
  const server = harness(t, { settings: { udpFlows: 4 } })
  const { local } = await server.layer.listen(listening('udp'))
  const home = await phone(t)
  home.send(messageText({ transport: 'UDP' }), local.port, local.address)
  const { flow } = await server.next('request')
  flow.notes.set(keptFor, 'sip:alice@lab.test')
  const dialled = await server.layer.connect(hopTo({ address: '127.0.0.1', port: 9 }, 'udp'))
  for (let count = 1; count <= 6; count++) {
    const stranger = await phone(t)
    stranger.send(messageText({ transport: 'UDP' }), local.port, local.address)
    await server.next('request', count)
  }
  t.match(
    { flow, dialled, closed: server.of('closed').length, open: [...server.layer.flows()].length },
    {
      flow: { open: true },
      dialled: { open: true },
      closed: 4,
      open: 4,
    },
  )
})

t.test('uses the socket of the face for new requests, and the same flow again', async (t) => {
  const one = harness(t)
  const two = harness(t)
  const { local } = await one.layer.listen(listening('udp'))
  const { local: remote } = await two.layer.listen(listening('udp'))
  const flow = await one.layer.connect(hopTo(remote, 'udp'))
  flow.send(messageText({ transport: 'UDP' }))
  const { flow: accepted } = await two.next('request')
  t.same(
    { from: accepted.remote, again: one.layer.existing(hopTo(remote, 'udp')) === flow },
    { from: local, again: true },
  )
})

t.test('what is sent goes out although the socket closes in the same turn, and closing again is safe', async (t) => {
  const server = harness(t)
  const listener = await server.layer.listen(listening('udp'))
  const client = harness(t)
  const sender = await client.layer.listen(listening('udp'))
  const flow = await client.layer.connect(hopTo(listener.local, 'udp'))
  for (let count = 0; count < 70; count++) flow.send(messageText({ transport: 'UDP' }))
  await sender.close()
  await server.next('request', 69)
  // The turn in which it was sent ends after this one began: what is left of it must not touch the closed socket.
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(server.of('request').length, 70)
})

t.test('a port that does not exist is an incident, not the end of the process', async (t) => {
  const client = harness(t)
  await client.layer.listen(listening('udp'))
  const flow = await client.layer.connect(hopTo({ address: '127.0.0.1', port: 0 }, 'udp'))
  t.equal(flow.send(messageText({ transport: 'UDP' })), true)
  await new Promise((resolve) => setImmediate(resolve))
  t.match(client.of('incident'), [{ event: 'datagram.dropped', reason: 'flow.no-port' }])
})

t.test('datagrams of one turn keep their order, also beyond one batch, and their octets', async (t) => {
  const server = harness(t)
  const { local } = await server.layer.listen(listening('udp'))
  const client = harness(t)
  const flow = await client.layer.connect(hopTo(local, 'udp'))
  const bodies = Array.from({ length: 150 }, (_, number) => `${number} ${'\xfc'.repeat(number * 10)}`)
  for (const body of bodies) flow.send(messageText({ transport: 'UDP', body }))
  await server.next('request', 149)
  t.same(
    server.of('request').map(({ request }) => request.body),
    bodies,
  )
})
