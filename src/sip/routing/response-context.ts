/** RFC 3261 §16.7: what one request has going on: its target set, its forks, the answers so far. */
import { MessageError } from '../message/message-error.ts'
import { reasonOf } from '../message/reasons.ts'
import type { HeaderField, NameAddress, SipResponse, SipUri } from '../message/types.ts'
import { equalUris, parseUri } from '../message/uri.ts'
import type { ServerTransaction } from '../transaction/types.ts'
import type { Flow } from '../transport/flow.ts'
import type { Incoming } from './arrival.ts'
import { type Outcome, better } from './best-response.ts'
import type { Core } from './core.ts'
import type { Decision, Target } from './decision.ts'
import { isServer } from './dialog-record.ts'
import { Fork, type ForkContext } from './fork.ts'
import { groupTargets } from './groups.ts'
import { LateAnswers } from './late-answers.ts'
import { mayHearOfFlows, reply } from './reply.ts'
import { canBeSecure, isSecureFlow } from './secured.ts'
import { type WayBack, writeBack } from './write-back.ts'

export class ResponseContext implements WayBack, ForkContext {
  readonly core: Core
  readonly isInvite: boolean
  readonly arrival: Incoming
  private readonly transaction: ServerTransaction
  private readonly hasOthers: boolean
  /** Groups still to be tried, highest q first. */
  private groups: readonly Target[][]
  private forks: readonly Fork[] = noForks
  private pending = 0
  private taken = 0
  private best: Outcome | undefined = undefined
  private challenges: SipResponse[] | undefined = undefined
  /** What is in the target set; undefined: no 3xx came. */
  private seen: SipUri[] | undefined = undefined
  cancelled = false
  private finished = false

  constructor(core: Core, transaction: ServerTransaction, arrival: Incoming, targets: readonly Target[]) {
    this.core = core
    this.transaction = transaction
    this.arrival = arrival
    this.isInvite = arrival.request.method === 'INVITE'
    this.groups = groupTargets(targets.slice(0, core.settings.forward.targets), arrival.breadth)
    this.hasOthers = targets.some(({ others }) => others !== undefined)
    this.taken = Math.min(targets.length, core.settings.forward.targets)
  }

  get face(): string {
    return this.arrival.face
  }

  /** Who passes further 2xx of a fork on when its first has gone back. */
  late(from: Flow | undefined): LateAnswers {
    const isEdited = this.core.settings.faces[this.face]?.editResponse !== undefined
    return new LateAnswers(this.core, isEdited ? this.arrival : undefined, this.transaction.flow, from)
  }

  start(): void {
    if (!this.startGroup()) this.answerHere(480, 'route.no-target')
  }

  /**
   * §16.10.
   * @param reason of the caller's CANCEL (RFC 3326)
   */
  cancel(reason: string | undefined): void {
    if (this.cancelled) return
    this.cancelled = true
    this.stopAll(reason)
  }

  onProvisional(response: SipResponse, from: Flow | undefined): void {
    // RFC 4320 §4.1 keeps provisional answers to other methods from travelling.
    if (this.finished || !this.isInvite) return
    this.pass(response, nothingMore, from)
  }

  onFinal(fork: Fork, response: SipResponse, from: Flow | undefined): void {
    this.pending--
    if (response.status < 300) return this.onSuccess(fork, response, from)
    if (response.status < 400 && this.recurse(response)) return this.next()
    if (response.status === 401 || response.status === 407) (this.challenges ??= []).push(response)
    this.keep({ status: response.status, response, from, because: '', detail: undefined, fork })
  }

  onFailure(fork: Fork, status: number, because: string, detail: unknown): void {
    this.pending--
    this.keep({ status, response: undefined, from: undefined, because, detail, fork })
  }

  /** A bug: the request gets its answer all the same. */
  crash(fork: Fork, error: unknown): void {
    this.core.settings.on.failed?.(this.arrival.request, error)
    if (fork.done) return
    fork.done = true
    this.onFailure(fork, 500, 'internal.error', error)
  }

  private keep(outcome: Outcome): void {
    if (!this.finished) this.best = better(this.best, outcome)
    if (outcome.status >= 600) this.stopAll(`SIP;cause=${outcome.status};text="${reasonOf(outcome.status)}"`)
    this.next()
  }

  /** §16.7 step 5: a 2xx goes back at once, each one to an INVITE; the other forks are cancelled (step 10). */
  private onSuccess(fork: Fork, response: SipResponse, from: Flow | undefined): void {
    this.noteAnswer(fork, response)
    if (!this.finished || this.isInvite) this.pass(response, nothingMore, from)
    if (!this.finished) this.finish(response.status, undefined)
    this.stopAll(completedElsewhere)
  }

  /** An ACK may come by the name of the user: it is for the one of several that answered (§13.2.2.4). */
  private noteAnswer({ target }: Fork, response: SipResponse): void {
    const { answers, settings } = this.core
    if (this.isInvite && (this.forks.length > 1 || this.hasOthers)) answers.note(response, target, settings.clock.now())
  }

  private stopAll(reason: string | undefined): void {
    this.groups = noGroups
    for (const fork of this.forks) fork.cancel(reason)
  }

  /** Goes on when no fork is left to answer: the next group, or the best answer. */
  private next(): void {
    if (this.pending > 0) return
    if (this.finished) return this.letGo()
    if (this.startGroup()) return
    if (this.best !== undefined && isLostWay(this.best) && this.goAround()) return
    this.answerBest()
  }

  /**
   * A flow that a dialog was set up by is gone, or the server that holds it; its user may have come back by another.
   * Asked once: the way around is the second fork. False: there is no one to ask.
   */
  private goAround(): boolean {
    const { arrival } = this
    const { detour } = this.core.settings
    if (detour === undefined || arrival.remarks.dialog?.proved !== true || this.cancelled || this.forks.length > 1)
      return false
    arrival.leaveRoute()
    try {
      const decision = detour(arrival)
      if (decision instanceof Promise)
        decision.then((settled) => this.takeDetour(settled)).catch((error: unknown) => this.failDetour(error))
      else this.takeDetour(decision)
    } catch (error) {
      this.failDetour(error)
    }
    return true
  }

  private takeDetour(decision: Decision): void {
    const [target] = decision.kind === 'route' ? decision.targets : []
    if (this.cancelled) return this.answerHere(487, 'request.cancelled')
    const { settings, detours } = this.core
    if (target === undefined || settings.forbids?.(this.arrival, target) !== undefined) return this.answerBest()
    // What could not be reached a moment ago is not dialled again.
    if (this.best?.status === 504 && this.best.fork.hasHopOf(target)) return this.answerBest()
    settings.on.decision?.(this.arrival, decision, 'detour')
    if (this.isInvite) detours.note(this.arrival.request, target, settings.clock.now())
    this.best = undefined
    this.groups = [[target]]
    this.startGroup()
  }

  private failDetour(error: unknown): void {
    this.core.settings.on.failed?.(this.arrival.request, error)
    this.answerBest()
  }

  private startGroup(): boolean {
    const [group] = this.groups
    if (group === undefined) return false
    this.groups = this.groups.length === 1 ? noGroups : this.groups.slice(1)
    const share = Math.max(1, Math.floor(this.arrival.breadth / group.length))
    const forks = group.map((target) => new Fork(this, target, share))
    this.pending += forks.length
    this.forks = this.forks.length === 0 ? forks : [...this.forks, ...forks]
    for (const fork of forks) fork.start()
    return true
  }

  /** §16.5: Contacts of a redirection join the target set. False: none is new, the 3xx itself is the answer. */
  private recurse(response: SipResponse): boolean {
    if (!this.core.settings.forward.recurse || this.finished || this.cancelled) return false
    this.seen ??= this.urisSoFar()
    const targets: Target[] = []
    for (const contact of contactsOf(response)) {
      if (this.taken >= this.core.settings.forward.targets || !this.isNewTarget(contact)) continue
      this.seen.push(contact.uri)
      const target = redirectTarget(contact)
      // Named by the peer that answered, entitled by nothing: where the law forbids it, the 3xx goes to the caller.
      if (this.core.settings.forbids?.(this.arrival, target) !== undefined) continue
      if (!canBeSecure(this.arrival, target, isSecureFlow(this.core))) continue
      this.taken++
      targets.push(target)
    }
    this.groups = [...groupTargets(targets, this.arrival.breadth), ...this.groups]
    return targets.length > 0
  }

  /** No URI is twice in the target set (§16.5): not that of a target that is still to be tried either. */
  private urisSoFar(): SipUri[] {
    const uris = [this.arrival.uri]
    for (const { uri } of [...this.forks.map(({ target }) => target), ...this.groups.flat()]) {
      const read = readable(uri)
      if (read !== undefined) uris.push(read)
    }
    return uris
  }

  /** A sips request never falls back to sip (§16.5). A header part is for the caller: a Request-URI has none. */
  private isNewTarget({ uri }: NameAddress): boolean {
    if ((uri.scheme !== 'sip' && uri.scheme !== 'sips') || uri.headers !== undefined) return false
    if (this.arrival.uri.scheme === 'sips' && uri.scheme !== 'sips') return false
    return this.seen?.some((known) => equalUris(known, uri)) === false
  }

  private answerBest(): void {
    const { best } = this
    if (best === undefined) return this.answerHere(this.cancelled ? 487 : 480, 'route.no-target')
    if (best.status === 503) return this.answerUnavailable(best)
    if (best.response === undefined) return this.answerHere(best.status, best.because, best.detail)
    if (best.status === 430 && !mayHearOfFlows(this.core, this.arrival)) return this.answerHere(430, 'route.no-flow')
    this.pass(best.response, this.otherChallenges(best.response), best.from)
    this.finish(best.status, undefined)
  }

  /**
   * §16.7 step 6: a 503 is about the next hop, and the client would take it for us. It goes back only when nothing
   * behind us can be used for a while; then it says for how long. A server would send us nothing at all for that time,
   * because of one phone, gateway or partner: it hears of a 503 only where one next hop is all that is behind us.
   */
  private answerUnavailable(best: Outcome): void {
    const seconds = best.because === 'overload.transactions' ? 5 : this.allOutFor()
    if (seconds === undefined)
      return this.answerHere(504, best.because === '' ? 'peer.unavailable' : best.because, best.response)
    this.answerHere(503, best.because === '' ? 'route.all-out' : best.because, best.response, [
      ['Retry-After', String(seconds)],
    ])
  }

  private allOutFor(): number | undefined {
    if (isServer(this.arrival.flow) && this.forks.some(({ target }) => target.by !== 'inward')) return undefined
    let seconds = Infinity
    for (const fork of this.forks) {
      const left = fork.allOutFor()
      if (left === undefined) return undefined
      seconds = Math.min(seconds, left)
    }
    return seconds === Infinity ? undefined : seconds
  }

  /** §16.7 step 7: the client sees every challenge at once. */
  private otherChallenges(best: SipResponse): readonly HeaderField[] {
    if (this.challenges === undefined || (best.status !== 401 && best.status !== 407)) return nothingMore
    const fields: HeaderField[] = []
    for (const response of this.challenges) {
      if (response === best) continue
      for (const name of ['WWW-Authenticate', 'Proxy-Authenticate']) {
        for (const value of response.headers(name)) fields.push([name, value])
      }
    }
    return fields
  }

  private answerHere(
    status: number,
    because: string,
    detail: unknown = undefined,
    headers: readonly HeaderField[] = [],
  ): void {
    this.finished = true
    reply(this.core, this.transaction, this.arrival, { status, because, detail, headers })
    this.letGo()
  }

  private finish(status: number, because: string | undefined): void {
    this.finished = true
    this.core.settings.on.answered?.(this.arrival.request, status, because)
    this.letGo()
  }

  private pass(response: SipResponse, add: readonly HeaderField[], from: Flow | undefined): void {
    this.transaction.respond(response.status, writeBack(this, response, from, add))
  }

  /** What was asked for the answer is not needed behind it. */
  private letGo(): void {
    this.best = undefined
    this.challenges = undefined
    this.seen = undefined
    this.groups = noGroups
    if (this.pending === 0) this.forks = noForks
  }
}

/** RFC 3326 §3.1. */
const completedElsewhere = 'SIP;cause=200;text="Call completed elsewhere"'

/** 430 of a server behind us, or no server on the way could be reached: 504 of our own. */
function isLostWay({ status, response }: Outcome): boolean {
  return status === 430 || (status === 504 && response === undefined)
}

const nothingMore: readonly HeaderField[] = []
const noGroups: readonly Target[][] = []
const noForks: readonly Fork[] = []

/** None when they cannot be read: the redirection goes back as it is. */
function contactsOf(response: SipResponse): readonly NameAddress[] {
  try {
    return response.addresses('Contact')
  } catch (error) {
    if (error instanceof MessageError) return []
    throw error
  }
}

/** undefined: it is no URI, and fails in its own fork. */
function readable(uri: string): SipUri | undefined {
  try {
    return parseUri(uri)
  } catch (error) {
    if (error instanceof MessageError) return undefined
    throw error
  }
}

function redirectTarget(contact: NameAddress): Target {
  const q = Number.parseFloat(contact.parameters.get('q') ?? '1')
  return {
    uri: contact.uri.text,
    flow: undefined,
    routes: [],
    nextHop: undefined,
    q: Number.isFinite(q) ? Math.round(q * 1000) : 1000,
    face: undefined,
  }
}
