/** The one flow of a phone in the page: SIP over the WebSocket of the browser (RFC 7118), below `LineTransport`. */
import { readableChallenges } from '../../../phone/challenges.ts'
import type { TransportLine } from '../../../phone/line-transport.ts'

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

export class SocketLine implements TransportLine {
  user: TransportLine['user']
  readonly target = { transport: 'wss' }
  readonly #address: string
  #socket: WebSocket | undefined
  #keepAlive: number | undefined

  /** @param address `wss://sip.lab.test:8443` */
  constructor(address: string) {
    this.#address = address
  }

  /** @throws SocketError */
  async connect(): Promise<void> {
    const socket = await opened(this.#address)
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const text = typeof data === 'string' ? data : new TextDecoder().decode(data as ArrayBuffer)
      if (text.trim() !== '') this.user?.onText(readableChallenges(text))
    })
    socket.addEventListener('close', () => {
      if (this.#socket !== socket) return
      this.hangUp()
      this.user?.onLost(new SocketError(this.#address, 'was closed'))
    })
    this.#keepAlive = window.setInterval(() => socket.send('\r\n\r\n'), keepAliveMs)
  }

  /** @returns false where the flow is closed */
  send(message: string): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false
    this.#socket.send(message)
    return true
  }

  hangUp(): void {
    clearInterval(this.#keepAlive)
    const socket = this.#socket
    this.#socket = undefined
    socket?.close(1000)
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
