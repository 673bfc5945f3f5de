/** UDP flows: one per remote address, bounded, source stamped on the top Via (RFC 3261 §18.2.1, RFC 3581). */
import t, { type Test } from 'tap'
import { createSocket, type Socket } from 'node:dgram'
import { harness, hopTo, listening, messageText, okText } from '../../support/transport-harness.ts'
import { FakeClock } from '../../support/fake-clock.ts'

async function phone(t: Test, type: 'udp4' | 'udp6' = 'udp4'): Promise<Socket> {
  const socket = createSocket(type)
  await new Promise<void>((resolve) => socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1', resolve))
  t.teardown(() => socket.close())
  return socket
}

const datagram = (socket: Socket): Promise<string> => new Promise((resolve) => socket.once('message', (octets) => resolve(octets.toString('latin1'))))

t.test('answers where the request came from and stamps received and rport', async (t) => {
  const server = harness(t, { onRequest: (request, flow) => flow.send(okText(request)) })
  const { local } = await server.layer.listen(listening('udp'))
  const socket = await phone(t)
  socket.send(messageText({ transport: 'UDP' }), local.port, local.address)
  const answer = await datagram(socket)
  const { request } = await server.next('request')
  t.match({ answer, via: request.topVia }, { answer: /^SIP\/2.0 200/, via: { received: '127.0.0.1', rport: socket.address().port } })
})

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

t.test('keeps one flow per remote address, and forgets the one silent for longest when the table is full', async (t) => {
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
  t.same({ port: flow.remote.port, because, open: [...server.layer.flows()].length }, { port: phones[1]?.address().port, because: 'flow.table-full', open: 2 })
})

t.test('uses the socket of the face for new requests, and the same flow again', async (t) => {
  const one = harness(t)
  const two = harness(t)
  const { local } = await one.layer.listen(listening('udp'))
  const { local: remote } = await two.layer.listen(listening('udp'))
  const flow = await one.layer.connect(hopTo(remote, 'udp'))
  flow.send(messageText({ transport: 'UDP' }))
  const { flow: accepted } = await two.next('request')
  t.same({ from: accepted.remote, again: one.layer.existing(hopTo(remote, 'udp')) === flow }, { from: local, again: true })
})
