/** The sockets of the lab's DNS: each view answers on its own address over UDP and TCP (RFC 7766). */
import { createSocket } from 'node:dgram'
import type { Socket as UdpSocket } from 'node:dgram'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { DnsView } from '../../../topology/plan-types.ts'
import { answerQuery, latenessOf } from './answer.ts'
import type { DnsFault } from './faults.ts'
import type { Asked } from './question-log.ts'
import { endpointText } from '../../../sip/message/endpoint.ts'
import { Zone } from './zone.ts'
import type { ZoneRecord } from './zone.ts'

const maxConnections = 64
const idleMs = 10_000
/** A question with EDNS options stays far below; longer ones are no question. */
const maxQuestionBytes = 4096

export interface ServedView extends Pick<DnsView, 'name' | 'organisation' | 'address' | 'port' | 'zones'> {
  readonly records: readonly ZoneRecord[]
}

export interface DnsServer {
  /** Where each view answers; the port differs from the plan's when that was 0. */
  readonly views: readonly {
    readonly name: string
    readonly organisation: string
    readonly address: string
    readonly port: number
  }[]
  faults(): readonly DnsFault[]
  /** From the next question on. An empty list removes every fault. */
  setFaults(faults: readonly DnsFault[]): void
  /** Questions taken since the start. */
  asked(): number
  close(): Promise<void>
}

/**
 * Opens every view; none stays open when one cannot be opened.
 *
 * @param onAsked each question with its answer, when the answer is known; a late one is sent later
 */
export async function openDnsServer(
  views: readonly ServedView[],
  onAsked: (asked: Asked) => void = () => undefined,
): Promise<DnsServer> {
  const state: State = { faults: [], asked: 0, late: new Set(), onAsked }
  const open: OpenView[] = []
  try {
    for (const view of views) open.push(await openView(view, state))
  } catch (error) {
    await Promise.all(open.map((view) => view.close()))
    throw error
  }
  return {
    views: open.map(({ port }, at) => ({
      name: views[at]?.name ?? '',
      organisation: views[at]?.organisation ?? '',
      address: views[at]?.address ?? '',
      port,
    })),
    faults: () => state.faults,
    setFaults(faults) {
      state.faults = faults
    },
    asked: () => state.asked,
    close: async () => {
      for (const timer of state.late) clearTimeout(timer)
      await Promise.all(open.map((view) => view.close()))
    },
  }
}

interface State {
  faults: readonly DnsFault[]
  asked: number
  /** Answers that are held back. */
  readonly late: Set<NodeJS.Timeout>
  readonly onAsked: (asked: Asked) => void
}

interface OpenView {
  readonly port: number
  close(): Promise<void>
}

async function openView(view: ServedView, state: State): Promise<OpenView> {
  const zone = new Zone(view)
  let local = ''
  const answerOver =
    (transport: 'udp' | 'tcp'): Answer =>
    (octets, remote, send) => {
      state.asked += 1
      const response = answerQuery(zone, octets, state.faults, transport === 'udp')
      const lateMs = latenessOf(octets, state.faults)
      state.onAsked({ view: view.name, transport, local, remote, question: octets, response, lateMs })
      if (response !== undefined) sendLate(state, lateMs, () => send(response))
    }
  const tcp = await openTcp(view, answerOver('tcp'))
  const { port } = tcp.server.address() as AddressInfo
  local = endpointText(view.address, port)
  try {
    const udp = await openUdp({ address: view.address, port }, answerOver('udp'))
    return { port, close: async () => void (await Promise.all([closeUdp(udp), closeTcp(tcp)])) }
  } catch (error) {
    await closeTcp(tcp)
    throw error
  }
}

/** @param remote who asks, `127.0.41.21:40312` */
type Answer = (octets: Buffer, remote: string, send: (response: Buffer) => void) => void

/** Beyond that an answer is lost, as by any server that is overrun. */
const mostLate = 1000

function sendLate({ late }: State, afterMs: number, send: () => void): void {
  if (afterMs === 0) return send()
  if (late.size >= mostLate) return
  const timer = setTimeout(() => {
    late.delete(timer)
    send()
  }, afterMs)
  late.add(timer)
}

function openUdp(
  { address, port }: { readonly address: string; readonly port: number },
  answer: Answer,
): Promise<UdpSocket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.on('message', (octets, from) => {
    // An asker that has gone answers with ICMP: nothing is owed to it, and the next question still gets its answer.
    const send = (response: Buffer): void => socket.send(response, from.port, from.address, () => undefined)
    answer(octets, endpointText(from.address, from.port), send)
  })
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, address, () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

interface TcpListener {
  readonly server: Server
  readonly connections: Set<Socket>
}

function openTcp(
  { address, port }: { readonly address: string; readonly port: number },
  answer: Answer,
): Promise<TcpListener> {
  const connections = new Set<Socket>()
  const server = createServer((socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
    serveConnection(socket, answer)
  })
  server.maxConnections = maxConnections
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: address, port }, () => {
      server.off('error', reject)
      resolve({ server, connections })
    })
  })
}

/** Two octets with its length precede each message (RFC 1035 §4.2.2). */
function serveConnection(socket: Socket, answer: Answer): void {
  let pending = Buffer.alloc(0)
  const remote = endpointText(socket.remoteAddress ?? '', socket.remotePort ?? 0)
  socket.setTimeout(idleMs, () => socket.destroy())
  // A reset by the asker needs no more than the close that follows it.
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (pending.length >= 2) {
      const length = pending.readUInt16BE(0)
      if (length > maxQuestionBytes) return void socket.destroy()
      if (pending.length < length + 2) break
      answer(pending.subarray(2, length + 2), remote, (response) => {
        if (!socket.destroyed) socket.write(Buffer.concat([lengthOf(response), response]))
      })
      pending = pending.subarray(length + 2)
    }
    holdWhileUnread(socket)
  })
}

/** Who does not read its answers is not read from; the time without octets ends the connection. */
function holdWhileUnread(socket: Socket): void {
  if (!socket.writableNeedDrain) return
  socket.pause()
  socket.once('drain', () => socket.resume())
}

function lengthOf(message: Buffer): Buffer {
  const prefix = Buffer.alloc(2)
  prefix.writeUInt16BE(message.length)
  return prefix
}

function closeUdp(socket: UdpSocket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()))
}

function closeTcp({ server, connections }: TcpListener): Promise<void> {
  for (const connection of connections) connection.destroy()
  return new Promise((resolve) => server.close(() => resolve()))
}
