/**
 * TCP and TLS sockets as wires: one property leads from the socket to its flow, instead of closures for every
 * connection.
 */
import type { Socket } from 'node:net'
import { StreamFramer } from '../../message/framer.ts'
import type { Wiring, WireUser } from './wire.ts'

const owner = Symbol('flow')

interface OwnedSocket extends Socket {
  [owner]?: WireUser
}

export const streamWiring: Wiring<Socket> = {
  framed: false,
  reader: (limits, events) => new StreamFramer(limits, events),
  systemQueue,
  attach(socket: OwnedSocket, flow) {
    socket[owner] = flow
    socket.on('data', onData).on('drain', onDrain).on('error', onError).on('close', onClose)
  },
}

/**
 * What Node itself looks at before it calls a socket idle: its public counters move only when a whole batch has gone.
 * Under TLS the batch is encrypted as one, and only the TCP handle below sees it shrink.
 */
export function systemQueue(socket: Socket): number {
  const handle = inner(socket, '_handle')
  const queue: unknown = Reflect.get(inner(handle, '_parent') ?? handle ?? socket, 'writeQueueSize')
  return typeof queue === 'number' ? queue : socket.writableLength
}

function inner(from: object | undefined, name: string): object | undefined {
  const found: unknown = from === undefined ? undefined : Reflect.get(from, name)
  return typeof found === 'object' && found !== null ? found : undefined
}

function onData(this: OwnedSocket, chunk: Buffer): void {
  this[owner]?.received(chunk)
}

function onDrain(this: OwnedSocket): void {
  this[owner]?.drained()
}

function onError(this: OwnedSocket, error: Error): void {
  this[owner]?.failed(error)
}

function onClose(this: OwnedSocket): void {
  this[owner]?.closed()
}
