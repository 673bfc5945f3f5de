/** REGISTER requests through open wires, each answered and counted. */
import type { Wire } from './socket.ts'
import { field, statusOf } from './wire.ts'

function registerText(user: string, domain: string, transport: string, wire: Wire, cseq: number, run: string): string {
  return (
    `REGISTER sip:${domain} SIP/2.0\r\nVia: SIP/2.0/${transport.toUpperCase()} ` +
    `${wire.local};branch=z9hG4bKr${cseq}${user}${run}${wire.number};rport\r\nMax-Forwards: 70\r\n` +
    `From: <sip:${user}@${domain}>;tag=${user}${run}${wire.number}\r\nTo: <sip:${user}@${domain}>\r\n` +
    `Call-ID: ${user}-${run}-${wire.number}\r\nCSeq: ${cseq} REGISTER\r\n` +
    `Contact: <sip:${user}@${wire.local};transport=${transport}>\r\nExpires: 3600\r\nUser-Agent: ` +
    `siplab-load\r\nContent-Length: 0\r\n\r\n`
  )
}

/**
 * Registers `users` over `wires`, at most `window` unanswered at a time. Rejects at the first answer that is not 200.
 */
export class RegisterLoad {
  readonly #domain: string
  readonly #transport: string
  readonly #run: string
  #answered = 0
  #wanted = 0
  #release: (() => void) | undefined
  #fail: ((error: Error) => void) | undefined

  constructor(domain: string, transport: string, run: string) {
    this.#domain = domain
    this.#transport = transport
    this.#run = run
  }

  onMessage(message: string): void {
    const status = statusOf(message)
    if (status < 200 || !field(message, 'CSeq').endsWith('REGISTER')) return
    if (status !== 200) return this.#fail?.(new Error(`REGISTER answered ${message.slice(0, message.indexOf('\r\n'))}`))
    this.#answered++
    this.#release?.()
  }

  /** @param pairs which user registers on which wire */
  async run(pairs: readonly (readonly [user: string, wire: Wire])[], cseq: number, window: number): Promise<void> {
    this.#answered = 0
    this.#wanted = pairs.length
    let sent = 0
    await new Promise<void>((resolve, reject) => {
      const watchdog = setTimeout(
        () => reject(new Error(`${this.#answered} of ${this.#wanted} REGISTER requests were answered within 60 s`)),
        60_000,
      )
      this.#fail = reject
      const fill = (): void => {
        while (sent < pairs.length && sent - this.#answered < window) {
          const pair = pairs[sent++]
          if (pair !== undefined)
            pair[1].send(registerText(pair[0], this.#domain, this.#transport, pair[1], cseq, this.#run))
        }
        if (this.#answered < this.#wanted) return
        clearTimeout(watchdog)
        resolve()
      }
      this.#release = fill
      fill()
    })
  }
}
