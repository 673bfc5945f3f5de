/** What is over a limit gets one answer and one fate, in one write or in pieces, over TCP, TLS and WSS. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import type { Listener } from '../../../../src/sip/transport/index.ts'
import { materialOf, testCa } from '../../../support/openssl-certificates.ts'
import { ownFolder } from '../../../support/own-folder.ts'
import { harness, listening, messageText } from '../../../support/transport-harness.ts'

const ca = testCa(ownFolder(t))
const edge = materialOf(ca.leaf('edge.lab.test'), [ca.root])
const trusted = { ca: ca.root, servername: 'edge.lab.test' }

/** Via in front of all that is long, so that an answer has a way back. */
function overLimit(transport: string): Readonly<Record<string, string>> {
  const text = messageText({ transport, body: 'x', branch: 'z9hG4bK-same' })
  const longLine = text.replace('sip:bob@', `sip:${'b'.repeat(9_000)}@`)
  return {
    'a start line over the limit': longLine,
    'a head over the limit': text.replace('To:', `X: ${'x'.repeat(70_000)}\r\nTo:`),
    'a start line and a head over the limit': longLine.replace('To:', `X: ${'x'.repeat(180_000)}\r\nTo:`),
    'a Content-Length over the limit': text.replace('Content-Length: 1', 'Content-Length: 9999999'),
    'more header fields than the limit': text.replace('To:', `${'X: y\r\n'.repeat(300)}To:`),
  }
}

interface Seen {
  readonly answer: string
  /** The connection was ended by the server. */
  readonly ended: boolean
}

/** What a peer reads for octets that it writes in such pieces; a good message behind them tells the fates apart. */
async function streamed(socket: Socket, text: string, size: number): Promise<Seen> {
  let read = ''
  const done = Promise.withResolvers<boolean>()
  socket
    .on('data', (chunk) => {
      read += chunk.toString('latin1')
      if (read.includes('fine')) done.resolve(false)
    })
    .on('close', () => done.resolve(true))
    // Writing on behind the end of the server: what counts is what was read before.
    .on('error', () => done.resolve(true))
  const octets = Buffer.from(text + messageText({ branch: 'z9hG4bK-fine' }), 'latin1')
  for (let at = 0; at < octets.length && socket.writable; at += size) {
    await new Promise<void>((written) => socket.write(octets.subarray(at, at + size), () => written()))
    if (size < octets.length) await new Promise((resolve) => setImmediate(resolve))
  }
  const ended = await done.promise
  socket.destroy()
  return { answer: firstAnswer(read), ended }
}

/** Without what the source port and chance put into it. */
function firstAnswer(read: string): string {
  const [head = ''] = read.split('\r\n\r\n')
  return head.replace(/rport=\d+/, 'rport').replace(/(^To: .*);tag=.*$/im, '$1')
}

async function opened(t: Test, socket: Socket, event: 'connect' | 'secureConnect'): Promise<Socket> {
  t.teardown(() => socket.destroy())
  await once(socket, event)
  return socket
}

// conformance: RFC 3261 §18.3 — what is over a limit gets one answer and one fate, however it is cut
for (const transport of ['tcp', 'tls'] as const)
  for (const [what, text] of Object.entries(overLimit(transport.toUpperCase())))
    t.test(`${transport}: ${what}`, async (t) => {
      const server = harness(t, {
        onRequest: (_request, flow) => flow.send('SIP/2.0 200 fine\r\nContent-Length: 0\r\n\r\n'),
      })
      const listener = await server.layer.listen(listening(transport, { tls: transport === 'tls' ? edge : undefined }))
      const { address: host, port } = listener.local
      const dial = (): Promise<Socket> =>
        transport === 'tls'
          ? opened(t, connectTls({ host, port, ...trusted }), 'secureConnect')
          : opened(t, connect({ host, port, noDelay: true }), 'connect')
      const whole = await streamed(await dial(), text, text.length + 10_000)
      t.match(whole.answer, /^SIP\/2\.0 (413|414|513) /)
      for (const size of [997, 8_192, 65_536]) t.strictSame(await streamed(await dial(), text, size), whole, `${size}`)
    })

for (const [what, text] of Object.entries(overLimit('WSS')))
  t.test(`wss: ${what}`, async (t) => {
    const server = harness(t)
    const listener = await server.layer.listen(listening('wss', { tls: edge }))
    const whole = await framed(t, listener, text, text.length)
    t.match(whole, { answer: /^SIP\/2\.0 (400|413|414|513) /, ended: false })
    for (const size of [997, 65_536]) t.strictSame(await framed(t, listener, text, size), whole, `${size}`)
  })

/** One message in fragments of that size. */
async function framed(t: Test, { local }: Listener, text: string, size: number): Promise<Seen> {
  const webSocket = new WebSocket(`wss://${local.address}:${local.port}`, ['sip'], trusted)
  t.teardown(() => webSocket.terminate())
  await once(webSocket, 'open')
  const seen = Promise.withResolvers<Seen>()
  webSocket
    .on('message', (data) => seen.resolve({ answer: firstAnswer(data.toString('latin1')), ended: false }))
    .on('close', () => seen.resolve({ answer: '', ended: true }))
  for (let at = 0; at < text.length; at += size)
    webSocket.send(Buffer.from(text.slice(at, at + size), 'latin1'), { binary: false, fin: at + size >= text.length })
  const result = await seen.promise
  webSocket.terminate()
  return result
}
