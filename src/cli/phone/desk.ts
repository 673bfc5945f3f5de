/** One phone of the command line: commands in, events out. */
import {
  openPhone,
  PhoneError,
  type Call,
  type IncomingCall,
  type OutgoingCall,
  type Phone,
  type PhoneSettings,
} from '../../phone/index.ts'
import type { Failure, PhoneCommand, PhoneEvent } from './lines.ts'

export interface Desk {
  readonly signedIn: boolean
  /** False when it did not come to what was asked; the event `failed` has told why. */
  obey(command: PhoneCommand): Promise<boolean>
  close(): Promise<void>
}

export interface DeskOptions {
  readonly settings: PhoneSettings
  /** Answers every call and sends every MESSAGE back. */
  readonly echo: boolean
  readonly tell: (event: PhoneEvent) => void
}

export function openDesk({ settings, echo, tell }: DeskOptions): Desk {
  const phone = openPhone({ ...settings, autoAnswer: echo })
  /** The call that `answer`, `hang-up` and `cancel` are about: the last one. */
  let current: Call | undefined
  let waitingForCall: (() => void) | undefined

  const fail = (what: string, error: unknown): void => tell({ event: 'failed', do: what, ...failureOf(error) })
  const follow = (call: Call): void => {
    current = call
    call.established.then(
      () => tell({ event: 'established', call: call.id, peer: call.peer }),
      () => undefined,
    )
    void call.ended.then(({ by, how, answer }) =>
      tell({ event: 'ended', call: call.id, by, how, ...(answer === undefined ? {} : { status: answer.status }) }),
    )
  }
  phone.onMessage = ({ from, text }) => {
    tell({ event: 'message', from, text })
    if (echo) phone.message(from, text).catch((error: unknown) => fail('echo', error))
  }
  phone.onCall = (call) => {
    tell({ event: 'incoming-call', call: call.id, from: call.peer })
    follow(call)
    waitingForCall?.()
  }
  phone.onNotice = (notice) => {
    if (notice.kind === 'flow-lost')
      tell({ event: 'flow-lost', ...(notice.error.verdict === undefined ? {} : { verdict: notice.error.verdict }) })
    else if (notice.kind === 'signed-in-again') tell(signedIn(phone, notice.registered.redirects))
    else tell({ event: 'signed-out', because: notice.because })
  }

  const incoming = async (): Promise<IncomingCall> => {
    if (!isWaiting(current)) await new Promise<void>((resolve) => (waitingForCall = resolve))
    if (isWaiting(current)) return current
    throw new PhoneError('phone.not-so', 'no call waits for an answer')
  }

  async function act(command: PhoneCommand): Promise<void> {
    switch (command.do) {
      case 'sign-in':
        return tell(signedIn(phone, (await phone.signIn()).redirects))
      case 'sign-out':
        await phone.signOut()
        return tell({ event: 'signed-out', because: 'asked for' })
      case 'message':
        return tell({ event: 'sent', to: command.to, status: (await phone.message(command.to, command.text)).status })
      case 'call': {
        const call = phone.call(command.to)
        tell({ event: 'calling', call: call.id, to: command.to })
        follow(call)
        return call.established
      }
      case 'answer':
        return (await incoming()).answer()
      case 'reject':
        return (await incoming()).reject(command.status)
      case 'hang-up':
        return wanted(current).hangUp()
      case 'cancel':
        await outgoing(wanted(current)).cancel()
        return
      case 'wait':
        return new Promise((resolve) => setTimeout(resolve, command.seconds * 1000))
      case 'quit':
        return
      default:
        return command satisfies never
    }
  }

  return {
    get signedIn() {
      return phone.signedIn
    },
    async obey(command) {
      try {
        await act(command)
        return true
      } catch (error) {
        fail(command.do, error)
        return false
      }
    },
    close: () => phone.close(),
  }
}

function signedIn({ target }: Phone, redirects: number): PhoneEvent {
  return { event: 'signed-in', target: `${target.transport} ${target.host}:${target.port}`, redirects }
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
