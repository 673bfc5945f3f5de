/** A listening stream socket: takes connections in within the limits and hands each to its transport. */
import { createServer, type Server, type Socket } from 'node:net'
import { localOf, plainAddress, remoteOf } from '../address.ts'
import type { Admission } from './admission.ts'
import type { Core } from '../core.ts'
import type { SocketAddress } from '../flow.ts'
import type { Listener, ListenerSettings, TlsMaterial } from '../types.ts'

/** What a transport does with a fresh connection. */
export interface Acceptor {
  accept(socket: Socket, local: SocketAddress, remote: SocketAddress): void
  /** undefined: the transport knows no certificates. */
  replace: ((material: TlsMaterial) => void) | undefined
}

export async function listenStream(
  core: Core,
  admission: Admission,
  settings: ListenerSettings,
  acceptor: Acceptor,
): Promise<Listener> {
  // Paused: not one octet is read before the transport has taken over.
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) =>
    take(core, admission, acceptor, socket),
  )
  await listening(server, settings)
  server.on('error', (error) =>
    core.user.onIncident({
      event: 'listener.error',
      flow: undefined,
      remote: addressOf(server),
      reason: error.message,
    }),
  )
  return {
    settings,
    local: addressOf(server),
    replaceTls(material) {
      if (acceptor.replace === undefined) throw new TypeError(`a ${settings.transport} listener has no certificate`)
      acceptor.replace(material)
    },
    close: () => stopListening(server),
  }
}

function take(core: Core, admission: Admission, acceptor: Acceptor, socket: Socket): void {
  const remote = remoteOf(socket)
  // Reset before it was accepted: it has no address any more.
  if (remote.address === '') return void socket.destroy()
  if (admission.admit(socket, remote)) return acceptor.accept(socket, localOf(socket), remote)
  socket.destroy()
  core.user.onIncident({
    event: 'connection.limit',
    flow: undefined,
    remote,
    reason: `too many connections, in all or from ${remote.address}`,
  })
}

function listening(server: Server, settings: ListenerSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: settings.address, port: settings.port, backlog: 1024 }, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}

/** The port is free at once; Node's own callback would wait for every connection to end. */
function stopListening(server: Server): Promise<void> {
  server.close()
  return new Promise((resolve) => setImmediate(resolve))
}

function addressOf(server: Server): SocketAddress {
  const bound = server.address()
  if (bound === null || typeof bound === 'string') return { address: '', port: 0 }
  return { address: plainAddress(bound.address), port: bound.port }
}
