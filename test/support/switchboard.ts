/** One address, and whichever server is behind it now. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export interface Switchboard {
  readonly port: number
  /** Where new connections lead; what is open stays where it is. */
  lead(port: number): void
  /** Ends what is open. */
  drop(): void
  close(): void
}

/** A balancer that leads new connections to the port it was told last. */
export async function switchboard(first: number): Promise<Switchboard> {
  let to = first
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1')
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket)
      socket.pipe(other)
      socket.on('error', () => other.destroy()).on('close', () => (open.delete(socket), other.destroy()))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    lead: (port: number): void => void (to = port),
    drop: (): void => {
      for (const socket of open) socket.destroy()
    },
    close: (): void => void server.close(),
  }
}
