/**
 * Streams: cut anywhere they come out the same; keep-alive, limits, times and a full queue have their ends (RFC 3261
 * §18.3, RFC 5626 §4.4.1).
 */
import t, { type Test } from 'tap'
import { fc } from '../../../support/property.ts'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import {
  harness,
  hopTo,
  listening,
  messageText,
  okText,
  type Harness,
  type HarnessOptions,
} from '../../../support/transport-harness.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { turns } from '../../../support/turns.ts'
import type { SipRequest } from '../../../../src/sip/message/index.ts'
import type { Listener } from '../../../../src/sip/transport/index.ts'
import { companyMs } from '../../../../src/sip/transport/connection/company.ts'

interface Served {
  readonly server: Harness
  readonly listener: Listener
}

async function served(t: Test, options: HarnessOptions = {}, address = '127.0.0.1'): Promise<Served> {
  const server = harness(t, options)
  return { server, listener: await server.layer.listen(listening('tcp', { address })) }
}

async function peer(t: Test, { listener }: Served, localAddress?: string): Promise<Socket> {
  const { port, address: host } = listener.local
  const socket = connect({ port, host, noDelay: true, ...(localAddress === undefined ? {} : { localAddress }) })
  t.teardown(() => socket.destroy())
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

const tryingText = 'SIP/2.0 100 Trying\r\nContent-Length: 0\r\n\r\n'

/** Everything the socket gives until it ends or has given so many characters. */
function read(socket: Socket, characters = Number.POSITIVE_INFINITY): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (text.length >= characters) resolve(text)
    })
    socket.on('close', () => resolve(text))
  })
}

// conformance: RFC 3261 §18.3 — messages on a stream are cut by Content-Length
t.test('hands up the same messages wherever the stream is cut', async (t) => {
  const at = await served(t)
  let seen = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ maxLength: 300 }).map((text) => Buffer.from(text).toString('latin1')),
        { minLength: 1, maxLength: 5 },
      ),
      fc.array(fc.nat(1500), { maxLength: 12 }),
      async (bodies, cuts) => {
        const socket = await peer(t, at)
        const stream = bodies.map((body) => messageText({ body })).join('')
        let from = 0
        for (const cut of [
          ...cuts.filter((offset) => offset < stream.length).sort((one, other) => one - other),
          stream.length,
        ]) {
          await new Promise((resolve) => socket.write(stream.slice(from, cut), 'latin1', resolve))
          await new Promise((resolve) => setImmediate(resolve))
          from = cut
        }
        seen += bodies.length
        await at.server.next('request', seen - 1)
        socket.destroy()
        return (
          at.server
            .of('request')
            .slice(-bodies.length)
            .map(({ request }) => request.body)
            .join('|') === bodies.join('|')
        )
      },
    ),
    { numRuns: 40 },
  )
  t.equal(at.server.of('request').length, seen)
})

t.test('writes the messages of one turn together, in order', async (t) => {
  const at = await served(t, {
    onRequest: (request, flow) => {
      flow.send(okText(request))
      flow.send(messageText({ body: 'second' }))
    },
  })
  const socket = await peer(t, at)
  const chunk = new Promise<string>((resolve) => socket.once('data', (octets) => resolve(octets.toString())))
  socket.write(messageText())
  t.match(await chunk, /^SIP\/2.0 200 OK[^]*\r\n\r\nMESSAGE [^]*second$/)
})

t.test('sends what may wait in front of the next message, in one write', async (t) => {
  const clock = new FakeClock()
  const at = await served(t, { clock, onRequest: (_, flow) => void flow.send(tryingText, 'may-wait') })
  const socket = await peer(t, at)
  const chunks: string[] = []
  socket.on('data', (chunk) => chunks.push(chunk.toString('latin1')))
  socket.write(messageText())
  const { request, flow } = await at.server.next('request')
  await turns(3)
  t.same(chunks, [])
  const answer = okText(request)
  flow.send(answer)
  await once(socket, 'data')
  t.same(chunks, [tryingText + answer])
})

t.test('sends what may wait alone when nothing follows it for a moment', async (t) => {
  const clock = new FakeClock()
  const at = await served(t, { clock, onRequest: (_, flow) => void flow.send(tryingText, 'may-wait') })
  const socket = await peer(t, at)
  const text = read(socket, tryingText.length)
  socket.write(messageText())
  await at.server.next('request')
  await turns(3)
  t.equal(socket.bytesRead, 0)
  clock.advance(companyMs)
  t.equal(await text, tryingText)
})

t.test('sends what may wait before it ends the connection', async (t) => {
  const at = await served(t, { clock: new FakeClock(), onRequest: (_, flow) => void flow.send(tryingText, 'may-wait') })
  const socket = await peer(t, at)
  const text = read(socket)
  socket.write(messageText())
  const { flow } = await at.server.next('request')
  flow.close('test')
  t.equal(await text, tryingText)
})

t.test('hands up what came in front of the end of a connection', async (t) => {
  const at = await served(t)
  const socket = await peer(t, at)
  socket.end(messageText())
  await at.server.next('closed')
  t.same(
    at.server.news.map(({ kind }) => kind),
    ['opened', 'request', 'closed'],
  )
})

t.test('stamps the source on the top Via of every request', async (t) => {
  const at = await served(t)
  const socket = await peer(t, at)
  socket.write(messageText())
  const { request } = await at.server.next('request')
  t.match(request.topVia, { received: '127.0.0.1', rport: socket.localPort })
})

t.test('speaks IPv6', async (t) => {
  const at = await served(t, {}, '::1')
  const client = harness(t)
  const flow = await client.layer.connect(hopTo(at.listener.local, 'tcp'))
  flow.send(messageText())
  const { request, flow: accepted } = await at.server.next('request')
  t.match(
    { via: request.topVia, accepted },
    { via: { received: '::1' }, accepted: { local: { address: '::1', port: at.listener.local.port } } },
  )
})

// conformance: RFC 6157 §3.2 — a listener of both families sees an IPv4 peer by its IPv4 address
t.test('sees an IPv4 peer under its IPv4 address on a listener of both families', async (t) => {
  const at = await served(t, {}, '::')
  const socket = connect({ port: at.listener.local.port, host: '127.0.0.1' })
  t.teardown(() => socket.destroy())
  const { flow } = await at.server.next('opened')
  t.equal(flow.remote.address, '127.0.0.1')
})

// conformance: RFC 5626 §4.4.1 — CRLF CRLF is answered with CRLF
t.test('answers a ping with a pong', async (t) => {
  const at = await served(t)
  const socket = await peer(t, at)
  socket.write('\r\n\r\n')
  t.equal(await read(socket, 2), '\r\n')
})

t.test('answers a malformed request with a readable Via on its flow and goes on', async (t) => {
  const at = await served(t, { onRequest: (request, flow) => flow.send(okText(request)) })
  const socket = await peer(t, at)
  socket.write(messageText().replace('CSeq: 1', 'CSeq: x') + messageText())
  const text = await read(socket, 400)
  t.match(
    { text, incident: at.server.of('incident')[0] },
    { text: /^SIP\/2.0 400 [^]*received=127\.0\.0\.1[^]*SIP\/2.0 200 OK/, incident: { event: 'message.malformed' } },
  )
})

t.test('answers an oversize body 513, then closes: the boundary is lost', async (t) => {
  const at = await served(t)
  const socket = await peer(t, at)
  socket.write(messageText().replace('Content-Length: 0', 'Content-Length: 99999999'))
  const text = await read(socket)
  const { because } = await at.server.next('closed')
  t.match({ text, because }, { text: /^SIP\/2.0 513 /, because: 'framing-lost' })
})

t.test('closes on what is no SIP at all, without an answer', async (t) => {
  const at = await served(t)
  const socket = await peer(t, at)
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const text = await read(socket)
  t.match({ text, closed: at.server.of('closed')[0] }, { text: '', closed: { because: 'connection.wrong-protocol' } })
})

t.test('closes a flow that stays silent', async (t) => {
  const clock = new FakeClock()
  const at = await served(t, { clock, settings: { idleSeconds: 60 } })
  const socket = await peer(t, at)
  socket.write(messageText())
  await at.server.next('request')
  clock.advance(70_000)
  t.equal((await at.server.next('closed')).because, 'idle')
})

t.test('closes a connection that never sends a whole first message, however long it trickles', async (t) => {
  const clock = new FakeClock()
  const at = await served(t, { clock, settings: { firstRequestSeconds: 30 } })
  const socket = await peer(t, at)
  await at.server.next('opened')
  for (const piece of ['MESSAGE sip:bob', '@lab.test SIP', '/2.0\r\n']) {
    socket.write(piece)
    clock.advance(10_000)
  }
  clock.advance(4_000)
  t.equal((await at.server.next('closed')).because, 'flow.first-request-timeout')
})

t.test('does not take keep-alives of a client for its first message', async (t) => {
  const clock = new FakeClock()
  const at = await served(t, { clock, settings: { firstRequestSeconds: 30 } })
  const socket = await peer(t, at)
  for (let round = 0; round < 4; round++) {
    socket.write('\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve))
    clock.advance(10_000)
  }
  t.equal((await at.server.next('closed')).because, 'flow.first-request-timeout')
})

t.test('pings a silent dialled flow, and keeps it while pongs come', async (t) => {
  const clock = new FakeClock()
  const at = await served(t)
  const client = harness(t, { clock, settings: { pingSeconds: 30, pongSeconds: 10 } })
  const flow = await client.layer.connect(hopTo(at.listener.local, 'tcp'))
  for (let round = 0; round < 3; round++) {
    clock.advance(34_000)
    await turns(200)
  }
  t.match(flow, { open: true, confirmed: true })
})

t.test('closes a dialled flow whose ping is not answered', async (t) => {
  const clock = new FakeClock()
  const at = await served(t)
  const client = harness(t, { clock, settings: { pingSeconds: 30, pongSeconds: 10 } })
  await client.layer.connect(hopTo(at.listener.local, 'tcp'))
  clock.advance(46_000)
  t.equal((await client.next('closed')).because, 'flow.no-pong')
})

t.test('of messages that never end, those of the source that holds the most are given up', async (t) => {
  const at = await served(t, { settings: { unfinishedBytes: 1_000_000 } })
  const whole = messageText({ body: 'x'.repeat(500_000) })
  const calm = await peer(t, at, '127.0.0.2')
  calm.write(whole.slice(0, 200_000))
  for (let count = 0; count < 3; count++) {
    const greedy = await peer(t, at, '127.0.0.3')
    // One of them is reset.
    greedy.on('error', () => undefined).write(whole.slice(0, 400_000))
  }
  const { flow, because } = await at.server.next('closed')
  t.match({ flow, because }, { flow: { remote: { address: '127.0.0.3' } }, because: 'flow.message-unfinished' })
  calm.write(whole.slice(200_000))
  t.equal((await at.server.next('request')).flow.remote.address, '127.0.0.2')
})

t.test('sends no head that the server at the other end would close the connection for', async (t) => {
  const at = await served(t)
  const client = harness(t)
  const flow = await client.layer.connect(hopTo(at.listener.local, 'tcp'))
  const padded = (octets: number): string => messageText().replace('\r\n\r\n', `\r\nX: ${'x'.repeat(octets)}\r\n\r\n`)
  const room = 65_536 - padded(0).length
  t.equal(flow.send(padded(room + 1)), false)
  t.equal(flow.send(padded(room)), true)
  await at.server.next('request')
  t.equal(flow.send(messageText({ body: 'x'.repeat(200_000) })), true)
  await at.server.next('request', 1)
  t.same([flow.open, at.server.of('closed').length], [true, 0])
})

t.test('takes no more text than its queue holds, and closes when the peer never reads', async (t) => {
  const clock = new FakeClock()
  const at = await served(t, {
    clock,
    settings: { sendQueueBytes: 100_000, stuckSeconds: 30, firstRequestSeconds: 3_600 },
  })
  const socket = await peer(t, at)
  socket.pause()
  const { flow } = await at.server.next('opened')
  const text = messageText({ body: 'x'.repeat(50_000) })
  let taken = 0
  while (taken < 1_000 && flow.send(text)) {
    taken += 1
    await new Promise((resolve) => setImmediate(resolve))
  }
  clock.advance(40_000)
  t.equal((await at.server.next('closed')).because, 'flow.send-queue-full')
  t.ok(taken < 1_000, `took ${taken} messages of 50 kB`)
})

t.test('keeps a flow whose peer reads slowly but reads', async (t) => {
  const clock = new FakeClock()
  const at = await served(t, {
    clock,
    settings: { sendQueueBytes: 64_000_000, stuckSeconds: 30, firstRequestSeconds: 3_600 },
  })
  const socket = await peer(t, at)
  socket.pause()
  const { flow } = await at.server.next('opened')
  const text = messageText({ body: 'x'.repeat(50_000) })
  for (let sent = 0; sent < 600; sent++) {
    flow.send(text)
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (let round = 0; round < 3; round++) {
    const before = socket.bytesRead
    socket.resume()
    while (socket.bytesRead < before + 4_000_000) await new Promise((resolve) => setImmediate(resolve))
    socket.pause()
    clock.advance(20_000)
  }
  t.equal(flow.open, true)
})

t.test('reads no more from a client that does not read, and goes on when it does', async (t) => {
  const answer = 'x'.repeat(60_000)
  const at = await served(t, {
    settings: { sendQueueBytes: 64 * 1024 * 1024 },
    onRequest: (_request, flow) => flow.send(messageText({ body: answer })),
  })
  const socket = await peer(t, at)
  socket.pause()
  const requests = 600
  for (let sent = 0; sent < requests; sent++) {
    socket.write(messageText())
    if (sent % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await new Promise((resolve) => setTimeout(resolve, 50))
  const whileBlocked = at.server.of('request').length
  socket.resume()
  await at.server.next('request', requests - 1)
  t.ok(whileBlocked < requests, `${whileBlocked} of ${requests} read while blocked`)
})

t.test('reads a share of one connection in each turn, and the rest in later ones', async (t) => {
  let inTurn = 0
  let most = 0
  const onRequest = (): void => {
    if (inTurn === 0) setImmediate(() => (inTurn = 0))
    most = Math.max(most, (inTurn += 1))
  }
  const at = await served(t, { settings: { readBytesPerTurn: 4_096 }, onRequest })
  const socket = await peer(t, at)
  const text = messageText({ body: 'x'.repeat(500) })
  const requests = 3_000
  socket.write(text.repeat(requests))
  await at.server.next('request', requests - 1)
  // A read of the system, 64 kB, is taken whole, and one more may wait in the buffer of the stream.
  t.ok(most <= (2 * 65_536 + 4_096) / text.length + 1, `${most} requests of ${text.length} octets in one turn`)
})

t.test('lets two servers that flood each other get every answer', async (t) => {
  const text = messageText({ body: 'x'.repeat(20_000) })
  const requests = 1_500
  const settings = { sendQueueBytes: 256 * 1024 * 1024 }
  const ends = [
    harness(t, { settings, onRequest: (_request, flow) => flow.send(answer) }),
    harness(t, { settings, onRequest: (_request, flow) => flow.send(answer) }),
  ] as const
  const answer = okText({
    header: (name: string) => (name === 'via' ? 'SIP/2.0/TCP a;branch=z9hG4bK1' : '<sip:a@b>'),
    callId: 'c',
    cseq: 1,
    method: 'MESSAGE',
  } as SipRequest).replace('Content-Length: 0\r\n\r\n', `Content-Length: 20000\r\n\r\n${'y'.repeat(20_000)}`)
  const [one, two] = [await ends[0].layer.listen(listening('tcp')), await ends[1].layer.listen(listening('tcp'))]
  const flows = [
    await ends[0].layer.connect(hopTo(two.local, 'tcp')),
    await ends[1].layer.connect(hopTo(one.local, 'tcp')),
  ]
  for (let sent = 0; sent < requests; sent++) for (const flow of flows) flow.send(text)
  await Promise.all(ends.map((end) => end.next('response', requests - 1)))
  t.same(
    ends.map((end) => end.of('response').length),
    [requests, requests],
  )
})

t.test('takes a bounded number of connections from one source', async (t) => {
  const at = await served(t, { settings: { connectionsPerSource: 2 } })
  const sockets = [await peer(t, at), await peer(t, at), await peer(t, at)]
  const { event } = await at.server.next('incident')
  sockets[0]?.destroy()
  await at.server.next('closed')
  await peer(t, at)
  await at.server.next('opened', 2)
  t.same({ event, opened: at.server.of('opened').length }, { event: 'connection.limit', opened: 3 })
})

t.test('lets queued text out when the transport closes, then every socket is gone', async (t) => {
  const at = await served(t, { onRequest: (request, flow) => flow.send(okText(request)) })
  const socket = await peer(t, at)
  const text = read(socket)
  socket.write(messageText())
  await at.server.next('request')
  await at.server.layer.close()
  t.match(
    { text: await text, closed: at.server.of('closed')[0], left: [...at.server.layer.flows()].length },
    { text: /^SIP\/2.0 200/, closed: { because: 'closed' }, left: 0 },
  )
})

t.test('keeps nothing of a request whose user closed the flow in the middle of a chunk', async (t) => {
  const at = await served(t, { onRequest: (_request, flow) => flow.close('enough') })
  const socket = await peer(t, at)
  socket.write(messageText() + messageText())
  await read(socket)
  t.equal(at.server.of('request').length, 1)
})

for (const [name, octets] of [
  ['TLS', Buffer.from('16030100f4010000f00303', 'hex')],
  ['TLS', Buffer.from('16', 'hex')],
  ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.9\r\n')],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: lab.test\r\n\r\n')],
  ['an octet 0x00', Buffer.from('0000002fff534d42', 'hex')],
  ['an octet 0x0c', Buffer.from('300c020101600702010304008000', 'hex')],
  ['an octet 0x00', Buffer.from('OPTIONS sip:lab.test SIP/2.0\r\n', 'utf16le')],
  ['a PROXY header', Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 40000 5060\r\n')],
  ['a PROXY header', Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex')],
  ['a line without SIP/2.0', Buffer.from('EHLO mail.test\r\n')],
  ['a line without SIP/2.0', Buffer.from('*1\r\n$4\r\nPING\r\n')],
] as const)
  t.test(`closes a connection that speaks ${name}: ${octets.toString('hex').slice(0, 12)}`, async (t) => {
    const at = await served(t)
    const socket = await peer(t, at)
    socket.write(octets)
    t.match(await at.server.next('incident'), {
      event: 'connection.wrong-protocol',
      reason: new RegExp(`^${name} came on the tcp port`),
    })
    t.equal((await at.server.next('closed')).because, 'connection.wrong-protocol')
  })

for (const [name, ...chunks] of [
  ['HTTP', 'G', 'ET / HTTP/1.1\r\n'],
  ['HTTP', 'GET /', ' HTTP/1.1'],
  ['SSH', 'S', 'SH-2.0-OpenSSH_9.9\r\n'],
  ['an octet 0x00', 'OPT', 'IONS\0'],
  ['a PROXY header', '\r\n', '\r\n\0\r\nQUIT\n'],
  ['a line without SIP/2.0', 'EH', 'LO', ' mail.test\r', '\n'],
] as const)
  t.test(`names ${name} that its first ${chunks[0].length} octets did not show yet`, async (t) => {
    const at = await served(t)
    const socket = await peer(t, at)
    for (const chunk of chunks) {
      await new Promise((resolve) => socket.write(chunk, 'latin1', resolve))
      await new Promise((resolve) => setImmediate(resolve))
    }
    t.match(await at.server.next('incident'), {
      event: 'connection.wrong-protocol',
      reason: new RegExp(`^${name} came on the tcp port`),
    })
  })

t.test('reads a message that comes octet by octet, behind keep-alives', async (t) => {
  const at = await served(t)
  const socket = await peer(t, at)
  for (const octet of `\r\n\r\n${messageText().slice(0, 60)}`) socket.write(octet)
  socket.write(messageText().slice(60))
  t.match(await at.server.next('request'), {})
  t.same(at.server.of('incident'), [])
})
