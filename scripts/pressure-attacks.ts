/**
 * What an outsider may do to a lab `edge`: each attack goes on until its signal aborts it, and returns how often it
 * struck. For `scripts/pressure.ts`.
 */
import { connect as connectTcp, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { ReadyDocument } from '../src/lab/ready-document.ts'

export interface Attack {
  readonly name: string
  /** Resolves soon after `over` is aborted, with the number of its parts: connections or requests. */
  run(over: AbortSignal): Promise<number>
}

interface Door {
  readonly address: string
  readonly port: number
}

/** Five outsiders; the phones come from other addresses. */
const sources = [1, 2, 3, 4, 5].map((host) => `127.0.213.${host}`)

export function attacksOn(ready: ReadyDocument): readonly Attack[] {
  const outside = doorOf(ready, 'edge', 'external', 'tls')
  const plain = doorOf(ready, 'fe1', 'internal', 'tcp')
  return [
    { name: 'no attack', run: untilOver(async () => 0) },
    { name: 'wrong passwords', run: (over) => wrongPasswords(outside, over) },
    { name: '3,000 silent connections', run: (over) => crowd(outside, 3_000, Buffer.alloc(0), over) },
    { name: '3,000 half ClientHellos', run: (over) => crowd(outside, 3_000, Buffer.from('16030100', 'hex'), over) },
    { name: 'connections that come and go', run: untilOver(() => churn(outside, 20)) },
    { name: 'handshakes that come and go', run: untilOver(() => handshakes(outside, 10)) },
    { name: 'the wrong protocol', run: untilOver(() => wrongProtocols(outside, plain)) },
    { name: 'slow header fields', run: (over) => slowFields(outside, 400, over) },
    { name: 'unauthenticated requests', run: (over) => unauthenticatedRequests(outside, over) },
  ]
}

function doorOf({ nodes }: ReadyDocument, name: string, face: string, transport: string): Door {
  const listener = nodes
    .find((node) => node.name === name)
    ?.listeners.find((each) => each.face === face && each.transport === transport && each.mutual !== 'required')
  if (listener === undefined) throw new Error(`${name} has no ${transport} listener at its ${face} face`)
  return listener
}

/** Rounds, one after the other. */
function untilOver(round: () => Promise<number>): Attack['run'] {
  return async (over) => {
    let sum = 0
    while (!over.aborted) {
      sum += await round()
      await delay(50)
    }
    return sum
  }
}

let turn = 0

function nextSource(): string {
  turn += 1
  return sources[turn % sources.length] ?? ''
}

function open({ address, port }: Door): Socket {
  return connectTcp({ host: address, port, localAddress: nextSource() }).on('error', () => undefined)
}

/** Resolves when the handshake is done, or is not going to be. */
function secured(door: Door): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connectTls(
      // The attacker does not care whose certificate it is.
      { socket: open(door), servername: 'sip.lab.test', rejectUnauthorized: false },
      () => resolve(socket),
    )
    socket.on('error', () => undefined).once('close', () => resolve(socket))
  })
}

/** As many as there may be, always: one that is closed is replaced. */
async function crowd(door: Door, size: number, octets: Buffer, over: AbortSignal): Promise<number> {
  const all = new Set<Socket>()
  let sum = 0
  while (!over.aborted) {
    for (let batch = 0; batch < 200 && all.size < size; batch++) {
      const socket = open(door)
      sum += 1
      all.add(socket)
      socket.once('connect', () => octets.length > 0 && socket.write(octets))
      socket.once('close', () => all.delete(socket)).resume()
    }
    await delay(20)
  }
  for (const socket of all) socket.destroy()
  return sum
}

async function churn(door: Door, size: number): Promise<number> {
  const all = Array.from({ length: size }, () => open(door))
  await delay(50)
  for (const socket of all) socket.destroy()
  return size
}

async function handshakes(door: Door, size: number): Promise<number> {
  const all = await Promise.all(Array.from({ length: size }, () => secured(door)))
  for (const socket of all) socket.destroy()
  return size
}

async function wrongProtocols(outside: Door, plain: Door): Promise<number> {
  const http = 'GET / HTTP/1.1\r\nHost: sip.lab.test\r\n\r\n'
  const hello = Buffer.from('16030100050100000100', 'hex')
  const all = [outside, plain].flatMap((door) => [http, 'SSH-2.0-x\r\n', hello].map((octets) => ({ door, octets })))
  const sockets = all.map(({ door, octets }) => {
    const socket = open(door)
    return socket.once('connect', () => socket.write(octets)).resume()
  })
  await delay(100)
  for (const socket of sockets) socket.destroy()
  return sockets.length
}

/** Each a handshake, and then an octet a second of a header field that never ends. */
async function slowFields(door: Door, size: number, over: AbortSignal): Promise<number> {
  const all: Socket[] = []
  while (!over.aborted) {
    if (all.length < size) {
      const socket = await secured(door)
      socket.write('OPTIONS sip:lab.test SIP/2.0\r\nX-Slow: ')
      all.push(socket)
      continue
    }
    for (const socket of all) if (socket.writable) socket.write('x')
    await delay(1_000)
  }
  for (const socket of all) socket.destroy()
  return all.length
}

/** For invented users, and for alice, who is signed in meanwhile. */
async function wrongPasswords(door: Door, over: AbortSignal): Promise<number> {
  return flood(door, over, (at) => {
    const user = at % 5 === 0 ? 'alice' : `invented${at}`
    return request('REGISTER', 'sip:lab.test', `sip:${user}@lab.test`, at, [
      `Contact: <sip:${user}@192.0.2.1>`,
      `Authorization: Digest username="${user}", realm="lab.test", nonce="bm9uY2U=", uri="sip:lab.test", ` +
        `response="${'0'.repeat(32)}"`,
    ])
  })
}

function unauthenticatedRequests(door: Door, over: AbortSignal): Promise<number> {
  return flood(door, over, (at) =>
    request(at % 2 === 0 ? 'INVITE' : 'MESSAGE', 'sip:bob@lab.test', `sip:ceo${at}@elsewhere.test`, at, []),
  )
}

/** Two hundred a second from five connections, each opened again when it is closed. */
async function flood(door: Door, over: AbortSignal, textOf: (at: number) => string): Promise<number> {
  const sockets = await Promise.all(sources.map(() => secured(door)))
  let sum = 0
  while (!over.aborted) {
    for (const [index, socket] of sockets.entries()) {
      if (socket.destroyed) sockets[index] = await secured(door)
      else socket.resume().write(textOf(++sum), 'latin1')
    }
    await delay(25)
  }
  for (const socket of sockets) socket.destroy()
  return sum
}

function request(method: string, uri: string, from: string, at: number, fields: readonly string[]): string {
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bKattack${at}`,
    `From: <${from}>;tag=a${at}`,
    `To: <${method === 'REGISTER' ? from : uri}>`,
    `Call-ID: attack-${process.pid}-${at}`,
    `CSeq: 1 ${method}`,
    'Max-Forwards: 70',
    ...fields,
    'Content-Length: 0',
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}
