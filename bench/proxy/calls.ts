/**
 * Calls through a proxy: INVITE, 180, 200, ACK, BYE, 200, with both phones in this process. Every answer is counted.
 */
import type { Wire } from './socket.ts'
import { answerTo, field, fields, statusOf, uriInside } from './wire.ts'

export interface CallResult {
  readonly completed: number
  readonly failed: number
  /** Answered 503 with Retry-After, where that is allowed. */
  readonly turnedAway: number
  readonly seconds: number
  /** Setup time INVITE to 200, milliseconds. */
  readonly setupMs: { readonly p50: number; readonly p99: number }
  /** CPU time of the generator while it called, as a share of one core: near 1 it is what saturates. */
  readonly generatorLoad: number
  /** First unexpected answer, for the report of a failed run. */
  readonly firstFailure: string | undefined
}

export interface CallPlan {
  /** Of the callees. */
  readonly domain: string
  /** Of the callers. */
  readonly from: string
  readonly transport: 'udp' | 'tcp' | 'tls'
  readonly count: number
  /** Calls a second; 0: as fast as `window` calls in flight go. */
  readonly rate: number
  readonly window: number
  /** Milliseconds after which a call that did not end has failed. */
  readonly patienceMs: number
  readonly overload: boolean
}

/** A phone that calls. */
export interface Caller {
  readonly wire: Wire
  readonly user: string
}

interface Call extends Caller {
  readonly callee: string
  readonly startedAt: number
  sent: string
  sentAt: number
  settledAt: number
}

const sdp =
  'v=0\r\no=load 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0 8 ' +
  '101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n'
/** T1 of RFC 3261 §17.1.1.1: a datagram that got no answer is sent again. */
const resendAfterMs = 500

export class CallLoad {
  readonly #plan: CallPlan
  readonly #run: string
  readonly #callers: readonly Caller[]
  readonly #callees: readonly string[]
  readonly #open = new Map<number, Call>()
  readonly #setup: number[] = []
  #next = 0
  #completed = 0
  #failed = 0
  #turnedAway = 0
  #firstFailure: string | undefined
  #done: (() => void) | undefined

  /** @param callees users whose phones are registered, see `Callees` */
  constructor(plan: CallPlan, run: string, callers: readonly Caller[], callees: readonly string[]) {
    this.#plan = plan
    this.#run = run
    this.#callers = callers
    this.#callees = callees
  }

  async run(): Promise<CallResult> {
    const started = performance.now()
    const cpuBefore = process.cpuUsage()
    const finished = new Promise<void>((resolve) => (this.#done = resolve))
    const sweep = setInterval(() => this.#sweep(), 100)
    const pace =
      this.#plan.rate === 0
        ? undefined
        : setInterval(
            () =>
              this.#fillTo(
                Math.min(this.#plan.count, Math.floor(((performance.now() - started) * this.#plan.rate) / 1000)),
              ),
            2,
          )
    if (pace === undefined) this.#fillTo(this.#plan.window)
    await finished
    clearInterval(sweep)
    clearInterval(pace)
    const times = this.#setup.sort((a, b) => a - b)
    const seconds = (performance.now() - started) / 1000
    const cpu = process.cpuUsage(cpuBefore)
    return {
      completed: this.#completed,
      failed: this.#failed,
      turnedAway: this.#turnedAway,
      seconds,
      generatorLoad: (cpu.user + cpu.system) / 1e6 / seconds,
      setupMs: { p50: times[times.length >> 1] ?? 0, p99: times[Math.floor(times.length * 0.99)] ?? 0 },
      firstFailure: this.#firstFailure,
    }
  }

  /** A message that arrived on a caller's wire. */
  onCaller(message: string): void {
    const status = statusOf(message)
    if (status < 200) return
    const callId = field(message, 'Call-ID')
    const number = Number(callId.slice(0, callId.indexOf('-')))
    const call = this.#open.get(number)
    if (call === undefined || !callId.endsWith(this.#run)) return
    if (status === 503 && this.#plan.overload && field(message, 'Retry-After') !== '' && call.settledAt === 0)
      return this.#refused(number, call, field(message, 'To'))
    if (status > 299)
      return this.#end(number, `${message.slice(0, message.indexOf('\r\n'))} to ${field(message, 'CSeq')}`)
    if (field(message, 'CSeq').endsWith('INVITE')) return this.#accepted(number, call, message)
    this.#end(number, undefined)
  }

  #fillTo(target: number): void {
    while (this.#next < target) this.#start(this.#next++)
  }

  #start(number: number): void {
    const caller = this.#callers[number % this.#callers.length]
    // A prime as the stride: with many users each call meets another one, far from the last in memory.
    const callee = this.#callees[(number * 7919) % this.#callees.length]
    if (caller === undefined || callee === undefined) throw new Error('a load needs at least one caller and one callee')
    const { wire, user } = caller
    const { domain, transport, from } = this.#plan
    const text =
      `INVITE sip:${callee}@${domain} SIP/2.0\r\n` +
      `Via: SIP/2.0/${transport.toUpperCase()} ${wire.local};branch=z9hG4bKi${number}${this.#run};rport\r\n` +
      `Max-Forwards: 70\r\nFrom: "Load" <sip:${user}@${from}>;tag=f${number}\r\n` +
      `To: <sip:${callee}@${domain}>\r\nCall-ID: ${number}-${this.#run}\r\nCSeq: 1 INVITE\r\n` +
      `Contact: <sip:${user}@${wire.local};transport=${transport}>\r\nUser-Agent: siplab-load\r\n` +
      'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nSupported: replaces\r\n' +
      `Content-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`
    const now = performance.now()
    this.#open.set(number, { wire, user, callee, startedAt: now, sent: text, sentAt: now, settledAt: 0 })
    wire.send(text)
  }

  #accepted(number: number, call: Call, message: string): void {
    if (call.settledAt === 0) {
      call.settledAt = performance.now()
      this.#setup.push(call.settledAt - call.startedAt)
    }
    const { transport, from } = this.#plan
    const target = uriInside(field(message, 'Contact'))
    const routes = fields(message, 'Record-Route')
      .reverse()
      .map((route) => `Route: ${route}\r\n`)
      .join('')
    const inDialog = (method: string, cseq: number): string =>
      `${method} ${target} SIP/2.0\r\nVia: SIP/2.0/${transport.toUpperCase()} ` +
      `${call.wire.local};branch=z9hG4bK${method}${number}${this.#run};rport\r\n${routes}` +
      `Max-Forwards: 70\r\nFrom: "Load" <sip:${call.user}@${from}>;tag=f${number}\r\nTo: ` +
      `${field(message, 'To')}\r\nCall-ID: ${number}-${this.#run}\r\nCSeq: ${cseq} ` +
      `${method}\r\nContent-Length: 0\r\n\r\n`
    call.sent = inDialog('BYE', 2)
    call.sentAt = performance.now()
    call.wire.send(inDialog('ACK', 1) + (transport === 'udp' ? '' : call.sent))
    if (transport === 'udp') call.wire.send(call.sent)
  }

  /** The ACK of RFC 3261 §17.1.1.3, then the call is over. */
  #refused(number: number, call: Call, to: string): void {
    this.#open.delete(number)
    this.#turnedAway++
    const { domain, transport, from } = this.#plan
    call.wire.send(
      `ACK sip:${call.callee}@${domain} SIP/2.0\r\n` +
        `Via: SIP/2.0/${transport.toUpperCase()} ${call.wire.local};branch=z9hG4bKi${number}${this.#run};rport\r\n` +
        `Max-Forwards: 70\r\nFrom: "Load" <sip:${call.user}@${from}>;tag=f${number}\r\nTo: ${to}\r\nCall-ID: ` +
        `${number}-${this.#run}\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n`,
    )
    this.#settle()
  }

  #end(number: number, failure: string | undefined): void {
    this.#open.delete(number)
    if (failure === undefined) this.#completed++
    else {
      this.#failed++
      this.#firstFailure ??= failure
    }
    this.#settle()
  }

  #settle(): void {
    if (this.#completed + this.#failed + this.#turnedAway === this.#plan.count) return this.#done?.()
    if (this.#plan.rate === 0 && this.#next < this.#plan.count) this.#fillTo(this.#next + 1)
  }

  #sweep(): void {
    const now = performance.now()
    for (const [number, call] of this.#open) {
      if (now - call.startedAt > this.#plan.patienceMs)
        this.#end(number, `no end of call ${number} within ${this.#plan.patienceMs} ms`)
      else if (this.#plan.transport === 'udp' && now - call.sentAt > resendAfterMs) {
        call.sentAt = now
        call.wire.send(call.sent)
      }
    }
  }
}

interface Answer {
  readonly wire: Wire
  readonly text: string
  readonly givenUpAt: number
  sentAt: number
}

/** The phones of the callees. */
export class Callees {
  readonly #transport: CallPlan['transport']
  /**
   * Over UDP: 200s to an INVITE that wait for their ACK (RFC 3261 §13.3.1.4), the one sent last at the end. By Call-ID.
   */
  readonly #unconfirmed = new Map<string, Answer>()

  constructor(transport: CallPlan['transport']) {
    this.#transport = transport
    if (transport === 'udp') setInterval(() => this.#resend(), 100)
  }

  /** What a phone does with a request; responses to its own REGISTER are not for here. */
  answer(message: string, wire: Wire): void {
    const user = message.slice(message.indexOf(':') + 1, message.indexOf('@'))
    const contact = `Contact: <sip:${user}@${wire.local};transport=${this.#transport}>\r\n`
    if (message.startsWith('INVITE ')) {
      const ringing = answerTo(message, '180 Ringing', 'callee', contact)
      const text = answerTo(message, '200 OK', 'callee', contact)
      wire.send(ringing)
      wire.send(text)
      const sentAt = performance.now()
      if (this.#transport === 'udp')
        this.#unconfirmed.set(field(message, 'Call-ID'), { wire, text, sentAt, givenUpAt: sentAt + 64 * resendAfterMs })
    } else if (message.startsWith('ACK ')) this.#unconfirmed.delete(field(message, 'Call-ID'))
    else if (message.startsWith('BYE ')) wire.send(answerTo(message, '200 OK', 'callee', ''))
  }

  #resend(): void {
    const now = performance.now()
    for (const [callId, answer] of this.#unconfirmed) {
      if (now - answer.sentAt <= resendAfterMs) return
      this.#unconfirmed.delete(callId)
      if (now > answer.givenUpAt) continue
      answer.sentAt = now
      answer.wire.send(answer.text)
      this.#unconfirmed.set(callId, answer)
    }
  }
}
