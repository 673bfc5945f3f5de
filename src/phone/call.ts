/** A call of a phone, in either direction: from INVITE to BYE, without media. */
import { SessionState, UserAgent, type Core, type Invitation, type Inviter, type Session } from 'sip.js'
import type { Clock } from '../sip/clock.ts'
import { answered, errorOf, readAnswer } from './answered.ts'
import { within } from './deadline.ts'
import type { PhoneLine } from './line.ts'
import { PhoneError, type PhoneAnswer } from './phone-error.ts'
import type { Call, CallEnd, IncomingCall, OutgoingCall } from './types.ts'

/** What a call needs of its phone. */
export interface CallHome {
  readonly line: PhoneLine
  readonly clock: Clock
  readonly answerMs: number
  readonly ringMs: number
}

/** Both kinds share how they end. */
abstract class SipCall<S extends Session> implements Call {
  abstract readonly direction: 'outgoing' | 'incoming'
  readonly peer: string
  readonly established: Promise<void>
  readonly ended: Promise<CallEnd>
  protected readonly session: S
  protected readonly home: CallHome
  protected readonly onEstablished = Promise.withResolvers<void>()
  protected readonly onEnded = Promise.withResolvers<CallEnd>()
  /** How it will have ended, as soon as that is known. */
  protected end: CallEnd | undefined
  readonly id: string

  constructor(session: S, id: string, peer: string, home: CallHome) {
    this.session = session
    this.id = id
    this.peer = peer
    this.home = home
    this.established = this.onEstablished.promise
    this.ended = this.onEnded.promise
    // Who only waits for `ended` need not handle the other.
    this.established.catch(() => undefined)
    session.delegate = {
      onBye: (bye) => {
        this.end = { by: 'them', how: 'bye' }
        void bye.accept()
      },
      onCancel: () => {
        this.end = { by: 'them', how: 'cancel' }
      },
    }
    session.stateChange.addListener((state) => this.#onState(state))
  }

  get state(): Call['state'] {
    switch (this.session.state) {
      case SessionState.Established:
        return 'established'
      case SessionState.Terminated:
        return 'ended'
      default:
        return 'ringing'
    }
  }

  async hangUp(): Promise<void> {
    if (this.state === 'ended') return
    if (this.state === 'ringing') return this.abandon()
    this.end = { by: 'us', how: 'bye' }
    const bye = answered(`BYE ${this.peer}`, this.home.line)
    await this.session.bye({ requestDelegate: bye.delegate })
    await this.wait(`BYE ${this.peer}`, bye.accepted)
  }

  async renew(): Promise<PhoneAnswer> {
    const what = `re-INVITE ${this.peer}`
    if (this.state !== 'established')
      throw new PhoneError('phone.not-so', `the call with ${this.peer} is not established: there is nothing to renew`)
    const { delegate, accepted } = answered(what, this.home.line)
    await this.session.invite({ requestDelegate: delegate })
    return readAnswer(await this.wait(what, accepted))
  }

  async transfer(to: string): Promise<PhoneAnswer> {
    const what = `REFER ${this.peer} to ${to}`
    const target = UserAgent.makeURI(to)
    if (target === undefined || this.state !== 'established')
      throw new PhoneError(
        'phone.not-so',
        `${what}: wanted a SIP URI such as sip:bob@lab.test and an established call, found ${this.state}`,
      )
    const { delegate, accepted } = answered(what, this.home.line)
    await this.session.refer(target, { requestDelegate: delegate })
    return readAnswer(await this.wait(what, accepted))
  }

  protected abstract abandon(): Promise<void>

  protected wait<T>(what: string, work: Promise<T>, ms = this.home.answerMs): Promise<T> {
    return within(this.home.clock, ms, what, work)
  }

  #onState(state: SessionState): void {
    if (state === SessionState.Established) return this.onEstablished.resolve()
    if (state !== SessionState.Terminated) return
    endRetransmissions(this.session)
    // sip.js changes state before it calls the delegate of a refused INVITE.
    queueMicrotask(() => {
      const end = this.end ?? { by: 'them', how: 'failed' }
      this.onEstablished.reject(
        new PhoneError('phone.cancelled', `the call with ${this.peer} ended before it was established`, end.answer),
      )
      this.onEnded.resolve(end)
    })
  }
}

/**
 * A 200 is repeated until its ACK comes (RFC 3261 §13.3.1.4). Of its two such timers, for INVITE and re-INVITE, sip.js
 * keeps one handle, so a dialog that ends while an ACK is missing leaves the other running for ever. Each looks at
 * these fields at its next turn (4 s at most).
 */
function endRetransmissions({ dialog }: Session): void {
  if (dialog === undefined) return
  Reflect.set(dialog, 'reinviteUserAgentServer', undefined)
  Reflect.set(dialog, 'ackWait', false)
}

class Outgoing extends SipCall<Inviter> implements OutgoingCall {
  readonly direction = 'outgoing'
  readonly progress: number[] = []
  #cancelled = false

  async start(connect: () => Promise<void>): Promise<void> {
    const what = `INVITE ${this.peer}`
    const giveUp = this.home.clock.after(this.home.ringMs, () => {
      this.onEstablished.reject(
        new PhoneError('phone.timeout', `${what}: rang for ${this.home.ringMs} ms, then was given up`),
      )
      this.#sendCancel()
    })
    try {
      await connect()
      await this.session.invite({ requestDelegate: this.#watch(what) })
      await Promise.race([this.established, this.ended])
    } catch (error) {
      this.end ??= { by: 'us', how: 'failed' }
      this.onEstablished.reject(error)
      if (this.session.state === SessionState.Initial) await this.session.cancel()
    } finally {
      giveUp.cancel()
    }
  }

  cancel(): Promise<CallEnd> {
    if (this.state === 'established')
      return Promise.reject(
        new PhoneError('phone.not-so', `the call with ${this.peer} is established; it ends with BYE, not with CANCEL`),
      )
    this.#sendCancel()
    return this.wait(`CANCEL ${this.peer}`, this.ended)
  }

  protected override async abandon(): Promise<void> {
    await this.cancel()
  }

  #sendCancel(): void {
    if (this.#cancelled || this.state !== 'ringing' || this.session.state === SessionState.Terminating) return
    this.#cancelled = true
    // Before the INVITE has left there is no answer to tell how it ended.
    if (this.session.state === SessionState.Initial) this.end = { by: 'us', how: 'cancel' }
    void this.session.cancel()
  }

  #watch(what: string): Core.OutgoingRequestDelegate {
    const finish = (response: Core.IncomingResponse): void => {
      const answer = readAnswer(response)
      this.end = this.#cancelled ? { by: 'us', how: 'cancel', answer } : { by: 'them', how: 'refused', answer }
      const error = this.#cancelled
        ? new PhoneError('phone.cancelled', `${what} was cancelled by us`, answer)
        : errorOf(what, this.home.line, response)
      this.onEstablished.reject(error)
    }
    return {
      onProgress: ({ message }) => void this.progress.push(message.statusCode ?? 0),
      onReject: finish,
      onRedirect: finish,
    }
  }
}

class Incoming extends SipCall<Invitation> implements IncomingCall {
  readonly direction = 'incoming'

  header(name: string): string | undefined {
    return this.session.request.getHeader(name)
  }

  async answer(): Promise<void> {
    if (this.session.state !== SessionState.Initial)
      throw new PhoneError('phone.not-so', `the call from ${this.peer} no longer waits for an answer`)
    await this.wait(`200 to INVITE from ${this.peer}`, this.session.accept())
  }

  async reject(status = 486): Promise<void> {
    if (this.session.state !== SessionState.Initial)
      throw new PhoneError('phone.not-so', `the call from ${this.peer} no longer waits for an answer`)
    this.end = { by: 'us', how: 'refused' }
    await this.session.reject({ statusCode: status })
  }

  protected override abandon(): Promise<void> {
    return this.reject(480)
  }
}

/** The INVITE leaves as soon as there is a flow; what comes of it shows in `established`. */
export function placeCall(inviter: Inviter, peer: string, home: CallHome, connect: () => Promise<void>): OutgoingCall {
  const call = new Outgoing(inviter, inviter.request.callId, peer, home)
  void call.start(connect)
  return call
}

export function receiveCall(invitation: Invitation, home: CallHome): IncomingCall {
  return new Incoming(invitation, invitation.request.callId, invitation.remoteIdentity.uri.toString(), home)
}
