/** The one flow of a phone: dialled with our transport, lost, redirected, dialled again. sip.js sits on top. */
import { isIP } from 'node:net'
import { rootCertificates } from 'node:tls'
import type { Verdict } from '../verdicts/verdict.ts'
import { isVerdictCode, verdict, type VerdictCode } from '../verdicts/codes.ts'
import { systemClock } from '../sip/clock.ts'
import { answer } from '../sip/message/answer.ts'
import { decodeText } from '../sip/message/fast/flat.ts'
import { parseText } from '../sip/message/parse.ts'
import type { SipMessage, SipRequest } from '../sip/message/types.ts'
import type { Flow } from '../sip/transport/flow.ts'
import { DialError } from '../sip/transport/refusal.ts'
import { createResolver, ResolveError, type Resolver } from '../sip/transport/dial/resolver.ts'
import { isSecure } from '../sip/transport/dial/transport-choice.ts'
import { createTransport } from '../sip/transport/transport.ts'
import type { NextHop, Refusal, TlsMaterial, TransportLayer, TransportUser } from '../sip/transport/types.ts'
import { readableChallenges } from './challenges.ts'
import { type PhoneError, unreachable } from './phone-error.ts'
import { judgeRefusal, serverJudge } from './server-judge.ts'
import type { PhoneSettings, PhoneTarget } from './settings.ts'

const face = 'phone'

/** Requests remembered until their final response; the oldest makes room. */
const mostPending = 1_000

export interface LineUser {
  /** A message as sip.js reads it. */
  onText(text: string): void
  /** The flow ended, and this end did not close it. */
  onLost(error: PhoneError): void
}

export class PhoneLine {
  user: LineUser | undefined
  /** The last flow that failed, and why. */
  lastVerdict: Verdict | undefined
  readonly #transport: TransportLayer
  readonly #resolver: Resolver
  /** Read by the first secure dial: the roots of Node take a while. */
  #material: (() => TlsMaterial) | undefined
  #target: PhoneTarget
  #flow: Flow | undefined
  /** Requests of ours without a final response, by branch. */
  readonly #pending = new Map<string, SipRequest>()

  constructor(settings: PhoneSettings) {
    const { target, ca, clientCertificate, resolver, clock = systemClock, limits, trace } = settings
    const { nameRules = 'rfc5922' } = settings
    this.#target = target
    this.#resolver = resolver ?? createResolver({ clock, servers: [] })
    const user: TransportUser = {
      onRequest: (request, flow) => this.#received(request, flow),
      onResponse: (response, flow) => this.#received(response, flow),
      onFlowOpened: () => undefined,
      onFlowClosed: (flow, because) => this.#closed(flow, because),
      onRefused: (refusal) => this.#refused(refusal),
      onIncident: () => undefined,
    }
    // A phone behind an edge keeps its flow open itself (RFC 5626 §3.5.1).
    this.#transport = createTransport({
      clock,
      user,
      judge: serverJudge(nameRules),
      settings: { pingSeconds: 110, idleSeconds: 0 },
      ...(limits === undefined ? {} : { limits }),
    })
    this.#material = () => materialOf(ca ?? rootCertificates, clientCertificate)
    if (trace !== undefined) this.#transport.setTrace(trace)
  }

  get target(): PhoneTarget {
    return this.#target
  }

  get connected(): boolean {
    return this.#flow?.open === true
  }

  /** Where it leads from now on; the open flow stays until it is hung up. */
  redirect(target: PhoneTarget): void {
    this.#target = target
  }

  /** @throws PhoneError with the verdict */
  async connect(): Promise<void> {
    if (this.connected) return
    this.lastVerdict = undefined
    const hop = await this.#hop()
    try {
      this.#flow = await this.#transport.connect(hop)
    } catch (error) {
      if (!(error instanceof DialError)) throw error
      throw unreachable(this.#name(), judgeRefusal(error.refusal), error)
    }
  }

  /** @param text as sip.js writes it. False: there is no flow, or it takes no more. */
  send(text: string): boolean {
    const octets = Buffer.from(text, 'utf8').toString('latin1')
    if (this.#flow === undefined || !this.#flow.send(octets)) return false
    this.#remember(octets)
    return true
  }

  hangUp(): void {
    const flow = this.#flow
    this.#flow = undefined
    flow?.close('phone.closed')
    this.#failPending()
  }

  async close(): Promise<void> {
    this.hangUp()
    await this.#transport.close()
  }

  /** Breaks the flow as a lost network would; the phone above may dial again. */
  breakFlow(): void {
    this.#flow?.close('link.reset')
  }

  #received(message: SipMessage, flow: Flow): void {
    if (flow !== this.#flow) return
    if (message.kind === 'response' && message.status >= 200 && message.branch !== undefined)
      this.#pending.delete(message.branch)
    this.user?.onText(readableChallenges(decodeText(message.text)))
  }

  #refused(refusal: Refusal): void {
    this.lastVerdict = judgeRefusal(refusal)
  }

  #closed(flow: Flow, because: string): void {
    if (flow !== this.#flow) return
    this.#flow = undefined
    const found = this.lastVerdict ?? verdict(lossCode(because), { direction: 'outgoing', found: because })
    this.lastVerdict = found
    this.user?.onLost(unreachable(this.#name(), found))
    this.#failPending()
  }

  /** A transport error counts as a 503 (RFC 3261 §8.1.3.1); sip.js notices one only while it sends. */
  #failPending(): void {
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    for (const request of pending)
      this.user?.onText(decodeText(answer(request, 503, { reason: lostReason, toTag: 'lost' })))
  }

  #remember(octets: string): void {
    if (octets.startsWith('SIP/2.0 ') || octets.startsWith('ACK ')) return
    const request = parseText(octets)
    if (request.kind !== 'request' || request.branch === undefined) return
    this.#pending.set(request.branch, request)
    const oldest = this.#pending.size > mostPending ? this.#pending.keys().next().value : undefined
    if (oldest !== undefined) this.#pending.delete(oldest)
  }

  async #hop(): Promise<NextHop> {
    const { host, address, port, transport } = this.#target
    const secure = isSecure(transport)
    if (secure && this.#material !== undefined) {
      this.#transport.setOutgoingTls(face, this.#material())
      this.#material = undefined
    }
    return {
      transport,
      address: address ?? (await this.#lookUp(host)),
      port,
      verifyName: secure ? host : undefined,
      host,
      face,
    }
  }

  async #lookUp(host: string): Promise<string> {
    if (isIP(host) !== 0) return host
    const [address] = await this.#addresses(host)
    if (address === undefined)
      throw unreachable(this.#name(), verdict('dns.not-found', { found: `${host} has no address` }))
    return address
  }

  async #addresses(host: string): Promise<readonly string[]> {
    try {
      const four = await this.#resolver.a(host)
      return four.length > 0 ? four : await this.#resolver.aaaa(host)
    } catch (error) {
      if (!(error instanceof ResolveError)) throw error
      throw unreachable(this.#name(), verdict('dns.unreachable', { found: error.message }), error)
    }
  }

  #name(): string {
    const { host, address, port, transport } = this.#target
    return `no ${transport} flow to ${host}${address === undefined ? '' : ` at ${address}`}:${port}`
  }
}

/** Reason of the 503 that stands for a lost flow. */
export const lostReason = 'Flow lost'

function lossCode(because: string): VerdictCode {
  return isVerdictCode(because) ? because : 'link.reset'
}

function materialOf(ca: readonly string[], identity: PhoneSettings['clientCertificate']): TlsMaterial {
  return {
    certificate: identity?.certificate ?? '',
    key: identity?.key ?? '',
    ca,
    crl: undefined,
    own: { serial: '', fingerprint: '', notAfter: Number.POSITIVE_INFINITY },
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: undefined,
  }
}
