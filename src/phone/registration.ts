/**
 * Signing in and out: REGISTER with one Contact of our own, and the way a director points to (301, topology-facts
 * §1.1).
 */
import { Registerer, RegistererState, type Core, type UserAgent } from 'sip.js'
import { MessageError } from '../sip/message/message-error.ts'
import type { SipUri } from '../sip/message/types.ts'
import { addressOfRecord, parseUri } from '../sip/message/uri.ts'
import { defaultPorts, isSecure } from '../sip/transport/dial/transport-choice.ts'
import { errorOf } from './answered.ts'
import type { PhoneLine } from './line.ts'
import { PhoneError } from './phone-error.ts'
import type { PhoneTarget, PhoneTransportName } from './settings.ts'

type RegisterOutcome =
  | { readonly kind: 'registered'; readonly contacts: readonly string[] }
  | { readonly kind: 'redirected'; readonly target: PhoneTarget }

export interface Registration {
  readonly registered: boolean
  register(): Promise<RegisterOutcome>
  /** Removes our own Contact, never `*`. */
  unregister(): Promise<void>
  /** Ends its timers, after the flow is gone or the binding removed. */
  forget(): void
}

/**
 * One registration, from its first REGISTER to its last; sip.js refreshes it meanwhile.
 *
 * @param onEnded a refresh was refused
 */
export function registration(
  agent: UserAgent,
  line: PhoneLine,
  expiresSeconds: number,
  onEnded: () => void,
): Registration {
  const registerer = new Registerer(agent, {
    expires: expiresSeconds,
    refreshFrequency: 80,
    regId: 1,
    instanceId: agent.instanceId,
    logConfiguration: false,
  })
  const what = `REGISTER ${agent.configuration.uri.toString()}`
  const asking = new Asking(registerer, what, onEnded)
  return {
    get registered() {
      return registerer.state === RegistererState.Registered
    },
    register: () => asking.ask(...registering(registerer, line, what)),
    unregister: () =>
      asking.ask<void>(
        ({ resolve, reject }) => {
          const refuse = (response: Core.IncomingResponse): void => reject(errorOf(what, line, response))
          return registerer.unregister({
            requestDelegate: { onAccept: () => resolve(), onReject: refuse, onRedirect: refuse },
          })
        },
        () => undefined,
      ),
    forget: () => asking.forget(),
  }
}

type Work<T> = (outcome: PromiseWithResolvers<T>) => Promise<unknown>
type OnState<T> = (state: RegistererState, outcome: PromiseWithResolvers<T>) => void

function registering(
  registerer: Registerer,
  line: PhoneLine,
  what: string,
): [work: Work<RegisterOutcome>, onState: OnState<RegisterOutcome>] {
  return [
    ({ resolve, reject }) =>
      registerer.register({
        requestDelegate: {
          onAccept: () => resolve({ kind: 'registered', contacts: registerer.contacts }),
          onReject: (response) => reject(errorOf(what, line, response)),
          onRedirect: (response) => {
            if (response.message.statusCode !== 301) return reject(errorOf(what, line, response))
            try {
              const target = redirectTarget(response.message.getHeader('contact'), line.target)
              resolve({ kind: 'redirected', target })
            } catch (error) {
              reject(error)
            }
          },
        },
      }),
    // After a 423 sip.js tries once more by itself, without our delegate: only its state reports success. The state
    // alone also reports an answer without our Contact. A refusal calls the delegate first.
    (state, { resolve, reject }) => {
      if (state === RegistererState.Registered) resolve({ kind: 'registered', contacts: registerer.contacts })
      else queueMicrotask(() => reject(new PhoneError('phone.not-so', `${what}: the answer does not list our Contact`)))
    },
  ]
}

/** sip.js tells the outcome of one REGISTER at a time, by its delegate or by its state. */
class Asking {
  readonly #registerer: Registerer
  readonly #what: string
  #asked: ((state: RegistererState) => void) | undefined

  constructor(registerer: Registerer, what: string, onEnded: () => void) {
    this.#registerer = registerer
    this.#what = what
    registerer.stateChange.addListener((state) => {
      if (this.#asked !== undefined) this.#asked(state)
      else if (state === RegistererState.Unregistered) onEnded()
    })
  }

  async ask<T>(work: Work<T>, onState: OnState<T>): Promise<T> {
    const outcome = Promise.withResolvers<T>()
    this.#asked = (state) => onState(state, outcome)
    try {
      await work(outcome)
      return await outcome.promise
    } catch (error) {
      // A refresh may be on its way.
      if (error instanceof PhoneError) throw error
      const because = error instanceof Error ? error.message : String(error)
      throw new PhoneError('phone.not-so', `${this.#what}: ${because}`, undefined, error)
    } finally {
      this.#asked = undefined
    }
  }

  forget(): void {
    this.#asked = () => undefined
    void this.#registerer.dispose()
  }
}

/** `<sip:pool.lab.test:5061;transport=tls>`: the first Contact decides. A secure phone is not sent on in the clear. */
function redirectTarget(contact: string | undefined, from: PhoneTarget): PhoneTarget {
  const text = /<([^>]*)>/.exec(contact ?? '')?.[1] ?? contact
  if (text === undefined)
    throw new PhoneError('phone.redirect', '301 without a Contact: it does not say where to sign in')
  const uri = readUri(text.trim())
  const transport = (uri.parameters.get('transport') ?? from.transport).toLowerCase()
  if (!isPhoneTransport(transport))
    throw new PhoneError('phone.redirect', `301 to ${text}: a phone speaks tls, tcp, wss and ws`)
  if (isSecure(from.transport) && !isSecure(transport))
    throw new PhoneError(
      'phone.redirect',
      `301 from ${from.transport} to ${addressOfRecord(uri)} over ${transport}: a secure phone does not follow ` +
        'into the clear',
    )
  return { host: uri.host, port: uri.port ?? defaultPorts[transport], transport }
}

function readUri(text: string): SipUri {
  try {
    return parseUri(text)
  } catch (error) {
    if (!(error instanceof MessageError)) throw error
    throw new PhoneError(
      'phone.redirect',
      `301 to ${JSON.stringify(text.slice(0, 200))}, which is no URI`,
      undefined,
      error,
    )
  }
}

function isPhoneTransport(text: string): text is PhoneTransportName {
  return text === 'tls' || text === 'tcp' || text === 'wss' || text === 'ws'
}
