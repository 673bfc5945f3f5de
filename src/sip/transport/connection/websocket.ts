/** SIP over WebSocket (RFC 7118): every message is one frame, the subprotocol is `sip`. */
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { ConnectionFlow } from './connection-flow.ts'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer, type RawData } from 'ws'
import type { FramerEvents } from '../../message/framer.ts'
import { MessageError } from '../../message/message-error.ts'
import { createServer } from '../../http.ts'
import { parseDatagram } from '../../message/parse.ts'
import type { MessageLimits, SipMessage } from '../../message/types.ts'
import type { Core } from '../core.ts'
import type { SocketAddress } from '../flow.ts'
import { foreignProtocol } from './foreign-protocol.ts'
import { destroyLater } from './close-delay.ts'
import { systemQueue } from './stream.ts'
import type { Reader, Wire, Wiring, WireUser } from './wire.ts'

const subprotocol = 'sip'

/** Above this the peer is taken not to read. */
const highWaterOctets = 64 * 1024

export const webSocketWiring: Wiring<WebSocketWire> = {
  framed: true,
  reader: (limits, events) => new FrameReader(limits, events),
  systemQueue: (wire) => wire.systemQueue(),
  attach: (wire, flow) => wire.attach(flow),
}

/** A WebSocket with the few methods of a socket that a flow needs. */
export class WebSocketWire implements Wire {
  readonly #webSocket: WebSocket
  readonly #socket: Socket

  constructor(webSocket: WebSocket, socket: Socket) {
    this.#webSocket = webSocket
    this.#socket = socket
  }

  attach(flow: WireUser): void {
    this.#webSocket
      .on('message', (data: RawData) => flow.received(octetsOf(data)))
      .on('ping', (data: Buffer) => controlFrame(flow, data))
      .on('pong', (data: Buffer) => controlFrame(flow, data))
      .on('error', (error) => flow.failed(error))
      .on('close', () => flow.closed())
    // First, so that a message that ends in this chunk is not counted as held.
    this.#socket.prependListener('data', (chunk: Buffer) => flow.holds(chunk.length))
    this.#socket.on('drain', () => flow.drained())
  }

  get writableLength(): number {
    return this.#webSocket.bufferedAmount
  }

  systemQueue(): number {
    return systemQueue(this.#socket)
  }

  /** A text frame must be UTF-8 (RFC 6455 §5.6); a body that is not goes in a binary one. */
  write(text: string): boolean {
    const octets = Buffer.from(text, 'latin1')
    this.#webSocket.send(octets, { binary: !isUtf8(octets) })
    return this.#webSocket.bufferedAmount < highWaterOctets
  }

  pause(): void {
    this.#webSocket.pause()
  }

  resume(): void {
    this.#webSocket.resume()
  }

  end(): void {
    this.#webSocket.close(1000)
  }

  destroySoon(): void {
    this.#webSocket.close(1000)
  }

  destroy(): void {
    this.#webSocket.terminate()
  }
}

/** Not a part of any message: its octets were counted as held, its head of 6 (RFC 6455 §5.2, masked) with them. */
function controlFrame(flow: WireUser, data: Buffer): void {
  flow.holds(-(data.length + 6))
  flow.alive()
}

/** One frame, one message; line ends alone are keep-alives (RFC 7118 §5, RFC 5626 §4.4.1). */
class FrameReader implements Reader {
  /** Parts of a frame are held below, and are counted there. */
  readonly pendingBytes = 0
  readonly #limits: MessageLimits
  readonly #events: FramerEvents

  constructor(limits: MessageLimits, events: FramerEvents) {
    this.#limits = limits
    this.#events = events
  }

  push(frame: Buffer): void {
    if (frame.length <= 4 && frame.every((octet) => octet === 0x0d || octet === 0x0a)) {
      return frame.length > 2 ? this.#events.ping() : this.#events.pong()
    }
    const message = this.#read(frame)
    if (message !== undefined) this.#events.message(message)
  }

  close(): void {
    // It holds nothing.
  }

  #read(frame: Buffer): SipMessage | undefined {
    try {
      return parseDatagram(frame, this.#limits)
    } catch (error) {
      if (!(error instanceof MessageError)) throw error
      this.#events.malformed(error)
      return undefined
    }
  }
}

/** A connection that has not yet asked for a WebSocket. */
interface Waiting {
  readonly remote: SocketAddress
  readonly take: (wire: WebSocketWire) => void
  readonly timer: NodeJS.Timeout
}

/** Takes HTTP connections and turns those that ask for `sip` into wires. */
export class WebSocketAcceptor {
  readonly #core: Core
  readonly #http: HttpServer
  readonly #webSockets: WebSocketServer
  readonly #waiting = new Map<Duplex, Waiting>()

  constructor(core: Core) {
    this.#core = core
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: core.limits.headBytes + core.limits.bodyBytes,
      handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
    })
    this.#http = createServer({ maxHeaderSize: 16 * 1024 }, (_request, response) => {
      response.writeHead(426, { Upgrade: 'websocket', Connection: 'close' }).end('SIP over WebSocket only (RFC 7118)\n')
    })
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    this.#http.on('clientError', (error, duplex) => this.#unreadable(error, duplex))
  }

  /**
   * `take` is called once, in the turn in which the WebSocket opens; never when the peer does not ask for one in time.
   */
  accept(socket: Socket, remote: SocketAddress, take: (wire: WebSocketWire) => void): void {
    const { handshakeSeconds } = this.#core.settings
    const timer = setTimeout(
      () => this.#refuse(socket, `no WebSocket within ${handshakeSeconds} s`),
      handshakeSeconds * 1000,
    )
    this.#waiting.set(socket, { remote, take, timer })
    socket.once('close', () => this.#leave(socket))
    this.#http.emit('connection', socket)
    socket.resume()
  }

  #upgrade(request: IncomingMessage, duplex: Duplex, head: Buffer): void {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
    if (!offered.includes(subprotocol))
      return this.#refuse(duplex, 'a WebSocket that does not offer the subprotocol sip')
    const waiting = this.#leave(duplex)
    if (waiting === undefined) return void duplex.destroy()
    this.#webSockets.handleUpgrade(request, duplex, head, (webSocket) =>
      waiting.take(new WebSocketWire(webSocket, request.socket)),
    )
  }

  #unreadable(error: Error & { readonly rawPacket?: Buffer }, duplex: Duplex): void {
    const protocol = error.rawPacket === undefined ? undefined : foreignProtocol(error.rawPacket)
    if (protocol === undefined || protocol === 'HTTP') return this.#refuse(duplex, error.message)
    const remote = this.#leave(duplex)?.remote
    duplex.destroy()
    if (remote === undefined) return
    const reason = `${protocol} came on a port where SIP over WebSocket is spoken`
    this.#core.user.onIncident({ event: 'connection.wrong-protocol', flow: undefined, remote, reason })
  }

  #refuse(duplex: Duplex, reason: string): void {
    const waiting = this.#leave(duplex)
    duplex.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => duplex.destroy())
    destroyLater(duplex)
    if (waiting !== undefined)
      this.#core.user.onIncident({
        event: 'connection.websocket-refused',
        flow: undefined,
        remote: waiting.remote,
        reason,
      })
  }

  /** It waits no longer; undefined when it did not. */
  #leave(duplex: Duplex): Waiting | undefined {
    const waiting = this.#waiting.get(duplex)
    clearTimeout(waiting?.timer)
    this.#waiting.delete(duplex)
    return waiting
  }
}

/**
 * Asks the server at the other end of a connected socket for a WebSocket. `take` is called in the turn in which it
 * opens.
 */
export function openWebSocket(
  core: Core,
  socket: Socket,
  host: string,
  take: (wire: WebSocketWire) => ConnectionFlow,
): Promise<ConnectionFlow> {
  const webSocket = new WebSocket(`ws://${host}/`, [subprotocol], {
    createConnection: () => socket,
    perMessageDeflate: false,
    maxPayload: core.limits.headBytes + core.limits.bodyBytes,
    handshakeTimeout: core.settings.handshakeSeconds * 1000,
  })
  return new Promise((resolve, reject) => {
    webSocket.once('error', reject)
    webSocket.once('open', () => {
      webSocket.removeListener('error', reject)
      resolve(take(new WebSocketWire(webSocket, socket)))
    })
  })
}

/** The callbacks of a client of one WebSocket. */
export interface WebSocketUser {
  /** Now it may send. */
  opened(send: (text: string) => void): void
  /** One frame. */
  message(octets: Buffer): void
  /** The server answers the request for a WebSocket with this instead: `HTTP 404 Not Found`. */
  declined(line: string): void
  failed(error: Error): void
  closed(): void
}

/** The same for a client that is no node: no flow, no limits but these. */
export function dialWebSocket(
  socket: Socket,
  host: string,
  bounds: { readonly octets: number; readonly timeoutMs: number },
  user: WebSocketUser,
): void {
  const webSocket = new WebSocket(`ws://${host}/`, [subprotocol], {
    createConnection: () => socket,
    perMessageDeflate: false,
    maxPayload: bounds.octets,
    handshakeTimeout: bounds.timeoutMs,
  })
  webSocket
    .on('open', () => user.opened((text) => webSocket.send(Buffer.from(text, 'latin1'), { binary: false })))
    .on('message', (data: RawData) => user.message(octetsOf(data)))
    .on('unexpected-response', (_request, { statusCode = 0, statusMessage = '' }) => {
      user.declined(`HTTP ${statusCode} ${statusMessage}`)
      socket.destroy()
    })
    .on('error', (error) => user.failed(error))
    .on('close', () => user.closed())
}

function octetsOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}
