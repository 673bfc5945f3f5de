/** The user agent of a phone in the page: sip.js over the WebSocket of the browser. Loaded when somebody signs in. */
import {
  type Core,
  Messager,
  Registerer,
  Subscriber,
  UserAgent,
  type Message,
  type Notification,
  type URI,
} from 'sip.js'
import { LineTransport } from '../../../phone/line-transport.ts'
import { signallingOnly } from '../../../phone/session-description.ts'
import {
  type Contact,
  deleteContactBody,
  type Presence,
  presenceBody,
  readContacts,
  readFound,
  readPresence,
  searchBody,
  setContactBody,
} from './bodies.ts'
import { type CallUser, Calls } from './calls.ts'
import { SocketLine } from './socket-line.ts'

export interface AgentSettings {
  /** `sip:alice@lab.test` */
  readonly uri: string
  /** Name in the digest. */
  readonly login: string
  readonly password: string
  /** `wss://sip.lab.test:8443` */
  readonly address: string
}

export interface AgentUser extends CallUser {
  onMessage(from: string, text: string): void
  onContacts(contacts: readonly Contact[]): void
  onPresence(uri: string, presence: Presence): void
  /** The flow ended without a request from this end. */
  onLost(error: Error): void
}

/** A final response that is no 2xx. */
class Refusal extends Error {
  constructor(what: string, { message }: Core.IncomingResponse) {
    const diagnostics = message.getHeader('ms-diagnostics')
    super(
      `${what}: ${message.statusCode} ${message.reasonPhrase}${diagnostics === undefined ? '' : ` (${diagnostics})`}`,
    )
  }
}

const contactsEvent = 'vnd-microsoft-roaming-contacts'
const expiresSeconds = 600

export class PhoneAgent {
  readonly #agent: UserAgent
  readonly #registerer: Registerer
  readonly #user: AgentUser
  readonly #watches = new Map<string, Subscriber>()
  readonly #domain: string
  readonly #calls: Calls
  #contacts: Subscriber | undefined
  #etag: string | undefined

  constructor({ uri, login, password, address }: AgentSettings, user: AgentUser) {
    this.#user = user
    this.#calls = new Calls(user)
    this.#domain = uri.slice(uri.indexOf('@') + 1)
    this.#agent = new UserAgent({
      uri: readUri(uri),
      authorizationUsername: login,
      authorizationPassword: password,
      contactParams: { transport: 'wss' },
      instanceId: crypto.randomUUID(),
      sipExtensionExtraSupported: ['gruu'],
      userAgentString: 'siplab console phone (sip.js)',
      sessionDescriptionHandlerFactory: signallingOnly,
      transportConstructor: LineTransport,
      transportOptions: { line: new SocketLine(address) },
      gracefulShutdown: false,
      logBuiltinEnabled: false,
      logConfiguration: false,
      delegate: {
        onMessage: (message) => this.#takeMessage(message),
        onDisconnect: (error) => error !== undefined && user.onLost(error),
        onInvite: (invitation) => this.#calls.take(invitation),
      },
    })
    this.#registerer = new Registerer(this.#agent, {
      expires: expiresSeconds,
      refreshFrequency: 80,
      regId: 1,
      instanceId: this.#agent.instanceId,
      logConfiguration: false,
    })
  }

  /** @throws SocketError, Refusal */
  async signIn(): Promise<void> {
    await this.#agent.start()
    const { delegate, accepted } = answered('REGISTER')
    await this.#registerer.register({ requestDelegate: delegate })
    await accepted
    await this.publish({ open: true, note: '' })
    await this.#watchContacts()
  }

  /** Removes our own Contact and ends the flow. */
  async close(): Promise<void> {
    if (this.#agent.isConnected()) await this.#calls.hangUp()
    if (this.#agent.isConnected()) {
      const { delegate, accepted } = answered('REGISTER with expires=0')
      await this.#registerer.unregister({ requestDelegate: delegate })
      await accepted
    }
    await this.#agent.stop()
  }

  /** @throws Refusal */
  async message(to: string, text: string): Promise<void> {
    const { delegate, accepted } = answered(`MESSAGE ${to}`)
    await new Messager(this.#agent, readUri(to), text, 'text/plain').message({ requestDelegate: delegate })
    await accepted
  }

  /** Rings at the other end; `onCall` and `onCallEnded` report what comes of it. */
  call(to: string): Promise<void> {
    return this.#calls.call(this.#agent, readUri(to))
  }

  answer(): Promise<void> {
    return this.#calls.answer()
  }

  hangUp(): Promise<void> {
    return this.#calls.hangUp()
  }

  /** RFC 3903. @throws Refusal */
  async publish(presence: Presence): Promise<void> {
    const { uri } = this.#agent.configuration
    const headers = ['Event: presence', 'Expires: 3600']
    if (this.#etag !== undefined) headers.push(`SIP-If-Match: ${this.#etag}`)
    const content = presenceBody(uri.toString(), presence)
    const { message } = await this.#ask('PUBLISH', uri, headers, { contentType: 'application/pidf+xml', content })
    this.#etag = message.getHeader('sip-etag')
  }

  /** RFC 3856: `onPresence` reports each notification. */
  watch(uri: string): void {
    if (this.#watches.has(uri)) return
    const watch = this.#subscriber(readUri(uri), 'presence', 'application/pidf+xml', (body) => {
      const presence = readPresence(body)
      if (presence !== undefined) this.#user.onPresence(uri, presence)
    })
    this.#watches.set(uri, watch)
    void watch.subscribe()
  }

  unwatch(uri: string): void {
    void this.#watches.get(uri)?.dispose()
    this.#watches.delete(uri)
  }

  async addContact(contact: Contact): Promise<void> {
    await this.#service(setContactBody(contact))
  }

  async removeContact(uri: string): Promise<void> {
    await this.#service(deleteContactBody(uri))
  }

  /** [MS-SIP] directorySearch: by name, and where no user has that name by address. @throws Refusal */
  async search(text: string): Promise<readonly Contact[]> {
    for (const attribute of ['displayName', 'mail'] as const) {
      const found = readFound((await this.#service(searchBody(text, attribute))).message.body)
      if (found.length > 0) return found
    }
    return []
  }

  async #watchContacts(): Promise<void> {
    const own = this.#agent.configuration.uri
    const type = 'application/vnd-microsoft-roaming-contacts+xml'
    this.#contacts = this.#subscriber(own, contactsEvent, type, (body) => {
      const contacts = readContacts(body)
      if (contacts !== undefined) this.#user.onContacts(contacts)
      // A change of the list: the whole is asked for again.
      else void this.#contacts?.subscribe()
    })
    await this.#contacts.subscribe()
  }

  #subscriber(target: URI, event: string, type: string, take: (body: string) => void): Subscriber {
    const subscriber = new Subscriber(this.#agent, target, event, {
      expires: 3600,
      extraHeaders: [`Accept: ${type}`],
    })
    subscriber.delegate = {
      onNotify(notification: Notification) {
        void notification.accept()
        if (notification.request.body !== '') take(notification.request.body)
      },
    }
    return subscriber
  }

  /** The server of our own domain answers it. */
  #service(content: string): Promise<Core.IncomingResponse> {
    const { uri } = this.#agent.configuration
    return this.#ask('SERVICE', uri, [], { contentType: 'application/SOAP+xml', content })
  }

  async #ask(
    method: string,
    target: URI,
    headers: readonly string[],
    { contentType, content }: { readonly contentType: string; readonly content: string },
  ): Promise<Core.IncomingResponse> {
    const core = this.#agent.userAgentCore
    const { uri } = this.#agent.configuration
    const body = { contentDisposition: 'render', contentType, content }
    const { delegate, accepted } = answered(`${method} ${this.#domain}`)
    core.request(core.makeOutgoingRequestMessage(method, target, uri, target, {}, [...headers], body), delegate)
    return accepted
  }

  #takeMessage(message: Message): void {
    void message.accept()
    const { uri } = message.request.from
    this.#user.onMessage(`sip:${uri.user ?? ''}@${uri.host}`, message.request.body)
  }
}

interface Answered {
  readonly delegate: Core.OutgoingRequestDelegate
  /** A 2xx; everything else rejects with a Refusal. */
  readonly accepted: Promise<Core.IncomingResponse>
}

function answered(what: string): Answered {
  const outcome = Promise.withResolvers<Core.IncomingResponse>()
  const reject = (response: Core.IncomingResponse): void => outcome.reject(new Refusal(what, response))
  return { delegate: { onAccept: outcome.resolve, onReject: reject, onRedirect: reject }, accepted: outcome.promise }
}

function readUri(text: string): URI {
  const uri: URI | undefined = UserAgent.makeURI(text)
  if (uri === undefined) throw new Error(`wanted a SIP URI such as sip:bob@lab.test, found ${JSON.stringify(text)}`)
  return uri
}
