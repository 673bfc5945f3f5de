/** TCP and TLS sockets as wires: one property leads from the socket to its flow, in place of closures for every connection. */
import type { Socket } from 'node:net'
import { StreamFramer } from '../message/framer.ts'
import type { ConnectionFlow } from './connection-flow.ts'
import type { Wiring } from './wire.ts'

const owner = Symbol('flow')

interface OwnedSocket extends Socket {
  [owner]?: ConnectionFlow
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

/** What Node itself looks at before it calls a socket idle; its public counters move only when a whole batch has gone. */
export function systemQueue(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle')
  const queue: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'writeQueueSize') : undefined
  return typeof queue === 'number' ? queue : socket.writableLength
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
