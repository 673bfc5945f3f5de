/** Sends HEP packets to a collector, one datagram each, and counts what it could not take. */
import { createSocket, type Socket } from 'node:dgram'
import { isIP, isIPv6 } from 'node:net'
import { lookup } from 'node:dns/promises'
import { UsageError } from '../usage-error.ts'
import { endpointText } from '../../sip/message/endpoint.ts'

export interface HepSender {
  send(packet: Buffer): Promise<void>
  /** Resolves when everything is out. @returns a sentence about what went where */
  end(): Promise<string>
}

interface Target {
  readonly host: string
  readonly port: number
}

/** `127.0.0.1:9060`, `[::1]:9060` or `homer.lab.test:9060`. @throws UsageError */
export function readHepTarget(text: string): Target {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port }
  throw new UsageError(`--hep: wanted HOST:PORT such as 127.0.0.1:9060, found ${JSON.stringify(text)}`)
}

/** @throws UsageError where the name has no address */
export async function openHepSender({ host, port }: Target): Promise<HepSender> {
  const address = await addressOf(host)
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  const failures = new Map<string, number>()
  // A connected socket learns that no program listens there (ICMP port unreachable).
  socket.on('error', (error: NodeJS.ErrnoException) => count(failures, error))
  await connect(socket, port, address)
  let sent = 0
  return {
    send: (packet) =>
      new Promise((resolve) =>
        socket.send(packet, (error) => {
          if (error === null) sent += 1
          else count(failures, error)
          resolve()
        }),
      ),
    async end() {
      // An answer of the system to the last packet needs a turn.
      await new Promise((resolve) => setTimeout(resolve, 20))
      await new Promise<void>((resolve) => socket.close(() => resolve()))
      const lost = [...failures].map(([code, times]) => `${code} ${times} times`).join(', ')
      const where = endpointText(host, port)
      return lost === ''
        ? `${sent} HEP packets were sent to ${where}`
        : `${sent} HEP packets were sent to ${where}, and the system reports ${lost}: see whether a collector ` +
            'listens there (udp)'
    },
  }
}

function count(failures: Map<string, number>, error: NodeJS.ErrnoException): void {
  const code = error.code ?? error.message
  failures.set(code, (failures.get(code) ?? 0) + 1)
}

async function addressOf(host: string): Promise<string> {
  if (isIP(host) !== 0) return host
  try {
    return (await lookup(host)).address
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new UsageError(`--hep: wanted a host with an address, found ${JSON.stringify(host)} (${code})`)
  }
}

function connect(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve) => socket.connect(port, address, () => resolve()))
}
