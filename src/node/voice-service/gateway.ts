/**
 * A peer that behaves like a voice service of the cloud: a trunk shows itself with OPTIONS, is called back with
 * OPTIONS, and then may call telephone numbers. Each call rings and is answered automatically; there is no media.
 */
import type { VerdictCode } from '../../verdicts/codes.ts'
import type { Clock } from '../../sip/clock.ts'
import type { HeaderField, SipRequest, SipUri } from '../../sip/message/types.ts'
import { OwnNames } from '../../sip/routing/own.ts'
import type { Proxy } from '../../sip/routing/proxy.ts'
import type { FaceSettings, Locate } from '../../sip/routing/settings.ts'
import { defaultTransactionLimits } from '../../sip/transaction/settings.ts'
import { TimerWheel } from '../../sip/transaction/timer-wheel.ts'
import { defaultTimers } from '../../sip/transaction/types.ts'
import type { TransportLayer } from '../../sip/transport/types.ts'
import { createUserAgent, type IncomingRequest, type UserAgent } from '../../sip/user-agent/index.ts'
import type { GatewaySettings, NodePlan } from '../../topology/plan-types.ts'
import type { Directory } from '../diagnosis.ts'
import type { NodeLinks } from '../links.ts'
import type { Recorder } from '../recorder.ts'
import { type Trunk, Trunks } from './trunks.ts'
import { isIPv6 } from 'node:net'

export interface GatewayOptions {
  readonly plan: NodePlan
  readonly settings: GatewaySettings
  readonly clock: Clock
  readonly transport: TransportLayer
  readonly locate: Locate
  readonly face: FaceSettings
  readonly who: Directory
  readonly recorder: Recorder
}

/** What Microsoft publishes for trunks whose certificate fails when its service dials them (topology-facts §7.1). */
const publishedCodes: Readonly<Partial<Record<VerdictCode, { readonly code: string; readonly hresult?: string }>>> = {
  'cert.name-mismatch': { code: '569002', hresult: '0x80090322' },
  'tls.handshake-failed': { code: '569003', hresult: '0x80090326' },
  'cert.expired': { code: '569008', hresult: '0x80090328' },
  'chain.untrusted-root': { code: '569009', hresult: '0x80090325' },
  'link.refused': { code: '549002' },
  'link.timeout': { code: '549002' },
  'link.reset': { code: '549002' },
}

const ringMs = 250
/** Call-IDs in progress; far more than a lab needs. */
const mostCalls = 2000
const e164 = /^\+[1-9]\d{6,14}$/

/** Takes the place that a proxy has in other roles; its links are its trunks. */
export function openGateway(options: GatewayOptions): { readonly proxy: Proxy; readonly links: NodeLinks } {
  const gateway = new Gateway(options)
  return {
    proxy: { transactions: gateway.agent.transactions, own: gateway.own, close: () => gateway.agent.close() },
    links: gateway.trunks,
  }
}

class Gateway {
  readonly agent: UserAgent
  readonly own: OwnNames
  readonly trunks: Trunks
  readonly #options: GatewayOptions
  readonly #contact: HeaderField
  readonly #calls = new Set<string>()

  constructor(options: GatewayOptions) {
    const { plan, settings, clock, transport, locate, face, who, recorder } = options
    this.#options = options
    this.trunks = new Trunks({
      plan,
      clock,
      names: settings.trunks,
      who,
      recorder,
      ask: (uri) => this.agent.request('OPTIONS', uri),
    })
    this.own = new OwnNames({ internal: face })
    const contact = `<sip:${plan.fqdn}:${portOf(plan)};transport=tls>`
    this.#contact = ['Contact', contact]
    this.agent = createUserAgent({
      clock,
      wheel: new TimerWheel(clock),
      timers: defaultTimers,
      limits: defaultTransactionLimits,
      transport,
      locate,
      face: 'internal',
      identity: `<sip:${plan.fqdn}>`,
      contact: () => contact,
      via: (flow, branch) => this.own.via(flow, branch),
      headers: [['User-Agent', 'siplab voice service']],
      onRequest: (incoming) => this.#take(incoming),
    })
  }

  #take(incoming: IncomingRequest): void {
    const { method } = incoming.request
    if (method === 'BYE') return this.#end(incoming)
    const trunk = this.#trunkOf(incoming)
    if (trunk === undefined)
      return this.#refuse(
        incoming,
        403,
        'trunk.unknown',
        'the FQDN in Record-Route or Contact is of no trunk, or not in its certificate',
      )
    if (method === 'OPTIONS') return this.#greet(incoming, trunk)
    if (method !== 'INVITE') return incoming.respond(incoming.request.toTag === undefined ? 405 : 200)
    return this.#call(incoming, trunk)
  }

  /**
   * The FQDN in Record-Route counts, then that in Contact, and only when the certificate proves it (topology-facts
   * §7.1).
   */
  #trunkOf({ request, flow }: IncomingRequest): Trunk | undefined {
    const fqdn = claimedHost(request)
    if (fqdn === undefined || !this.#proves(flow.peer?.names, fqdn)) return undefined
    return this.trunks.named(fqdn)
  }

  /** A peer that asks for no client certificate knows its trunks by what they say. */
  #proves(names: readonly string[] | undefined, fqdn: string): boolean {
    const { plays } = this.#options.settings
    if (names === undefined) return plays !== undefined && plays.rules.clientCertificate !== 'required'
    return names.includes(fqdn)
  }

  #greet(incoming: IncomingRequest, trunk: Trunk): void {
    incoming.respond(200, {
      headers: [
        ['Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS'],
        ['Accept', 'application/sdp'],
      ],
    })
    this.trunks.greeted(trunk, wayBack(incoming.request))
  }

  #call(incoming: IncomingRequest, trunk: Trunk): void {
    const { request } = incoming
    if (this.#calls.has(request.callId)) return incoming.respond(200, this.#answer())
    if (trunk.state === 'failed') return this.#refuseFailed(incoming, trunk)
    if (trunk.state !== 'active')
      return this.#refuse(incoming, 403, 'trunk.silent', 'the trunk has not sent OPTIONS yet')
    if (!isTelephone(request.uri))
      return this.#refuse(incoming, 403, 'trunk.no-telephone-number', 'wanted tel: or user=phone')
    if (!e164.test(numberIn(request.uri)))
      return this.#refuse(
        incoming,
        403,
        'trunk.number-not-e164',
        `wanted a number such as +493012345, found ${numberIn(request.uri)}`,
      )
    if (this.#calls.size >= mostCalls)
      return this.#refuse(incoming, 503, 'overload.calls', 'the trunk has reached its limit of calls')
    incoming.respond(180, { headers: [this.#contact] })
    this.#options.clock.after(ringMs, () => {
      if (!incoming.open) return
      this.#calls.add(request.callId)
      incoming.respond(200, this.#answer())
    })
  }

  /** 504, as published; the number goes into Warning, where a capture shows it. */
  #refuseFailed(incoming: IncomingRequest, { trouble, names }: Trunk): void {
    const published = trouble === undefined ? undefined : publishedCodes[trouble.code as VerdictCode]
    const text =
      `${published?.code ?? ''} ${trouble?.message ?? 'the trunk cannot be called back'} ${published?.hresult ?? ''}`
        .trim()
        .replace(/["\\\r\n]/g, "'")
    this.#options.recorder.record('request.refused', {
      message: `a call of ${names[0]} was refused: ${text}`,
      data: { status: 504 },
    })
    incoming.respond(504, { headers: [['Warning', `399 ${this.#options.plan.fqdn} "${text}"`]] })
  }

  #refuse(incoming: IncomingRequest, status: number, because: string, found: string): void {
    this.#options.recorder.record('request.refused', {
      message: `${incoming.request.method} was refused: ${found}`,
      data: { status, because },
    })
    incoming.respond(status, {
      headers: [['Warning', `399 ${this.#options.plan.fqdn} "${because}: ${found.replace(/["\\\r\n]/g, "'")}"`]],
    })
  }

  #end(incoming: IncomingRequest): void {
    incoming.respond(this.#calls.delete(incoming.request.callId) ? 200 : 481)
  }

  #answer(): { readonly headers: readonly HeaderField[]; readonly body: string } {
    const { plan } = this.#options
    const address = plan.faces[0]?.address ?? '127.0.0.1'
    const family = isIPv6(address) ? 'IP6' : 'IP4'
    const body = [
      'v=0',
      `o=- 1 1 IN ${family} ${address}`,
      's=-',
      `c=IN ${family} ${address}`,
      't=0 0',
      'm=audio 49170 RTP/AVP 0 8',
      'a=sendrecv',
      '',
    ].join('\r\n')
    return { headers: [this.#contact, ['Content-Type', 'application/sdp']], body }
  }
}

function portOf({ listeners }: NodePlan): number {
  return listeners.find(({ transport }) => transport === 'tls')?.port ?? 5061
}

function claimedHost(request: SipRequest): string | undefined {
  const [route] = request.addresses('Record-Route')
  return (route ?? request.addresses('Contact')[0])?.uri.host
}

function wayBack(request: SipRequest): string | undefined {
  const uri = (request.addresses('Record-Route')[0] ?? request.addresses('Contact')[0])?.uri
  return uri === undefined ? undefined : `sip:${uri.host}:${uri.port ?? 5061};transport=tls`
}

function isTelephone(uri: SipUri): boolean {
  return uri.scheme === 'tel' || uri.parameters.get('user')?.toLowerCase() === 'phone'
}

/** Visual separators do not count (RFC 3966 §5.1.1). */
function numberIn({ user = '' }: SipUri): string {
  return (user.split(';', 1)[0] ?? '').replace(/[-.()]/g, '')
}
