/** Which network a lab gets: held for its whole life by one listening socket, so that two labs never share one. */
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { LabError } from './lab-error.ts'
import { endpointText } from '../sip/message/endpoint.ts'
import { keeperAddress, networkText } from '../topology/addressing.ts'

const lastNetwork = 254
/** Nodes whose supervisor was killed end by themselves; they may still listen when the lab comes up again. */
const lastNodesEndWithinMs = 4000
const lookAgainMs = 50
/** On the first address of the network, where no node of any lab listens. */
const reservationPort = 10041

export interface Reservation {
  readonly network: number
  /** The networks that were looked at before it, and why they were not chosen: one sentence. Absent: none. */
  readonly passedOver?: string
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
 * @param options.before the network of this lab when it ran last: it is tried first, so that a phone that was set up by
 *   address finds its server again
 * @param options.first where to begin looking
 * @param options.listeners what the lab would open in network N
 * @throws LabError `network.taken`
 */
export async function reserveNetwork(options: {
  readonly fixed: number | undefined
  readonly before?: number | undefined
  readonly first: number
  /** Absent: loopback. */
  readonly addressing?: 'loopback' | 'ipv6'
  readonly listeners: (network: number) => readonly WantedListener[]
}): Promise<Reservation> {
  const { fixed, before, first, listeners, addressing = 'loopback' } = options
  const text = (network: number): string => networkText(addressing, network)
  const taken: TakenNetwork[] = []
  for (const network of candidates(options)) {
    const found = await tryReserve(
      keeperAddress(addressing, network),
      network,
      listeners(network),
      network === before ? lastNodesEndWithinMs : 0,
    )
    if (typeof found === 'string') taken.push({ network, why: found })
    else return { ...found, ...(taken.length === 0 ? {} : { passedOver: passedOverText(taken, before, addressing) }) }
  }
  const where = fixed === undefined ? `no network from ${text(first)} to ${text(lastNetwork)} is free; ` : ''
  const { network = first, why = 'nothing was tried' } = taken.at(-1) ?? {}
  throw new LabError(
    'usage',
    'network.taken',
    `${where}network ${text(network)} is taken: ${why}; stop what listens there, or choose another with ` +
      '--network N',
  )
}

interface TakenNetwork {
  readonly network: number
  readonly why: string
}

function candidates({ fixed, before, first }: Omit<Parameters<typeof reserveNetwork>[0], 'listeners'>): Set<number> {
  if (fixed !== undefined) return new Set([fixed])
  const upwards = Array.from({ length: lastNetwork - first + 1 }, (_none, at) => first + at)
  return new Set(before === undefined ? upwards : [before, ...upwards])
}

/**
 * `networks 41, 42, 43 (127.0.N.0/24) are taken, 41 for example: another lab holds it (127.0.41.1:10041, EADDRINUSE)`.
 */
function passedOverText(
  taken: readonly TakenNetwork[],
  before: number | undefined,
  addressing: 'loopback' | 'ipv6',
): string {
  const [first, ...others] = taken
  if (first === undefined) return ''
  const moved = first.network === before ? `, the network of this lab when it ran last: set its phones up again` : ''
  if (others.length === 0) return `network ${networkText(addressing, first.network)} is taken${moved} (${first.why})`
  const numbers = taken.map(({ network }) => network).join(', ')
  const each = addressing === 'ipv6' ? 'fd51:1ab:N::/48' : '127.0.N.0/24'
  return `networks ${numbers} (${each}) are taken; ${first.network}${moved}: ${first.why}`
}

/**
 * @param patienceMs how long to wait for a listener that is taken while no lab holds the network
 * @returns the reason when it cannot be had
 */
async function tryReserve(
  keeper: string,
  network: number,
  wanted: readonly WantedListener[],
  patienceMs: number,
): Promise<Reservation | string> {
  const server = await listen(keeper, reservationPort)
  if (typeof server === 'string') return `another lab holds it (${endpointText(keeper, reservationPort)}, ${server})`
  const until = performance.now() + patienceMs
  let taken = await firstTaken(wanted)
  for (; taken !== undefined && performance.now() < until; taken = await firstTaken(wanted)) await delay(lookAgainMs)
  const release = (): Promise<void> => closed(server)
  if (taken === undefined) {
    server.unref()
    return { network, release }
  }
  await release()
  return taken
}

/** Which listener cannot be opened, and why. */
async function firstTaken(wanted: readonly WantedListener[]): Promise<string | undefined> {
  for (const { node, address, port, transport } of wanted) {
    if (transport === 'udp') continue
    const probe = await listen(address, port)
    if (typeof probe === 'string')
      return `${node} cannot listen on ${endpointText(address, port)} (${transport}, ${probe})`
    await closed(probe)
  }
  return undefined
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

/** @returns the error code when it cannot listen, e.g. `EADDRINUSE` */
function listen(host: string, port: number): Promise<Server | string> {
  const server = createServer((socket) => socket.destroy())
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true }, () => resolve(server))
  })
}
