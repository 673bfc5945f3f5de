/** Which 127.0.N.0/24 a lab gets: held for its whole life by one listening socket, so that two labs never share one. */
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { LabError } from './lab-error.ts'

const lastNetwork = 254
/** On 127.0.N.1, where no node of any lab listens. */
const reservationPort = 10041

export interface Reservation {
  readonly network: number
  /** Why each network before it was not taken, one sentence each. */
  readonly passedOver: readonly string[]
  release(): Promise<void>
}

/** An address a node will listen on, and the field of the lab file that says so. */
export interface WantedListener {
  readonly node: string
  readonly address: string
  readonly port: number
  readonly transport: string
}

/**
 * Reserves a network in which every wanted listener is free.
 *
 * @param options.fixed `--network`: this one or none
 * @param options.first where to begin looking
 * @param options.listeners what the lab would open in network N
 * @throws LabError `network.taken`
 */
export async function reserveNetwork(options: {
  readonly fixed: number | undefined
  readonly first: number
  readonly listeners: (network: number) => readonly WantedListener[]
}): Promise<Reservation> {
  const { fixed, first, listeners } = options
  const passedOver: string[] = []
  for (let network = fixed ?? first; network <= (fixed ?? lastNetwork); network += 1) {
    const taken = await tryReserve(network, listeners(network))
    if (typeof taken !== 'string') return { ...taken, passedOver }
    passedOver.push(`network 127.0.${network}.0/24 is taken: ${taken}`)
  }
  const where = fixed === undefined ? `no network from 127.0.${first}.0/24 to 127.0.${lastNetwork}.0/24 is free; ` : ''
  throw new LabError(
    'usage',
    'network.taken',
    `${where}${passedOver.at(-1)}; stop what listens there, or choose another with --network N`,
  )
}

/** @returns the reason when it cannot be had */
async function tryReserve(
  network: number,
  wanted: readonly WantedListener[],
): Promise<Omit<Reservation, 'passedOver'> | string> {
  const server = await listen(`127.0.${network}.1`, reservationPort)
  if (typeof server === 'string') return `another lab holds it (127.0.${network}.1:${reservationPort}, ${server})`
  const release = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()))
  for (const { node, address, port, transport } of wanted) {
    const probe = transport === 'udp' ? undefined : await listen(address, port)
    if (typeof probe === 'string') {
      await release()
      return `${node} cannot listen on ${address}:${port} (${transport}, ${probe})`
    }
    await new Promise<void>((resolve) => (probe === undefined ? resolve() : probe.close(() => resolve())))
  }
  server.unref()
  return { network, release }
}

/** @returns the error code when it cannot listen, e.g. `EADDRINUSE` */
function listen(host: string, port: number): Promise<Server | string> {
  const server = createServer((socket) => socket.destroy())
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true }, () => resolve(server))
  })
}
