/** REGISTER requests through open wires, each answered and counted. */
import { authorization } from './digest.ts'
import type { Wire } from './socket.ts'
import { field, statusOf } from './wire.ts'

/** @param credentials header field line; empty: none */
function registerText(
  { user, wire }: Registrant,
  { domain, transport, run }: Registrar,
  cseq: number,
  credentials = '',
): string {
  return (
    `REGISTER sip:${domain} SIP/2.0\r\nVia: SIP/2.0/${transport.toUpperCase()} ` +
    `${wire.local};branch=z9hG4bKr${cseq}${user}${run}${wire.number};rport\r\nMax-Forwards: 70\r\n` +
    `From: <sip:${user}@${domain}>;tag=${user}${run}${wire.number}\r\nTo: <sip:${user}@${domain}>\r\n` +
    `Call-ID: ${user}-${run}-${wire.number}\r\nCSeq: ${cseq} REGISTER\r\n` +
    `Contact: <sip:${user}@${wire.local};transport=${transport}>\r\nExpires: 3600\r\nUser-Agent: ` +
    `siplab-load\r\n${credentials}Content-Length: 0\r\n\r\n`
  )
}

interface Registrant {
  readonly user: string
  readonly wire: Wire
}

export interface Registrar {
  readonly domain: string
  readonly transport: string
  /** Part of every Call-ID and tag. */
  readonly run: string
  /** The password of a user is its name and `-bench`. Absent: no one is asked for one. */
  readonly asksWho?: boolean
}

/**
 * Registers `users` over `wires`, at most `window` unanswered at a time. Rejects at the first answer that is not 200.
 */
export class RegisterLoad {
  readonly #registrar: Registrar
  /** By Call-ID: those who may be asked who they are. */
  readonly #asked = new Map<string, Registrant>()
  #answered = 0
  #wanted = 0
  #release: (() => void) | undefined
  #fail: ((error: Error) => void) | undefined

  constructor(registrar: Registrar) {
    this.#registrar = registrar
  }

  onMessage(message: string): void {
    const status = statusOf(message)
    if (status < 200 || !isOfRegister(message)) return
    if (status === 401 && this.#signIn(message)) return
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
          if (pair !== undefined) this.#register({ user: pair[0], wire: pair[1] }, cseq)
        }
        if (this.#answered < this.#wanted) return
        clearTimeout(watchdog)
        resolve()
      }
      this.#release = fill
      fill()
    })
  }

  #register(who: Registrant, cseq: number): void {
    const text = registerText(who, this.#registrar, cseq)
    if (this.#registrar.asksWho === true) this.#asked.set(field(text, 'Call-ID'), who)
    who.wire.send(text)
  }

  /** Once for each user. False: it was asked before, and the password was not taken. */
  #signIn(refusal: string): boolean {
    const callId = field(refusal, 'Call-ID')
    const who = this.#asked.get(callId)
    if (who === undefined) return false
    this.#asked.delete(callId)
    const login = { user: who.user, password: `${who.user}-bench` }
    const line = authorization(refusal, 'REGISTER', `sip:${this.#registrar.domain}`, login)
    who.wire.send(registerText(who, this.#registrar, Number.parseInt(field(refusal, 'CSeq'), 10) + 1, line))
    return true
  }
}

export function isOfRegister(message: string): boolean {
  return field(message, 'CSeq').endsWith('REGISTER')
}
