/** SIP over WebSocket: one frame a message, subprotocol `sip`, plain and secure (RFC 7118). */
import t, { type Test } from 'tap'
import { WebSocket, type ClientOptions } from 'ws'
import { get } from 'node:http'
import { connect } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { materialOf, testCa } from '../../../support/openssl-certificates.ts'
import { harness, hopTo, listening, messageText, okText, type Harness } from '../../../support/transport-harness.ts'
import type { Listener, TransportSettings } from '../../../../src/sip/transport/index.ts'
import { ownFolder } from '../../../support/own-folder.ts'

const ca = testCa(ownFolder(t))
const edge = materialOf(ca.leaf('edge.lab.test'), [ca.root])

async function server(
  t: Test,
  transport: 'ws' | 'wss',
  settings: Partial<TransportSettings> = {},
): Promise<{ readonly server: Harness; readonly listener: Listener }> {
  const server = harness(t, { settings, onRequest: (request, flow) => flow.send(okText(request)) })
  const listener = await server.layer.listen(listening(transport, { tls: transport === 'wss' ? edge : undefined }))
  return { server, listener }
}

function browser(t: Test, url: string, options: ClientOptions & ConnectionOptions = {}): Promise<WebSocket> {
  const webSocket = new WebSocket(url, ['sip'], options)
  t.teardown(() => webSocket.terminate())
  return new Promise((resolve, reject) => webSocket.once('open', () => resolve(webSocket)).once('error', reject))
}

const frame = (webSocket: WebSocket): Promise<{ text: string; isBinary: boolean }> =>
  new Promise((resolve) =>
    webSocket.once('message', (data, isBinary) => resolve({ text: data.toString('latin1'), isBinary })),
  )

// conformance: RFC 7118 §5 — one message a frame, answered on its flow
t.test('answers a request from a ws client on its flow', async (t) => {
  const { server: harnessed, listener } = await server(t, 'ws')
  const webSocket = await browser(t, `ws://127.0.0.1:${listener.local.port}`)
  webSocket.send(messageText({ transport: 'WS', body: 'grüße' }).replace('Content-Length: 5', 'Content-Length: 7'))
  const { text, isBinary } = await frame(webSocket)
  const { request, flow } = await harnessed.next('request')
  t.match(
    { text, isBinary, body: Buffer.from(request.body, 'latin1').toString(), flow },
    {
      text: /^SIP\/2.0 200 OK/,
      isBinary: false,
      body: 'grüße',
      flow: { transport: 'ws', secure: false, reliable: true },
    },
  )
})

t.test('counts the parts of a frame that does not end, and no message that did', async (t) => {
  const { server: harnessed, listener } = await server(t, 'ws', { unfinishedBytes: 300_000 })
  const webSocket = await browser(t, `ws://127.0.0.1:${listener.local.port}`)
  for (let count = 0; count < 5; count++) {
    webSocket.send(messageText({ transport: 'WS', body: 'x'.repeat(100_000) }))
    await harnessed.next('request', count)
  }
  for (let count = 0; count < 50; count++) webSocket.send('x'.repeat(10_000), { fin: false })
  t.match(await harnessed.next('closed'), { because: 'flow.message-unfinished' })
})

t.test('counts no pings, however many of them come', async (t) => {
  const { listener } = await server(t, 'ws', { unfinishedBytes: 2000 })
  const webSocket = await browser(t, `ws://127.0.0.1:${listener.local.port}`)
  const pong = (): Promise<unknown> =>
    new Promise((resolve) => webSocket.once('pong', resolve).once('close', () => resolve('closed')))
  for (let count = 0; count < 30; count++) {
    webSocket.ping('x'.repeat(100))
    t.not(await pong(), 'closed')
  }
})

t.test('answers over wss and names its own certificate', async (t) => {
  const { server: harnessed, listener } = await server(t, 'wss')
  const webSocket = await browser(t, `wss://127.0.0.1:${listener.local.port}`, {
    ca: ca.root,
    servername: 'edge.lab.test',
  })
  webSocket.send(messageText({ transport: 'WSS' }))
  const { text } = await frame(webSocket)
  const { flow } = await harnessed.next('request')
  t.match(
    { text, flow },
    {
      text: /^SIP\/2.0 200 OK/,
      flow: { transport: 'wss', secure: true, peer: undefined, own: { serial: edge.own.serial } },
    },
  )
})

// conformance: RFC 7118 §5 — text and binary frames
t.test('sends a body that is no UTF-8 in a binary frame, octet for octet', async (t) => {
  const { server: harnessed, listener } = await server(t, 'ws')
  const webSocket = await browser(t, `ws://127.0.0.1:${listener.local.port}`)
  const { flow } = await harnessed.next('opened')
  const text = messageText({ body: '\xff\x00\xfe' })
  flow.send(text)
  t.same(await frame(webSocket), { text, isBinary: true })
})

// conformance: RFC 7118 §4 — the subprotocol sip must be offered
t.test('refuses a WebSocket that does not offer sip', async (t) => {
  const { server: harnessed, listener } = await server(t, 'ws')
  const webSocket = new WebSocket(`ws://127.0.0.1:${listener.local.port}`, ['chat'])
  webSocket.on('error', () => webSocket.terminate())
  const { event } = await harnessed.next('incident')
  t.equal(event, 'connection.websocket-refused')
})

t.test('tells a plain HTTP client to upgrade', async (t) => {
  const { listener } = await server(t, 'ws')
  const status = await new Promise((resolve) =>
    get({ port: listener.local.port, host: '127.0.0.1' }, (response) => resolve(response.resume().statusCode)),
  )
  t.equal(status, 426)
})

t.test('drops a connection that asks for nothing in time', async (t) => {
  const { server: harnessed, listener } = await server(t, 'ws', { handshakeSeconds: 0.05 })
  const silent = connect(listener.local.port, '127.0.0.1', () => silent.write('GET / HT'))
  const { reason } = await harnessed.next('incident')
  t.equal(reason, 'no WebSocket within 0.05 s')
})

t.test('answers a line-end keep-alive with one line end', async (t) => {
  const { listener } = await server(t, 'ws')
  const webSocket = await browser(t, `ws://127.0.0.1:${listener.local.port}`)
  webSocket.send('\r\n\r\n')
  t.equal((await frame(webSocket)).text, '\r\n')
})

t.test('answers a malformed frame 400 and goes on', async (t) => {
  const { listener } = await server(t, 'ws')
  const webSocket = await browser(t, `ws://127.0.0.1:${listener.local.port}`)
  webSocket.send(messageText().replace('CSeq: 1', 'CSeq: x'))
  const first = await frame(webSocket)
  webSocket.send(messageText())
  const second = await frame(webSocket)
  t.match([first.text, second.text], [/^SIP\/2.0 400 /, /^SIP\/2.0 200 /])
})

for (const transport of ['ws', 'wss'] as const) {
  t.test(`dials ${transport} and is answered`, async (t) => {
    const { listener } = await server(t, transport)
    const client = harness(t)
    client.layer.setOutgoingTls('internal', { ...edge, certificate: '', key: '' })
    const flow = await client.layer.connect(
      hopTo(
        listener.local,
        transport,
        transport === 'wss' ? { verifyName: 'edge.lab.test' } : { host: 'edge.lab.test' },
      ),
    )
    flow.send(messageText({ transport: transport.toUpperCase() }))
    const { response } = await client.next('response')
    t.match(
      { status: response.status, flow },
      { status: 200, flow: { transport, dialledName: 'edge.lab.test', confirmed: true } },
    )
  })
}

t.test('closes on a frame larger than any message may be', async (t) => {
  const { server: harnessed, listener } = await server(t, 'ws')
  const webSocket = await browser(t, `ws://127.0.0.1:${listener.local.port}`)
  webSocket.send('x'.repeat(2_000_000))
  t.equal((await harnessed.next('closed')).because, 'framing-lost')
})

t.test('says goodbye when the transport closes', async (t) => {
  const { server: harnessed, listener } = await server(t, 'ws')
  const webSocket = await browser(t, `ws://127.0.0.1:${listener.local.port}`)
  await harnessed.next('opened')
  const code = new Promise((resolve) => webSocket.once('close', resolve))
  await harnessed.layer.close()
  t.equal(await code, 1000)
})
