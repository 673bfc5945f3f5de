/** What is no phone: clients that break TLS at a listener. Each ends by itself; what a server keeps of it is a leak. */
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from './random.ts'

export interface TlsDoor {
  readonly address: string
  readonly port: number
  /** Name for SNI. */
  readonly host: string
}

/** A ClientHello that stops in the middle: record header of 200 octets, 5 of them sent. */
const halfHello = Buffer.from('16030100c8010000c40303', 'hex')
const plainRequest = 'OPTIONS sip:lab.test SIP/2.0\r\nContent-Length: 0\r\n\r\n'
/** A server must have given up before: the longest handshake of a siplab node. */
const longestMs = 30_000

/** @returns whether the server ended it, or let it in: then it took what was no TLS for a client */
export type BreakInResult = 'ended' | 'answered' | 'left open'

export async function breakTls(door: TlsDoor, random: Random): Promise<BreakInResult> {
  switch (random.below(4)) {
    case 0:
      return ended(connectTcp(door.port, door.address), plainRequest)
    case 1:
      return ended(connectTcp(door.port, door.address), Buffer.from([...new Array(64)].map(() => random.below(256))))
    case 2:
      return leavesHalfway(door)
    default:
      return distrusts(door)
  }
}

/** Sends it and waits for the end; any SIP answer is one too many. */
async function ended(socket: Socket, data: string | Buffer): Promise<BreakInResult> {
  const outcome = Promise.withResolvers<BreakInResult>()
  socket.on('connect', () => socket.write(data))
  socket.on('data', (octets: Buffer) => {
    if (octets.includes('SIP/2.0')) outcome.resolve('answered')
  })
  // A reset is an end too.
  socket.on('error', () => outcome.resolve('ended'))
  socket.on('close', () => outcome.resolve('ended'))
  const timer = setTimeout(() => outcome.resolve('left open'), longestMs)
  try {
    return await outcome.promise
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

/** The client goes: nothing is to be seen of the server from here. */
async function leavesHalfway({ port, address }: TlsDoor): Promise<BreakInResult> {
  const socket = connectTcp(port, address)
  socket.on('error', () => socket.destroy())
  socket.on('connect', () => socket.write(halfHello))
  await delay(200)
  socket.destroy()
  return 'ended'
}

/** Trusts no authority: the client sends the alert. */
async function distrusts({ port, address, host }: TlsDoor): Promise<BreakInResult> {
  const socket = connectTls({ port, host: address, servername: host, ca: [] })
  const outcome = Promise.withResolvers<BreakInResult>()
  socket.on('secureConnect', () => outcome.resolve('answered'))
  socket.on('error', () => outcome.resolve('ended'))
  socket.on('close', () => outcome.resolve('ended'))
  const timer = setTimeout(() => outcome.resolve('left open'), longestMs)
  try {
    return await outcome.promise
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}
