/** Socket addresses as the rest of the stack writes them. */
import type { Socket } from 'node:net'
import type { SocketAddress } from './flow.ts'

const mapped = '::ffff:'

/** `::ffff:192.0.2.1` -> `192.0.2.1`: a peer has one address, whatever family the listener has. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return ''
  return address.startsWith(mapped) && address.includes('.') ? address.slice(mapped.length) : address
}

export function remoteOf(socket: Socket): SocketAddress {
  return { address: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 }
}

export function localOf(socket: Socket): SocketAddress {
  return { address: plainAddress(socket.localAddress), port: socket.localPort ?? 0 }
}
