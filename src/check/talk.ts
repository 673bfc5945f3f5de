/**
 * A conversation on one connected socket: a request and its answer, a ping and its pong, or the reason why none came.
 */
import { isIPv6, type Socket } from 'node:net'
import { dialWebSocket } from '../sip/transport/connection/websocket.ts'
import { composeRequest } from '../sip/message/compose.ts'
import { StreamFramer } from '../sip/message/framer.ts'
import { randomToken } from '../sip/message/random.ts'
import { defaultLimits, type HeaderField, type SipMessage, type SipResponse } from '../sip/message/types.ts'
import { alertNumber } from '../verdicts/node-errors.ts'

export type Observed =
  | { readonly kind: 'response'; readonly response: SipResponse; readonly ms: number }
  /** It hung up: with an alert, with an answer to no request of ours (`said`), or silently. */
  | {
      readonly kind: 'closed'
      readonly alert: number | undefined
      readonly said: string | undefined
      readonly found: string
      readonly ms: number
    }
  | { readonly kind: 'silent'; readonly ms: number }
  /** Octets came that are no SIP; `line` is their start, printable. */
  | { readonly kind: 'not-sip'; readonly line: string; readonly ms: number }

/** A request as a stranger would make it. */
export interface Question {
  readonly method: string
  readonly uri: string
  /** URI of the sender. */
  readonly from: string
  /** The whole value, with a tag where one is claimed. */
  readonly to: string
  readonly headers?: readonly HeaderField[]
}

export type Ponged = 'pong' | 'closed' | 'silent'

/** No server's answer to OPTIONS is longer. */
const mostOctets = 256 * 1024

/** Over what the conversation runs; a WebSocket is asked for by the name of the host. */
export type TalkTransport = 'TLS' | 'TCP' | { readonly webSocketHost: string; readonly timeoutMs: number }

export class Talk {
  readonly #socket: Socket
  /** What waits until a WebSocket is open. */
  readonly #waiting: string[] = []
  #send: (text: string) => void
  readonly #framer: StreamFramer
  readonly #transport: 'TLS' | 'TCP' | 'WSS'
  #first: Buffer = Buffer.alloc(0)
  #octets = 0
  #ended: { readonly alert: number | undefined; readonly found: string } | undefined
  #notSip = false
  #onChange: () => void = () => undefined
  readonly #responses: SipResponse[] = []
  #pongs = 0

  constructor(socket: Socket, transport: TalkTransport) {
    this.#socket = socket
    this.#transport = typeof transport === 'string' ? transport : 'WSS'
    this.#send = (text) => void socket.write(text, 'latin1')
    this.#framer = new StreamFramer(defaultLimits, {
      message: (message) => this.#take(message),
      malformed: () => this.#refuse(),
      lost: () => this.#refuse(),
      ping: () => undefined,
      pong: () => {
        this.#pongs += 1
        this.#onChange()
      },
    })
    if (typeof transport === 'string') socket.on('data', (chunk: Buffer) => this.#read(chunk))
    else this.#openWebSocket(transport)
    socket.on('error', (error) => this.#end(alertNumber(error.message), error.message))
    socket.on('close', () => this.#end(undefined, 'closed without a reason'))
    socket.on('end', () => this.#end(undefined, 'closed without a reason'))
  }

  /** OPTIONS to a host or domain, e.g. `sip:lab.test`: outside any dialog, without credentials. */
  options(uri: string, from: string, timeoutMs: number): Promise<Observed> {
    return this.ask({ method: 'OPTIONS', uri, from, to: `<${uri}>` }, timeoutMs)
  }

  /** One request and its final answer. */
  async ask(question: Question, timeoutMs: number): Promise<Observed> {
    const began = performance.now()
    const callId = randomToken(12)
    this.#send(this.#request(question, callId))
    const answered = (): SipResponse | undefined =>
      this.#responses.find((response) => response.callId === callId && response.status >= 200)
    await this.#until(() => answered() !== undefined || this.#ended !== undefined || this.#notSip, timeoutMs)
    const ms = performance.now() - began
    const response = answered()
    if (response !== undefined) return { kind: 'response', response, ms }
    const said = /^SIP\/2\.0 ([3-6]\d\d [^\r\n]{0,200})/.exec(this.#first.toString('latin1'))?.[1]
    if (said !== undefined)
      return { kind: 'closed', alert: undefined, said, found: `it answered ${said} and closed the connection`, ms }
    if (this.#notSip || (this.#ended !== undefined && this.#first.length > 0 && this.#responses.length === 0))
      return { kind: 'not-sip', line: printable(this.#first), ms }
    if (this.#ended !== undefined) return { kind: 'closed', ...this.#ended, said: undefined, ms }
    return this.#first.length > 0 && this.#responses.length === 0
      ? { kind: 'not-sip', line: printable(this.#first), ms }
      : { kind: 'silent', ms }
  }

  /** CRLF CRLF, and one CRLF back (RFC 5626 §4.4.1). */
  async ping(timeoutMs: number): Promise<Ponged> {
    const before = this.#pongs
    if (this.#ended !== undefined) return 'closed'
    this.#send('\r\n\r\n')
    await this.#until(() => this.#pongs > before || this.#ended !== undefined, timeoutMs)
    return this.#pongs > before ? 'pong' : this.#ended === undefined ? 'silent' : 'closed'
  }

  close(): void {
    this.#socket.destroy()
  }

  #request({ method, uri, from, to, headers = [] }: Question, callId: string): string {
    const { localAddress = '127.0.0.1', localPort = 0 } = this.#socket
    const here =
      this.#transport === 'WSS'
        ? `${randomToken(8)}.invalid`
        : `${isIPv6(localAddress) ? `[${localAddress}]` : localAddress}:${localPort}`
    return composeRequest({
      method,
      uri,
      via: `SIP/2.0/${this.#transport} ${here};branch=z9hG4bK${randomToken(8)};rport`,
      from: `<${from}>;tag=${randomToken(4)}`,
      to,
      callId,
      cseq: 1,
      headers: [
        ['Contact', `<sip:${here};transport=${this.#transport === 'WSS' ? 'ws' : this.#transport.toLowerCase()}>`],
        ['Accept', 'application/sdp'],
        ['User-Agent', 'siplab check'],
        ...headers,
      ],
    })
  }

  /** RFC 7118: one frame, one message. */
  #openWebSocket({ webSocketHost, timeoutMs }: Exclude<TalkTransport, string>): void {
    this.#send = (text) => void this.#waiting.push(text)
    dialWebSocket(
      this.#socket,
      webSocketHost,
      { octets: mostOctets, timeoutMs },
      {
        opened: (send) => {
          this.#send = send
          for (const text of this.#waiting.splice(0)) send(text)
        },
        message: (octets) => this.#read(octets),
        declined: (line) => {
          this.#first = Buffer.from(line)
          this.#refuse()
        },
        failed: (error) => this.#end(alertNumber(error.message), error.message),
        closed: () => this.#end(undefined, 'closed without a reason'),
      },
    )
  }

  #read(chunk: Buffer): void {
    this.#octets += chunk.length
    if (this.#first.length < 200) this.#first = Buffer.concat([this.#first, chunk]).subarray(0, 200)
    if (this.#octets > mostOctets) return this.#refuse()
    if (!couldBeSip(this.#first)) return this.#refuse()
    this.#framer.push(chunk)
  }

  #take(message: SipMessage): void {
    if (message.kind === 'response' && this.#responses.length < 100) this.#responses.push(message)
    this.#onChange()
  }

  #refuse(): void {
    this.#notSip = true
    this.#onChange()
  }

  #end(alert: number | undefined, found: string): void {
    this.#ended ??= { alert, found }
    this.#onChange()
  }

  async #until(satisfied: () => boolean, timeoutMs: number): Promise<void> {
    if (satisfied()) return
    const settled = Promise.withResolvers<void>()
    const timer = setTimeout(settled.resolve, timeoutMs)
    this.#onChange = () => {
      if (satisfied()) settled.resolve()
    }
    await settled.promise.finally(() => clearTimeout(timer))
  }
}

/** The start of a response, of a request, or a keep-alive. */
function couldBeSip(first: Buffer): boolean {
  const text = first.toString('latin1').replace(/^(\r?\n)+/, '')
  const line = text.split('\r\n', 1)[0] ?? ''
  if ('SIP/2.0 '.startsWith(text.slice(0, 8)) || text.startsWith('SIP/2.0 ')) return true
  return text.includes('\r\n') ? / SIP\/2\.0$/.test(line) : /^[A-Z]{1,20}( |$)/.test(text)
}

/** `HTTP/1.1 400 Bad Request`: the first line, what cannot be printed as dots, at most 80 characters. */
export function printable(octets: Buffer): string {
  const line =
    octets
      .toString('latin1')
      .split(/\r?\n/)
      .find((text) => text.trim() !== '') ?? ''
  return line.replaceAll(/[^\x20-\x7e]/g, '.').slice(0, 80)
}
