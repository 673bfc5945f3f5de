/** SIP over the WebSocket of the browser (RFC 7118), as sip.js wants its transport. */
import { EmitterImpl, TransportState, type Core, type Transport } from 'sip.js'
import { readableChallenges } from '../../../phone/challenges.ts'

/** For `transportOptions`. */
export interface SocketOptions {
  /** `wss://sip.lab.test:8443` */
  readonly address: string
}

/** RFC 5626 §3.5.1: what keeps the flow open; a browser sends no ping of its own. */
const keepAliveMs = 50_000
const openMs = 10_000

/** A browser does not say why a socket did not open: neither the name, nor the certificate, nor the port. */
export class SocketError extends Error {
  readonly address: string
  constructor(address: string, what: string) {
    super(`${address} ${what}`)
    this.address = address
  }
}

/** For `transportConstructor`. */
export class SocketTransport implements Transport {
  readonly protocol = 'WSS'
  onConnect: (() => void) | undefined
  onDisconnect: ((error?: Error) => void) | undefined
  onMessage: ((message: string) => void) | undefined
  readonly #address: string
  readonly #states = new EmitterImpl<TransportState>()
  #socket: WebSocket | undefined
  #keepAlive: number | undefined
  #state = TransportState.Disconnected

  constructor(_logger: Core.Logger, { address }: SocketOptions) {
    this.#address = address
  }

  get state(): TransportState {
    return this.#state
  }

  get stateChange(): EmitterImpl<TransportState> {
    return this.#states
  }

  isConnected(): boolean {
    return this.#state === TransportState.Connected
  }

  async connect(): Promise<void> {
    if (this.isConnected()) return
    this.#become(TransportState.Connecting)
    try {
      this.#socket = await opened(this.#address)
    } catch (error) {
      this.#become(TransportState.Disconnected)
      throw error
    }
    this.#listen(this.#socket)
    this.#become(TransportState.Connected)
    this.onConnect?.()
  }

  disconnect(): Promise<void> {
    if (this.isConnected()) this.#end()
    return Promise.resolve()
  }

  dispose(): Promise<void> {
    return this.disconnect()
  }

  send(message: string): Promise<void> {
    if (this.#socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Error('the flow is closed'))
    this.#socket.send(message)
    return Promise.resolve()
  }

  #listen(socket: WebSocket): void {
    socket.addEventListener('message', ({ data }) => {
      const text = typeof data === 'string' ? data : new TextDecoder().decode(data as ArrayBuffer)
      if (text.trim() !== '') this.onMessage?.(readableChallenges(text))
    })
    socket.addEventListener('close', () => {
      if (this.#socket === socket && this.isConnected()) this.#end(new SocketError(this.#address, 'was closed'))
    })
    this.#keepAlive = window.setInterval(() => socket.send('\r\n\r\n'), keepAliveMs)
  }

  #end(error?: Error): void {
    clearInterval(this.#keepAlive)
    this.#become(TransportState.Disconnecting)
    this.#socket?.close(1000)
    this.#socket = undefined
    this.#become(TransportState.Disconnected)
    this.onDisconnect?.(error)
  }

  #become(state: TransportState): void {
    if (this.#state === state) return
    this.#state = state
    this.#states.emit(state)
  }
}

/** @throws SocketError */
function opened(address: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address, 'sip')
    socket.binaryType = 'arraybuffer'
    const fail = (): void => reject(new SocketError(address, 'did not open'))
    const timer = setTimeout(() => {
      fail()
      socket.close()
    }, openMs)
    socket.addEventListener('open', () => {
      clearTimeout(timer)
      resolve(socket)
    })
    socket.addEventListener('close', () => {
      clearTimeout(timer)
      fail()
    })
  })
}
