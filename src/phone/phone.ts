/** A phone: a sip.js user agent over our transports, for tests, scenario steps, checks and `siplab phone`. */
import { randomUUID } from 'node:crypto'
import { Inviter, Messager, UserAgent, UserAgentState, type Invitation, type Message, type URI } from 'sip.js'
import { systemClock, type Clock, type Timer } from '../sip/clock.ts'
import type { HeaderField } from '../sip/message/types.ts'
import { answered, readAnswer } from './answered.ts'
import { placeCall, receiveCall } from './call.ts'
import { searchUsers, setContact } from './contacts.ts'
import { within } from './deadline.ts'
import { Inbox } from './inbox.ts'
import { PhoneLine } from './line.ts'
import { LineTransport } from './line-transport.ts'
import { PhoneError, type PhoneAnswer } from './phone-error.ts'
import { registration, type Registration } from './registration.ts'
import { offersMessages, signallingOnly } from './session-description.ts'
import type { PhoneSettings, PhoneTarget } from './settings.ts'
import type {
  Call,
  FoundUser,
  IncomingCall,
  OutgoingCall,
  Phone,
  PhoneNotice,
  ReceivedMessage,
  Registered,
  Watch,
} from './types.ts'
import { publish, watch, type WatchHome } from './watching.ts'

/**
 * @example
 * const alice = openPhone({ user: 'alice', domain: 'lab.test', password, ca: [root],
 *   target: { host: 'sip.lab.test', address: '127.0.41.32', port: 10443, transport: 'tls' } })
 * await alice.signIn()
 * await alice.message('sip:bob@lab.test', 'hello')
 * await alice.close()
 */
export function openPhone(settings: PhoneSettings): Phone {
  return new SipPhone(settings)
}

const mostRedirects = 3
/** RFC 5626 §4.5: the wait before the n-th try doubles, up to a bound. */
const firstRetryMs = 500
const longestRetryMs = 30_000
const closeMs = 2_000

class SipPhone implements Phone, WatchHome {
  readonly uri: string
  readonly line: PhoneLine
  readonly clock: Clock
  readonly answerMs: number
  readonly ringMs: number
  onMessage: ((message: ReceivedMessage) => void) | undefined
  onCall: ((call: IncomingCall) => void) | undefined
  onNotice: ((notice: PhoneNotice) => void) | undefined
  readonly agent: UserAgent
  readonly #settings: PhoneSettings
  readonly #messages: Inbox<ReceivedMessage>
  readonly #calls: Inbox<IncomingCall>
  readonly #live = new Set<Call>()
  #registration: Registration | undefined
  /** It was signed in when the flow was lost. */
  #wantsIn = false
  #retry: Timer | undefined
  #signingIn: Promise<Registered> | undefined
  #closed = false

  constructor(settings: PhoneSettings) {
    const { user, domain, clock = systemClock, answerMs = 10_000, ringMs = 60_000 } = settings
    this.#settings = settings
    this.uri = `sip:${user}@${domain}`
    this.clock = clock
    this.answerMs = answerMs
    this.ringMs = ringMs
    this.#messages = new Inbox(clock)
    this.#calls = new Inbox(clock)
    this.line = new PhoneLine(settings)
    this.agent = this.#makeAgent(settings)
  }

  get signedIn(): boolean {
    return this.#registration?.registered === true
  }

  get target(): PhoneTarget {
    return this.line.target
  }

  get calls(): readonly Call[] {
    return [...this.#live]
  }

  /** Who asks while a sign-in is under way gets that one. */
  signIn(): Promise<Registered> {
    this.#signingIn ??= this.#signIn().finally(() => (this.#signingIn = undefined))
    return this.#signingIn
  }

  async #signIn(): Promise<Registered> {
    for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
      const outcome = await this.#register()
      if (outcome.kind === 'registered') {
        this.#wantsIn = true
        return { target: this.line.target, redirects, contacts: outcome.contacts }
      }
      await this.#moveTo(outcome.target)
    }
    throw new PhoneError('phone.redirect', `REGISTER ${this.uri} was sent on more than ${mostRedirects} times`)
  }

  async signOut(): Promise<void> {
    this.#wantsIn = false
    this.#retry?.cancel()
    const current = this.#registration
    if (current === undefined || !current.registered)
      throw new PhoneError('phone.not-so', `${this.uri} is not signed in`)
    await within(this.clock, this.answerMs, `REGISTER ${this.uri} with expires=0`, current.unregister())
    current.forget()
    this.#registration = undefined
  }

  async message(to: string, text: string, headers: readonly HeaderField[] = []): Promise<PhoneAnswer> {
    await this.#connect()
    const what = `MESSAGE ${to}`
    const { delegate, accepted } = answered(what, this.line)
    await new Messager(this.agent, readUri(to), text, 'text/plain', { extraHeaders: lines(headers) }).message({
      requestDelegate: delegate,
    })
    return readAnswer(await within(this.clock, this.answerMs, what, accepted))
  }

  call(to: string): OutgoingCall {
    const inviter = new Inviter(this.agent, readUri(to))
    const call = placeCall(inviter, to, this, () => this.#connect())
    this.#follow(call)
    return call
  }

  async watch(of: string, onDocument: (body: string) => void, expiresSeconds = 3600): Promise<Watch> {
    await this.#connect()
    return watch(this, readUri(of), expiresSeconds, onDocument)
  }

  async publish(document: string | undefined, etag?: string): Promise<PhoneAnswer> {
    await this.#connect()
    return publish(this, document, etag)
  }

  async setContact(uri: string): Promise<PhoneAnswer> {
    await this.#connect()
    return setContact(this, uri)
  }

  async search(name: string): Promise<readonly FoundUser[]> {
    await this.#connect()
    return searchUsers(this, name)
  }

  nextMessage(wanted = (_: ReceivedMessage): boolean => true, withinMs = this.answerMs): Promise<ReceivedMessage> {
    return this.#messages.next(`a MESSAGE to ${this.uri}`, withinMs, wanted)
  }

  nextCall(wanted = (_: IncomingCall): boolean => true, withinMs = this.answerMs): Promise<IncomingCall> {
    return this.#calls.next(`an INVITE to ${this.uri}`, withinMs, wanted)
  }

  breakFlow(): void {
    this.line.breakFlow()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#retry?.cancel()
    if (this.line.connected) await this.#sayGoodbye()
    await this.agent.stop()
    this.#registration?.forget()
    await this.line.close()
  }

  async #sayGoodbye(): Promise<void> {
    const hangUps = [...this.#live].map((call) => call.hangUp())
    const goodbyes = [...hangUps, ...(this.signedIn ? [this.signOut()] : [])]
    const settled = Promise.allSettled(goodbyes)
    await within(this.clock, closeMs, 'the end of calls and registration', settled).catch((error: unknown) =>
      this.#note(error),
    )
  }

  /** One REGISTER; a registration that failed leaves no timer behind. */
  async #register(): Promise<Awaited<ReturnType<Registration['register']>>> {
    await this.#connect()
    if (this.#registration !== undefined && !this.#registration.registered) this.#drop()
    const current = (this.#registration ??= registration(
      this.agent,
      this.line,
      this.#settings.expiresSeconds ?? 600,
      () => this.#ended(),
    ))
    try {
      const outcome = await within(this.clock, this.answerMs, `REGISTER ${this.uri}`, current.register())
      if (outcome.kind === 'redirected') this.#drop()
      return outcome
    } catch (error) {
      this.#drop()
      throw error
    }
  }

  #drop(): void {
    this.#registration?.forget()
    this.#registration = undefined
  }

  /** A new target is a new flow; the Contact names its transport. */
  async #moveTo(target: PhoneTarget): Promise<void> {
    await this.agent.transport.disconnect()
    this.line.redirect(target)
    this.agent.contact.uri.setParam('transport', target.transport)
  }

  async #connect(): Promise<void> {
    if (this.#closed) throw new PhoneError('phone.closed', `the phone of ${this.uri} is closed`)
    if (this.agent.state === UserAgentState.Stopped) await this.agent.start()
    else if (!this.line.connected) await this.agent.reconnect()
  }

  #lost(error: Error | undefined): void {
    if (error === undefined) return
    this.#drop()
    if (error instanceof PhoneError) this.onNotice?.({ kind: 'flow-lost', error })
    if (this.#wantsIn && this.#settings.reconnect !== false) this.#signInLater(firstRetryMs)
  }

  #signInLater(delayMs: number): void {
    if (this.#closed) return
    this.#retry = this.clock.after(delayMs, () => {
      this.signIn().then(
        (registered) => this.onNotice?.({ kind: 'signed-in-again', registered }),
        (error: unknown) => {
          this.#note(error)
          if (this.#wantsIn) this.#signInLater(Math.min(delayMs * 2, longestRetryMs))
        },
      )
    })
  }

  #ended(): void {
    this.#wantsIn = false
    this.onNotice?.({ kind: 'signed-out', because: 'the registrar refused to renew the registration' })
  }

  #takeMessage(message: Message): void {
    void message.accept({ statusCode: 200, extraHeaders: lines(this.#settings.answerHeaders ?? []) })
    const { request } = message
    const received: ReceivedMessage = {
      from: request.from.uri.toString(),
      to: request.to.uri.toString(),
      text: request.body,
      contentType: request.getHeader('content-type') ?? '',
      header: (name) => request.getHeader(name),
    }
    if (this.onMessage !== undefined) this.onMessage(received)
    else this.#messages.deliver(received)
  }

  /** A session of messages rings nowhere: its messages arrive as all others do. */
  #takeSession(invitation: Invitation): void {
    invitation.delegate = { onMessage: (message) => this.#takeMessage(message) }
    invitation.accept().catch((error: unknown) => this.#note(error))
  }

  #takeCall(invitation: Invitation): void {
    const call = receiveCall(invitation, this)
    this.#follow(call)
    if (this.#settings.autoAnswer === true) call.answer().catch((error: unknown) => this.#note(error))
    if (this.onCall !== undefined) this.onCall(call)
    else this.#calls.deliver(call)
  }

  #follow(call: Call): void {
    this.#live.add(call)
    void call.ended.then(() => this.#live.delete(call))
  }

  #note(error: unknown): void {
    this.#settings.log?.('warn', error instanceof Error ? error.message : String(error))
  }

  #makeAgent({ login, user, password, target, log }: PhoneSettings): UserAgent {
    return new UserAgent({
      uri: readUri(this.uri),
      authorizationUsername: login ?? user,
      ...(password === undefined ? {} : { authorizationPassword: password }),
      contactParams: { transport: target.transport },
      instanceId: randomUUID(),
      // sip.js calls a request of its own a loop when its Call-ID starts with this, five letters long: one may write to
      // oneself.
      sipjsId: 'siplab-',
      sipExtensionExtraSupported: ['gruu'],
      userAgentString: 'siplab phone (sip.js)',
      sessionDescriptionHandlerFactory: signallingOnly,
      transportConstructor: LineTransport,
      transportOptions: { line: this.line },
      gracefulShutdown: false,
      logBuiltinEnabled: false,
      logConfiguration: false,
      ...(log === undefined
        ? {}
        : {
            logConnector: (level: string, category: string, _label: string | undefined, content: string) =>
              log(level, `${category}: ${content}`),
          }),
      delegate: {
        onMessage: (message) => this.#takeMessage(message),
        onInvite: (invitation) =>
          offersMessages(invitation.body) ? this.#takeSession(invitation) : this.#takeCall(invitation),
        onDisconnect: (error) => this.#lost(error),
      },
    })
  }
}

function lines(headers: readonly HeaderField[]): string[] {
  return headers.map(([name, value]) => `${name}: ${value}`)
}

/** @throws PhoneError `phone.not-so` */
function readUri(text: string): URI {
  const uri: URI | undefined = UserAgent.makeURI(text)
  if (uri === undefined)
    throw new PhoneError('phone.not-so', `wanted a SIP URI such as sip:bob@lab.test, found ${JSON.stringify(text)}`)
  return uri
}
