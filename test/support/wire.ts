/**
 * One end on the wire that writes octets as they are given, over UDP, TCP, TLS, WS or WSS, and hands out what came:
 * nothing is answered, repaired or repeated for the test.
 */
import { createSocket } from 'node:dgram'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import type { TestLab } from './lab.ts'
import { credentials } from './raw-peer.ts'

export type WireTransport = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'

export interface Wire {
  readonly transport: WireTransport
  /** Of this end: `127.0.0.1:40000`. */
  readonly hostPort: string
  readonly address: string
  readonly port: number
  /** Writes it as it is. */
  send(text: string): void
  /** Every message that came and that `next` has not handed out. */
  readonly seen: readonly string[]
  /** The next message of that look. @throws Error when none comes in time */
  next(wanted: RegExp, withinMs?: number): Promise<string>
  /** Resolves when the other end has closed; never over UDP. */
  readonly closed: Promise<void>
  close(): void
}

/** `header(message, 'Reason')`: the first value, undefined: the field is not there. */
export function header(message: string, name: string): string | undefined {
  return new RegExp(`^${name}[ \\t]*:[ \\t]*(.*)$`, 'im').exec(headOf(message))?.[1]
}

export function statusOf(message: string): number {
  return Number(/^SIP\/2\.0 (\d{3})/.exec(message)?.[1] ?? 0)
}

let serial = 0

/** Never the same twice. */
export function fresh(): string {
  return `w${process.pid}x${++serial}`
}

/** An end that is connected to a listener of that node. */
export async function wireTo(t: Test, lab: TestLab, node: string, transport: WireTransport): Promise<Wire> {
  const listener = lab.node(node).listeners.find((each) => each.transport === transport)
  if (listener === undefined) throw new Error(`${node} has no ${transport} listener`)
  const mail = new Mail()
  const place = { host: listener.address, port: listener.port }
  const opened = await { udp: udpEnd, tcp: tcpEnd, tls: tcpEnd, ws: webEnd, wss: webEnd }[transport](
    place,
    mail,
    transport,
  )
  t.teardown(() => opened.close())
  return {
    ...opened,
    transport,
    hostPort: `${opened.address}:${opened.port}`,
    seen: mail.messages,
    next: (wanted, withinMs) => mail.next(wanted, withinMs),
    send: (text) => opened.write(text),
  }
}

/** Over loopback all comes at once; Timer F of the other end is no part of these tests. */
const patienceMs = 20_000

/** What came, in its order. */
class Mail {
  readonly messages: string[] = []
  #stream = ''

  /** Octets of a stream: cut by Content-Length. */
  pour(octets: Buffer): void {
    this.#stream += octets.toString('latin1')
    for (;;) {
      this.#stream = this.#stream.replace(/^(?:\r\n)+/, '')
      const head = headOf(this.#stream)
      if (head === '') return
      const length = head.length + Number(header(this.#stream, '(?:Content-Length|l)') ?? 0)
      if (this.#stream.length < length) return
      this.put(this.#stream.slice(0, length))
      this.#stream = this.#stream.slice(length)
    }
  }

  put(message: string): void {
    if (message.trim() !== '') this.messages.push(message)
  }

  async next(wanted: RegExp, withinMs = patienceMs): Promise<string> {
    for (const until = performance.now() + withinMs; ; await delay(5)) {
      const at = this.messages.findIndex((message) => wanted.test(message))
      if (at >= 0) return this.messages.splice(at, 1)[0] ?? ''
      if (performance.now() > until)
        throw new Error(`nothing like ${wanted} within ${withinMs} ms; there was:\n${this.messages.join('\n---\n')}`)
    }
  }
}

/** Up to the empty line, which is part of it; empty: it is not there yet. */
function headOf(message: string): string {
  const end = message.indexOf('\r\n\r\n')
  return end < 0 ? '' : message.slice(0, end + 4)
}

interface Place {
  readonly host: string
  readonly port: number
}

interface Opened extends Pick<Wire, 'address' | 'port' | 'closed' | 'close'> {
  write(text: string): void
}

async function udpEnd({ host, port }: Place, mail: Mail): Promise<Opened> {
  const socket = createSocket('udp4').on('message', (octets) => mail.put(octets.toString('latin1')))
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return {
    ...socket.address(),
    write: (text) => socket.send(Buffer.from(text, 'latin1'), port, host),
    closed: new Promise(() => undefined),
    close: () => {
      try {
        socket.close()
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ERR_SOCKET_DGRAM_NOT_RUNNING')) throw error
      }
    },
  }
}

async function tcpEnd(place: Place, mail: Mail, transport: WireTransport): Promise<Opened> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const opened: Socket =
      transport === 'tcp'
        ? connectTcp(place, () => resolve(opened))
        : connectTls({ ...place, rejectUnauthorized: false }, () => resolve(opened))
    opened.once('error', reject)
  })
  socket.on('data', (octets: Buffer) => mail.pour(octets)).on('error', () => socket.destroy())
  return {
    address: socket.localAddress ?? '',
    port: socket.localPort ?? 0,
    write: (text) => void socket.write(text, 'latin1'),
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    close: () => socket.destroy(),
  }
}

async function webEnd({ host, port }: Place, mail: Mail, transport: WireTransport): Promise<Opened> {
  const socket = new WebSocket(`${transport}://${host}:${port}`, 'sip', { rejectUnauthorized: false })
  socket.on('message', (octets: Buffer) => mail.put(octets.toString('latin1'))).on('error', () => undefined)
  await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject))
  return {
    address: `${fresh()}.invalid`,
    port: 5060,
    write: (text) => socket.send(text),
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    close: () => socket.terminate(),
  }
}

export interface Said {
  readonly method: string
  readonly uri: string
  readonly from: string
  readonly to?: string
  readonly callId?: string
  readonly cseq?: number
  /** Whole lines. */
  readonly lines?: readonly string[]
  /** The whole value. */
  readonly via?: string
}

/** The text of a request of this end, without a body. */
function textOf(wire: Wire, said: Said): string {
  const { method, uri, from, to = uri, callId = fresh(), cseq = 1, lines = [] } = said
  const via = said.via ?? `SIP/2.0/${wire.transport.toUpperCase()} ${wire.hostPort};branch=z9hG4bK${fresh()};rport`
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: ${via}`,
    'Max-Forwards: 70',
    `From: <${from}>;tag=${fresh()}`,
    `To: <${to}>`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    ...lines,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')
}

/** The final answer to it. */
export async function ask(wire: Wire, said: Said): Promise<string> {
  const callId = said.callId ?? fresh()
  wire.send(textOf(wire, { ...said, callId }))
  return wire.next(new RegExp(`^SIP/2\\.0 [2-6][^]*^Call-ID: *${callId}\\r$[^]*`, 'm'))
}

/** The final answer to it, after credentials of that user where they are asked for. */
export async function askAs(wire: Wire, login: string, password: string, said: Said): Promise<string> {
  const callId = said.callId ?? fresh()
  const first = await ask(wire, { ...said, callId })
  const challenge = header(first, 'WWW-Authenticate')
  if (statusOf(first) !== 401 || challenge === undefined) return first
  return ask(wire, { ...said, callId, cseq: (said.cseq ?? 1) + 1, lines: proven(challenge, said, login, password) })
}

/** Writes the request with credentials and waits for no answer to it. @returns its Call-ID */
export async function sayAs(wire: Wire, login: string, password: string, said: Said): Promise<string> {
  const callId = said.callId ?? fresh()
  const first = await ask(wire, { ...said, method: said.method, callId })
  const challenge = header(first, 'WWW-Authenticate') ?? ''
  const cseq = (said.cseq ?? 1) + 1
  wire.send(textOf(wire, { ...said, callId, cseq, lines: proven(challenge, said, login, password) }))
  return callId
}

function proven(challenge: string, said: Said, login: string, password: string): readonly string[] {
  return [...(said.lines ?? []), `Authorization: ${credentials(challenge, said, login, password)}`]
}

/** An answer to a request that came; `vias` other than those of the request where they are given. */
export function answerTo(
  request: string,
  start: string,
  vias?: readonly string[],
  lines: readonly string[] = [],
): string {
  const all = (name: string): readonly string[] =>
    [...headOf(request).matchAll(new RegExp(`^${name}[ \\t]*:[ \\t]*(.*)\\r$`, 'gim'))].map(([, value = '']) => value)
  const to = header(request, 'To') ?? ''
  return [
    `SIP/2.0 ${start}`,
    ...(vias ?? all('Via')).map((via) => `Via: ${via}`),
    ...all('Record-Route').map((value) => `Record-Route: ${value}`),
    `From: ${header(request, 'From')}`,
    `To: ${/;tag=/.test(to) ? to : `${to};tag=callee`}`,
    `Call-ID: ${header(request, 'Call-ID')}`,
    `CSeq: ${header(request, 'CSeq')}`,
    ...lines,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')
}

/** At which of them such a message comes first; the others keep theirs. */
export async function nextOf(wires: readonly Wire[], wanted: RegExp): Promise<{ wire: Wire; message: string }> {
  for (const until = performance.now() + patienceMs; performance.now() < until; await delay(5)) {
    const wire = wires.find(({ seen }) => seen.some((message) => wanted.test(message)))
    if (wire !== undefined) return { wire, message: await wire.next(wanted) }
  }
  throw new Error(`nothing like ${wanted} at any end`)
}
