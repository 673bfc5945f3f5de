/**
 * A phone in a few kilobytes, for measurements with thousands of them: one connection, one digest answer a challenge,
 * 200 to whatever it is asked.
 */
import { composeRequest } from '../../src/sip/message/compose.ts'
import { randomToken } from '../../src/sip/message/random.ts'
import type { HeaderField, SipMessage, SipResponse } from '../../src/sip/message/types.ts'
import { openPipe, type PipeSettings, type RawPipe } from '../../test/support/raw-pipe.ts'
import { credentials, okFor } from '../../test/support/raw-peer.ts'

export interface LightAccount {
  readonly login: string
  readonly password: string
  readonly domain: string
}

interface Asked {
  readonly method: string
  readonly uri: string
  readonly to: string
  readonly callId: string
  readonly cseq: number
  readonly headers: readonly HeaderField[]
}

/** The connection ended, or nothing came in time. */
class Unanswered extends Error {}

const answerMs = 34_000

export class LightPhone {
  readonly uri: string
  onLost: (() => void) | undefined
  readonly #account: LightAccount
  readonly #tag = randomToken(4)
  readonly #answers = new Map<string, { resolve(response: SipResponse): void; reject(error: Error): void }>()
  #pipe: RawPipe | undefined
  #transport: PipeSettings['transport'] = 'tls'
  #cseq = 0

  constructor(account: LightAccount) {
    this.#account = account
    this.uri = `sip:${account.login}@${account.domain}`
  }

  /** Rejects where the connection or the handshake is refused. */
  async connect(place: PipeSettings): Promise<void> {
    this.#transport = place.transport
    let isOver = false
    this.#pipe = await openPipe(place, {
      message: (message) => this.#take(message),
      ended: () => {
        if (isOver) return
        isOver = true
        this.#lose()
      },
    })
  }

  /** @returns the status of the last answer */
  async signIn(): Promise<number> {
    const contact = ['Contact', `<${this.#contact}>;expires=3600`] as const
    const { domain } = this.#account
    const { status } = await this.#proved('REGISTER', `sip:${domain}`, this.uri, `r${this.#tag}`, [contact])
    return status
  }

  /** OPTIONS to a server, without credentials. */
  async options(uri: string): Promise<number> {
    const asked = { method: 'OPTIONS', uri, to: uri, callId: randomToken(8), cseq: ++this.#cseq, headers: [] }
    return (await this.#ask(asked)).status
  }

  /** INVITE, 200, ACK, BYE. @returns the first status that is no 200, or 200 */
  async call(to: string): Promise<number> {
    const callId = randomToken(8)
    const contact = ['Contact', `<${this.#contact}>`] as const
    const invited = await this.#proved('INVITE', to, to, callId, [contact])
    if (invited.status !== 200) return invited.status
    const routes = invited
      .headers('Record-Route')
      .toReversed()
      .map((value): HeaderField => ['Route', value])
    const uri = invited.addresses('Contact')[0]?.uri.text ?? to
    const asked = { uri, to: invited.header('To') ?? to, callId, headers: routes }
    this.#write({ ...asked, method: 'ACK', cseq: invited.cseq })
    return (await this.#ask({ ...asked, method: 'BYE', cseq: ++this.#cseq })).status
  }

  close(): void {
    this.onLost = undefined
    this.#pipe?.destroy()
  }

  get #contact(): string {
    return `sip:${this.#account.login}@${this.#pipe?.hostPort};transport=${this.#transport}`
  }

  async #proved(
    method: string,
    uri: string,
    to: string,
    callId: string,
    headers: readonly HeaderField[],
  ): Promise<SipResponse> {
    const first = await this.#ask({ method, uri, to, callId, cseq: ++this.#cseq, headers })
    const [name, field] =
      first.status === 401 ? ['Authorization', 'WWW-Authenticate'] : ['Proxy-Authorization', 'Proxy-Authenticate']
    const challenge = first.header(field)
    if ((first.status !== 401 && first.status !== 407) || challenge === undefined) return first
    const { login, password } = this.#account
    const proof: HeaderField = [name, credentials(challenge, { method, uri }, login, password)]
    return this.#ask({ method, uri, to, callId, cseq: ++this.#cseq, headers: [...headers, proof] })
  }

  #ask(asked: Asked): Promise<SipResponse> {
    const key = `${asked.callId} ${asked.cseq}`
    return new Promise<SipResponse>((resolve, reject) => {
      const late = setTimeout(() => reject(new Unanswered(`no answer to ${asked.method} ${asked.uri}`)), answerMs)
      this.#answers.set(key, {
        resolve: (response) => (clearTimeout(late), resolve(response)),
        reject: (error) => (clearTimeout(late), reject(error)),
      })
      if (this.#pipe?.ended !== false) return this.#lose()
      this.#write(asked)
    }).finally(() => this.#answers.delete(key))
  }

  #write({ method, uri, to, callId, cseq, headers }: Asked): void {
    const via = `SIP/2.0/${this.#transport.toUpperCase()} ${this.#pipe?.hostPort};branch=z9hG4bK${randomToken(8)}`
    const from = `<${this.uri}>;tag=${this.#tag}`
    this.#pipe?.write(
      composeRequest({ method, uri, via, from, to: to.includes('<') ? to : `<${to}>`, callId, cseq, headers }),
    )
  }

  #take(message: SipMessage): void {
    if (message.kind === 'response') {
      if (message.status >= 200) this.#answers.get(`${message.callId} ${message.cseq}`)?.resolve(message)
      return
    }
    if (message.method === 'ACK') return
    this.#pipe?.write(okFor(message, message.method === 'INVITE' ? this.#contact : undefined))
  }

  #lose(): void {
    for (const { reject } of this.#answers.values()) reject(new Unanswered('the connection was closed'))
    this.onLost?.()
  }
}
