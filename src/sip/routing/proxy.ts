/**
 * The proxy core (RFC 3261 §16): a transaction user that asks the lists of the face where a request goes and acts on
 * the answer. One part of §16 a file: validate, preprocess, targets, forward, response-context.
 */
import { MessageError } from '../message/message-error.ts'
import { answer } from '../message/answer.ts'
import { parseOwn } from '../message/parse.ts'
import type { SipRequest, SipResponse } from '../message/types.ts'
import { createTransactions } from '../transaction/layer.ts'
import type { ServerTransaction, TransactionLayer, TransactionUser } from '../transaction/types.ts'
import type { Flow } from '../transport/flow.ts'
import { Incoming } from './arrival.ts'
import type { Core } from './core.ts'
import { type Decision, type Policy, refuse, type Target } from './decision.ts'
import { Detours } from './detours.ts'
import { codeOf } from './error-code.ts'
import { endsHere } from './late-answers.ts'
import { OwnNames } from './own.ts'
import { isForServer, ownOptions } from './own-options.ts'
import { preprocess } from './preprocess.ts'
import { notSecured, reply } from './reply.ts'
import { ResponseContext } from './response-context.ts'
import { sendBack } from './return-path.ts'
import { canBeSecure, isSecureFlow, mustBeSecure } from './secured.ts'
import type { ProxySettings } from './settings.ts'
import { forwardAck } from './stateless.ts'
import { decide } from './targets.ts'
import { type Rules, tooManyHops, validate } from './validate.ts'

/** Hand `transactions` what the transport reports: its `onRequest`, `onResponse`, `onFlowClosed`. */
export interface Proxy {
  readonly transactions: TransactionLayer
  readonly own: OwnNames
  close(): void
}

/**
 * @example
 * const proxy = createProxy({ clock, wheel, timers: defaultTimers, limits: defaultTransactionLimits, transport, locate,
 * health,
 *   faces: { internal: { name: 'fe1.lab.test', recordRouteName: 'fe1.lab.test', ports: { tls: 5061 }, alsoKnownAs: [],
 * admit, target } },
 *   forward: defaultForward, optionTags: ['ms-benotify'], diagnostics: () => [], on: {} })
 */
export function createProxy(settings: ProxySettings): Proxy {
  return new ProxyCore(settings)
}

class ProxyCore implements Proxy, TransactionUser, Core {
  readonly settings: ProxySettings
  readonly own: OwnNames
  readonly transactions: TransactionLayer
  readonly detours = new Detours()
  readonly answers = new Detours()
  private readonly rules: Rules
  /** Per face: who may, the proxy's own business, where to. */
  private readonly lists = new Map<string, readonly Policy[]>()

  constructor(settings: ProxySettings) {
    this.settings = settings
    this.own = new OwnNames(settings.faces, settings.servedDomains ?? settings.domains)
    this.transactions = createTransactions({
      clock: settings.clock,
      wheel: settings.wheel,
      timers: settings.timers,
      limits: settings.limits,
      trying: 'at-once',
      user: this,
      ...(settings.shed === undefined ? {} : { shed: settings.shed }),
      ...(settings.sameUser === undefined ? {} : { sameUser: settings.sameUser }),
      ...(settings.sealed === undefined ? {} : { sealed: settings.sealed }),
      onUndeliverable: (flow, text) => this.sendBack(flow, text),
    })
    const optionTags = new Set(settings.optionTags.map((tag) => tag.toLowerCase()))
    const { domains = [], clock } = settings
    this.rules = {
      schemes: new Set(['sip', 'sips', 'tel']),
      optionTags,
      branchPrefix: this.transactions.branchPrefix,
      mayAnswer: (arrival) => arrival.request.method === 'REGISTER' || isForServer(arrival, this.own, domains),
    }
    const own = ownOptions({ own: this.own, domains, optionTags: settings.optionTags, clock })
    for (const [name, face] of Object.entries(settings.faces))
      this.lists.set(name, [...face.admit, own, ...face.target])
  }

  onRequest(transaction: ServerTransaction): void {
    const { request, flow } = transaction
    let arrival: Incoming | undefined
    try {
      const arrived = new Incoming(request, flow, this.settings.clock)
      arrival = arrived
      const decision = this.judge(arrived)
      if (!(decision instanceof Promise)) return this.act(transaction, arrived, decision)
      transaction.context = undecided
      decision
        .then((settled) => this.act(transaction, arrived, settled))
        .catch((error: unknown) => this.crash(transaction, request, error, arrived))
    } catch (error) {
      this.crash(transaction, request, error, arrival)
    }
  }

  onAck(ack: SipRequest, flow: Flow): void {
    try {
      const arrival = new Incoming(ack, flow, this.settings.clock)
      const decision = this.judge(arrival)
      if (!(decision instanceof Promise)) return this.actOnAck(arrival, decision)
      decision
        .then((settled) => this.actOnAck(arrival, settled))
        .catch((error: unknown) => this.dropAck(ack, flow, error))
    } catch (error) {
      this.dropAck(ack, flow, error)
    }
  }

  /** §16.10. While the lists have not decided yet there is nothing to cancel but the request itself. */
  onCancel(invite: ServerTransaction, cancel: SipRequest): void {
    const { context } = invite
    if (context instanceof ResponseContext) return context.cancel(reasonsOf(cancel))
    if (context !== undecided) return
    invite.context = undefined
    if (!invite.proceeding) return
    const { request } = invite
    invite.respond(487, answer(request, 487))
    this.settings.on.answered?.(request, 487, 'request.cancelled')
  }

  onStrayResponse(response: SipResponse, flow: Flow): void {
    this.settings.on.dropped?.(response, flow, response.hasOneVia ? endsHere : 'response.stray')
  }

  close(): void {
    this.transactions.close()
  }

  /** §16.3 and §16.4, then the lists. */
  private judge(arrival: Incoming): Decision | Promise<Decision> {
    preprocess(arrival, this.own, (this.settings.servedDomains ?? this.settings.domains)?.[0])
    const refusal = validate(arrival, this.rules)
    if (refusal === undefined) {
      const decision = decide(this.lists.get(arrival.face) ?? [], arrival)
      return decision instanceof Promise
        ? decision.then((settled) => this.lawful(arrival, settled))
        : this.lawful(arrival, decision)
    }
    arrival.decidedBy = 'validate'
    return refusal
  }

  /** The last word before anything is sent: the targets that the law allows; its refusal when it allows none. */
  private lawful(arrival: Incoming, decision: Decision): Decision {
    const { forbids } = this.settings
    if (decision.kind !== 'route') return decision
    if (arrival.request.maxForwards === 0) {
      arrival.decidedBy = 'validate'
      return tooManyHops
    }
    if (forbids === undefined) return this.secured(arrival, decision)
    let refusal: Decision | undefined
    for (const target of decision.targets) refusal = forbids(arrival, target) ?? refusal
    if (refusal === undefined) return this.secured(arrival, decision)
    arrival.decidedBy = 'law'
    const targets = decision.targets.filter((target) => forbids(arrival, target) === undefined)
    return targets.length === 0 ? refusal : this.secured(arrival, { ...decision, targets })
  }

  /** The targets that a `sips` request may leave for (RFC 5630 §5.3). */
  private secured(arrival: Incoming, decision: Extract<Decision, { kind: 'route' }>): Decision {
    if (!decision.targets.some((target) => mustBeSecure(arrival, target))) return decision
    const isSecure = isSecureFlow(this)
    const targets = decision.targets.filter((target) => canBeSecure(arrival, target, isSecure))
    if (targets.length === decision.targets.length) return decision
    arrival.decidedBy = 'sips'
    return targets.length === 0 ? refuse(480, notSecured) : { ...decision, targets }
  }

  private act(transaction: ServerTransaction, arrival: Incoming, decision: Decision): void {
    this.settings.on.decision?.(arrival, decision, arrival.decidedBy)
    if (!transaction.proceeding) return
    switch (decision.kind) {
      case 'route': {
        const context = new ResponseContext(this, transaction, arrival, decision.targets)
        transaction.context = context
        return context.start()
      }
      case 'refuse':
        return reply(this, transaction, arrival, { ...decision, detail: decision.found })
      case 'answer':
        return reply(this, transaction, arrival, { ...decision, because: undefined })
      case 'drop':
        transaction.drop()
        return this.settings.on.dropped?.(arrival.request, arrival.flow, decision.because)
      case 'pass':
        throw new TypeError('the walk through the lists ended with pass')
      default:
        return decision satisfies never
    }
  }

  private actOnAck(arrival: Incoming, decision: Decision): void {
    this.settings.on.decision?.(arrival, decision, arrival.decidedBy)
    const [target] = decision.kind === 'route' ? decision.targets : []
    if (target === undefined) return this.settings.on.dropped?.(arrival.request, arrival.flow, because(decision))
    const answered = 'because' in decision && decision.because === 'local-user' ? this.answererOf(arrival) : undefined
    if (answered !== undefined) return forwardAck(this, arrival, answered)
    const detour = this.detours.of(arrival.request, this.settings.clock.now())
    if (detour === undefined) return forwardAck(this, arrival, target)
    arrival.leaveRoute()
    forwardAck(this, arrival, { ...detour, uri: arrival.uri.text })
  }

  /** The binding that an ACK for the user is meant for: the one that answered. */
  private answererOf(arrival: Incoming): Target | undefined {
    const target = this.answers.of(arrival.request, this.settings.clock.now())
    return target === undefined || this.settings.forbids?.(arrival, target) !== undefined ? undefined : target
  }

  /** The peer's fault gets the status it earned; anything else is our bug and 500. */
  private crash(
    transaction: ServerTransaction,
    request: SipRequest,
    error: unknown,
    arrival: Incoming | undefined,
  ): void {
    const status = error instanceof MessageError ? error.status : 500
    if (status === 500) this.settings.on.failed?.(request, error)
    if (error instanceof MessageError) this.settings.on.malformed?.(transaction.flow, error.message)
    if (!transaction.proceeding) return
    const because = error instanceof MessageError ? `message.${error.code}` : 'internal.error'
    const { flow } = transaction
    const asker = arrival ?? { face: flow.face, flow }
    const headers = status === 500 ? [] : this.settings.diagnostics(because, asker, status, error)
    transaction.respond(status, answer(request, status, { headers }))
    this.settings.on.answered?.(request, status, because)
  }

  private dropAck(ack: SipRequest, flow: Flow, error: unknown): void {
    const why = error instanceof MessageError ? `message.${error.code}` : codeOf(error)
    if (why === 'internal.error') this.settings.on.failed?.(ack, error)
    this.settings.on.dropped?.(ack, flow, why)
  }

  /** Never throws: the Vias below ours are as the peer sent them back, and nothing had to read them before. */
  sendBack(flow: Flow, text: string): void {
    this.dialBack(flow, text).catch((error: unknown) => this.settings.on.failed?.(undefined, error))
  }

  private async dialBack(flow: Flow, text: string): Promise<void> {
    const { transport, dialsBack, on } = this.settings
    const lost = (why: string): void => on.dropped?.(parseOwn(text), flow, why)
    if (flow.open) return lost('flow.refused-message')
    if (dialsBack?.(flow) !== true) return lost('response.not-dialled')
    return sendBack({ transport, flow }, text, lost)
  }
}

/** The context of a transaction until the lists have decided. */
const undecided = Symbol('undecided')

/** RFC 3326: what the caller says goes along; undefined: nothing. */
function reasonsOf(cancel: SipRequest): string | undefined {
  const reasons = cancel.headers('Reason')
  return reasons.length === 0 ? undefined : reasons.join(', ')
}

function because(decision: Decision): string {
  return 'because' in decision ? decision.because : `ack.${decision.kind}`
}
