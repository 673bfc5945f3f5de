/** The call of a phone in the page: signalling alone, as the phones of `siplab phone` make it. One at a time. */
import { Inviter, SessionState, type Invitation, type Session, type URI, type UserAgent } from 'sip.js'
import { offersMessages } from '../../../phone/session-description.ts'

export interface PageCall {
  /** The other end: `sip:bob@lab.test`. */
  readonly uri: string
  readonly direction: 'outgoing' | 'incoming'
  readonly state: 'ringing' | 'established'
  /** When it was answered, milliseconds since the epoch; absent: it rings. */
  readonly since?: number
}

export interface CallUser {
  /** undefined: there is no call any more. */
  onCall(call: PageCall | undefined): void
  /** The other end ended it, or never took it. */
  onCallEnded(because: string): void
}

export class Calls {
  readonly #user: CallUser
  #session: Session | undefined
  #isOurEnd = false

  constructor(user: CallUser) {
    this.#user = user
  }

  /** For `UserAgentDelegate.onInvite`: a session of messages, as Communicator opens it, is none of ours. */
  take(invitation: Invitation): void {
    const { uri } = invitation.request.from
    if (offersMessages(invitation.body)) return void invitation.reject({ statusCode: 488 })
    if (this.#session !== undefined) return void invitation.reject({ statusCode: 486 })
    this.#hold(invitation, { uri: `sip:${uri.user ?? ''}@${uri.host}`, direction: 'incoming', state: 'ringing' })
  }

  /** @throws Error when a call is on already */
  async call(agent: UserAgent, target: URI): Promise<void> {
    if (this.#session !== undefined) throw new Error('a call is on already: hang up first')
    const inviter = new Inviter(agent, target)
    const uri = target.toString()
    this.#hold(inviter, { uri, direction: 'outgoing', state: 'ringing' })
    await inviter.invite({
      requestDelegate: {
        onReject: ({ message }) => {
          if (!this.#isOurEnd) this.#user.onCallEnded(`call to ${uri}: ${message.statusCode} ${message.reasonPhrase}`)
        },
      },
    })
  }

  async answer(): Promise<void> {
    if (isIncoming(this.#session)) await this.#session.accept()
  }

  /** Declines, cancels or ends, whatever the call has come to. */
  async hangUp(): Promise<void> {
    const session = this.#session
    if (session === undefined) return
    this.#isOurEnd = true
    if (session.state === SessionState.Established) await session.bye()
    else if (isIncoming(session)) await session.reject({ statusCode: 603 })
    else if (session instanceof Inviter) await session.cancel()
  }

  #hold(session: Session, call: PageCall): void {
    this.#session = session
    this.#isOurEnd = false
    this.#user.onCall(call)
    session.delegate = {
      onBye: (bye) => {
        void bye.accept()
        this.#user.onCallEnded(`${call.uri} hung up`)
      },
      onCancel: () => this.#user.onCallEnded(`${call.uri} gave up`),
    }
    session.stateChange.addListener((state) => {
      if (state === SessionState.Established) this.#user.onCall({ ...call, state: 'established', since: Date.now() })
      if (state !== SessionState.Terminated || this.#session !== session) return
      this.#session = undefined
      this.#user.onCall(undefined)
    })
  }
}

function isIncoming(session: Session | undefined): session is Invitation {
  return session !== undefined && 'accept' in session
}
