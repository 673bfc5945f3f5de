/** What a step asks of a client, whichever program it is: a sip.js phone, or a Communicator-compatible client. */
import { Buddies, openPhone, type Phone, type PhoneSettings } from '../../phone/index.ts'
import type { HeaderField } from '../../sip/message/types.ts'

/** What a client shows of another user, in its own words: `open`, `closed`; `available`, `busy`, `offline`. */
export interface Sight {
  readonly status: string
  readonly note: string
}

/** A final answer, as far as the client says. */
export interface ClientAnswer {
  readonly status: number
  readonly diagnostics?: string
  header(name: string): string | undefined
}

export interface ScenarioClient {
  /** Where it signed in. @throws PhoneError */
  signIn(): Promise<string>
  signOut(): Promise<void>
  message(to: string, text: string, headers: readonly HeaderField[]): Promise<ClientAnswer>
  /** The message of that text that came, or comes. */
  received(text: string): Promise<Pick<ClientAnswer, 'header'>>
  /** On the contact list, and watched. */
  buddy(uri: string): Promise<void>
  /** What it last saw of a buddy. */
  sees(uri: string): Sight | undefined
  publish(sight: Sight): Promise<void>
  /** SIP addresses of the users found. */
  search(name: string): Promise<readonly string[]>
  close(): Promise<void>
}

/** The phone of siplab; the steps about calls use `phone` itself. */
export class SipClient implements ScenarioClient {
  readonly phone: Phone
  readonly #buddies: Buddies

  constructor(settings: PhoneSettings) {
    this.phone = openPhone(settings)
    this.#buddies = new Buddies(this.phone)
  }

  async signIn(): Promise<string> {
    const { target } = await this.phone.signIn()
    return `${target.host}:${target.port} over ${target.transport}`
  }

  async signOut(): Promise<void> {
    await this.#buddies.end()
    await this.phone.signOut()
  }

  message(to: string, text: string, headers: readonly HeaderField[]): Promise<ClientAnswer> {
    return this.phone.message(to, text, headers)
  }

  received(text: string): Promise<Pick<ClientAnswer, 'header'>> {
    return this.phone.nextMessage((message) => message.text === text)
  }

  buddy(uri: string): Promise<void> {
    return this.#buddies.add(uri)
  }

  sees(uri: string): Sight | undefined {
    return this.#buddies.shownBy(uri)
  }

  async publish({ status, note }: Sight): Promise<void> {
    if (status !== 'open' && status !== 'closed') throw new RangeError(`a sip.js phone publishes no ${status}`)
    await this.#buddies.publish({ status, note })
  }

  async search(name: string): Promise<readonly string[]> {
    return (await this.phone.search(name)).map(({ uri }) => uri)
  }

  close(): Promise<void> {
    return this.phone.close()
  }
}
