/** One phone of the command line: commands in, events out. */
import { dialledUri } from '../../phone/dialled.ts'
import {
  Buddies,
  openPhone,
  PhoneError,
  type Call,
  type IncomingCall,
  type OutgoingCall,
  type Phone,
  type PhoneSettings,
} from '../../phone/index.ts'
import type { Failure, PhoneCommand, PhoneEvent } from './lines.ts'
import { endpointText } from '../../sip/message/endpoint.ts'

export interface PhoneSession {
  readonly signedIn: boolean
  /** False when it did not come to what was asked; the event `failed` has told why. */
  obey(command: PhoneCommand): Promise<boolean>
  close(): Promise<void>
}

export interface PhoneSessionOptions {
  readonly settings: PhoneSettings
  /** Answers every call and sends every MESSAGE back. */
  readonly echo: boolean
  readonly tell: (event: PhoneEvent) => void
}

export function openPhoneSession(options: PhoneSessionOptions): PhoneSession {
  return new CommandedPhone(options)
}

class CommandedPhone implements PhoneSession {
  readonly #phone: Phone
  readonly #buddies: Buddies
  readonly #echo: boolean
  readonly #tell: PhoneSessionOptions['tell']
  /** The call that `answer`, `hang-up` and `cancel` are about: the last one. */
  #current: Call | undefined
  #waitingForCall: (() => void) | undefined

  constructor({ settings, echo, tell }: PhoneSessionOptions) {
    this.#phone = openPhone({ ...settings, autoAnswer: echo })
    this.#buddies = new Buddies(this.#phone, (of, shown) => tell({ event: 'presence', of, ...shown }))
    this.#echo = echo
    this.#tell = tell
    this.#phone.onMessage = (message) => this.#onMessage(message)
    this.#phone.onCall = (call) => this.#onCall(call)
    this.#phone.onNotice = (notice) => this.#onNotice(notice)
  }

  get signedIn(): boolean {
    return this.#phone.signedIn
  }

  async obey(command: PhoneCommand): Promise<boolean> {
    try {
      await this.#act(command)
      return true
    } catch (error) {
      this.#fail(command.do, error)
      return false
    }
  }

  async close(): Promise<void> {
    await this.#buddies.end().catch((error: unknown) => this.#fail('quit', error))
    await this.#phone.close()
  }

  #fail(what: string, error: unknown): void {
    this.#tell({ event: 'failed', do: what, ...failureOf(error) })
  }

  #follow(call: Call): void {
    this.#current = call
    call.established.then(
      () => this.#tell({ event: 'established', call: call.id, peer: call.peer }),
      () => undefined,
    )
    void call.ended.then(({ by, how, answer }) =>
      this.#tell({
        event: 'ended',
        call: call.id,
        by,
        how,
        ...(answer === undefined ? {} : { status: answer.status }),
      }),
    )
  }

  #onMessage({ from, text }: Parameters<NonNullable<Phone['onMessage']>>[0]): void {
    this.#tell({ event: 'message', from, text })
    if (this.#echo) this.#phone.message(from, text).catch((error: unknown) => this.#fail('echo', error))
  }

  #onCall(call: IncomingCall): void {
    this.#tell({ event: 'incoming-call', call: call.id, from: call.peer })
    this.#follow(call)
    this.#waitingForCall?.()
  }

  #onNotice(notice: Parameters<NonNullable<Phone['onNotice']>>[0]): void {
    if (notice.kind === 'flow-lost')
      this.#tell({
        event: 'flow-lost',
        ...(notice.error.verdict === undefined ? {} : { verdict: notice.error.verdict }),
      })
    else if (notice.kind === 'signed-in-again') this.#tell(signedIn(this.#phone, notice.registered.redirects))
    else this.#tell({ event: 'signed-out', because: notice.because })
  }

  async #incoming(): Promise<IncomingCall> {
    if (!isWaiting(this.#current)) await new Promise<void>((resolve) => (this.#waitingForCall = resolve))
    const call = this.#current
    if (isWaiting(call)) return call
    throw new PhoneError('phone.not-so', 'no call waits for an answer')
  }

  #call(dialled: string): Promise<void> {
    const to = dialledUri(dialled, this.#phone.uri.slice(this.#phone.uri.indexOf('@') + 1)) ?? dialled
    const call = this.#phone.call(to)
    this.#tell({ event: 'calling', call: call.id, to })
    this.#follow(call)
    return call.established
  }

  async #actOnContacts(command: Extract<PhoneCommand, { do: 'buddy' | 'presence' | 'search' }>): Promise<void> {
    switch (command.do) {
      case 'buddy':
        await this.#buddies.add(command.of)
        return this.#tell({ event: 'buddy', of: command.of })
      case 'presence':
        await this.#buddies.publish(command)
        return this.#tell({ event: 'published', status: command.status })
      case 'search':
        return this.#tell({ event: 'found', users: await this.#phone.search(command.name) })
      default:
        return command satisfies never
    }
  }

  async #act(command: PhoneCommand): Promise<void> {
    switch (command.do) {
      case 'sign-in':
        return this.#tell(signedIn(this.#phone, (await this.#phone.signIn()).redirects))
      case 'sign-out':
        await this.#buddies.end()
        await this.#phone.signOut()
        return this.#tell({ event: 'signed-out', because: 'asked for' })
      case 'message':
        return this.#tell({
          event: 'sent',
          to: command.to,
          status: (await this.#phone.message(command.to, command.text)).status,
        })
      case 'buddy':
      case 'presence':
      case 'search':
        return this.#actOnContacts(command)
      case 'call':
        return this.#call(command.to)
      case 'answer':
        return (await this.#incoming()).answer()
      case 'reject':
        return (await this.#incoming()).reject(command.status)
      case 'hang-up':
        return wanted(this.#current).hangUp()
      case 'cancel':
        await outgoing(wanted(this.#current)).cancel()
        return
      case 'wait':
        return new Promise((resolve) => setTimeout(resolve, command.seconds * 1000))
      case 'quit':
        return
      default:
        return command satisfies never
    }
  }
}

function signedIn({ target }: Phone, redirects: number): PhoneEvent {
  return { event: 'signed-in', target: `${target.transport} ${endpointText(target.host, target.port)}`, redirects }
}

function isWaiting(call: Call | undefined): call is IncomingCall {
  return call?.direction === 'incoming' && call.state === 'ringing'
}

function wanted(call: Call | undefined): Call {
  if (call !== undefined && call.state !== 'ended') return call
  throw new PhoneError('phone.not-so', 'there is no call')
}

function outgoing(call: Call): OutgoingCall {
  if (isOutgoing(call)) return call
  throw new PhoneError(
    'phone.not-so',
    `only a call of ours can be cancelled; the call from ${call.peer} is ended with hang-up or reject`,
  )
}

function isOutgoing(call: Call): call is OutgoingCall {
  return call.direction === 'outgoing'
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof PhoneError)) throw error
  const { code, message, status, reason, diagnostics, verdict } = error
  return {
    code,
    message,
    ...(status === undefined ? {} : { status }),
    ...(reason === undefined ? {} : { reason }),
    ...(diagnostics === undefined ? {} : { diagnostics }),
    ...(verdict === undefined ? {} : { verdict }),
  }
}
