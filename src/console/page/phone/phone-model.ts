/** One phone of the page: its state and its actions. Both skins draw from such a model, and neither has more. */
import { createStore, type Store } from '../store.ts'
import type { PhoneAgent } from './agent.ts'
import { type Contact, type Presence, userOf } from './bodies.ts'
import type { PageCall } from './calls.ts'
import { askTheServer, lastEvent, type Trouble } from './trouble.ts'
import type { WayIn } from './ways.ts'

export interface Line {
  readonly by: 'me' | 'them'
  readonly text: string
  readonly at: number
  /** Why it did not arrive. */
  readonly failed?: string
}

export interface Account {
  /** `sip:alice@lab.test` */
  readonly uri: string
  readonly login: string
  readonly password: string
}

type Stage = 'signed-out' | 'signing-in' | 'signed-in'

export interface PhoneState {
  readonly stage: Stage
  /** Who is signed in. */
  readonly uri: string
  readonly way: WayIn | undefined
  /** Why the last sign-in failed. */
  readonly trouble: Trouble | undefined
  readonly own: Presence
  readonly contacts: readonly Contact[]
  /** By URI. */
  readonly presence: Readonly<Record<string, Presence>>
  /** By URI of the other end, oldest line first. */
  readonly conversations: Readonly<Record<string, readonly Line[]>>
  /** Whose message came and was not looked at yet. */
  readonly unread: readonly string[]
  /** The call that rings or is on. */
  readonly call: PageCall | undefined
  /** Why the last call ended, until the user has read it. */
  readonly callEnded: string | undefined
  /** The last request that failed, and why. */
  readonly complaint: string | undefined
}

const mostLines = 500

const nothing: PhoneState = {
  stage: 'signed-out',
  uri: '',
  way: undefined,
  trouble: undefined,
  own: { open: true, note: '' },
  contacts: [],
  presence: {},
  conversations: {},
  unread: [],
  call: undefined,
  callEnded: undefined,
  complaint: undefined,
}

export class PhoneModel {
  readonly state: Store<PhoneState> = createStore(nothing)
  #agent: PhoneAgent | undefined

  async signIn(account: Account, way: WayIn): Promise<void> {
    const began = lastEvent(way)
    this.state.set({ ...nothing, stage: 'signing-in', uri: account.uri, way })
    const { PhoneAgent } = await import('./agent.ts')
    const agent = new PhoneAgent(
      { ...account, address: way.address },
      {
        onMessage: (from, text) => this.#take(from, text),
        onContacts: (contacts) => this.#takeContacts(contacts),
        onPresence: (uri, presence) => this.#change(({ presence: all }) => ({ presence: { ...all, [uri]: presence } })),
        onCall: (call) => this.#change(() => ({ call, ...(call === undefined ? {} : { callEnded: undefined }) })),
        onCallEnded: (callEnded) => this.#change(() => ({ callEnded })),
        onLost: (error) => void this.#failed(error, way, lastEvent(way)),
      },
    )
    this.#agent = agent
    try {
      await agent.signIn()
      this.#change(() => ({ stage: 'signed-in' }))
    } catch (error) {
      await agent.close().catch(() => undefined)
      await this.#failed(error, way, began)
    }
  }

  signOut(): Promise<void> {
    return this.#do(async (agent) => {
      this.#agent = undefined
      this.state.set({ ...nothing, uri: this.state.get().uri, way: this.state.get().way })
      await agent.close()
    })
  }

  setPresence(own: Presence): Promise<void> {
    return this.#do(async (agent) => {
      await agent.publish(own)
      this.#change(() => ({ own }))
    })
  }

  async send(to: string, text: string): Promise<void> {
    const line: Line = { by: 'me', text, at: Date.now() }
    this.#add(to, line)
    try {
      await this.#agent?.message(to, text)
    } catch (error) {
      const failed = { ...line, failed: messageOf(error) }
      this.#change(({ conversations }) => ({
        conversations: {
          ...conversations,
          [to]: (conversations[to] ?? []).map((each) => (each === line ? failed : each)),
        },
      }))
    }
  }

  call(uri: string): Promise<void> {
    return this.#do((agent) => agent.call(uri))
  }

  answer(): Promise<void> {
    return this.#do((agent) => agent.answer())
  }

  hangUp(): Promise<void> {
    return this.#do((agent) => agent.hangUp())
  }

  forgetCall(): void {
    this.#change(() => ({ callEnded: undefined }))
  }

  addContact(contact: Contact): Promise<void> {
    return this.#do((agent) => agent.addContact(contact))
  }

  removeContact(uri: string): Promise<void> {
    return this.#do((agent) => agent.removeContact(uri))
  }

  /** Users of the directory; none when it did not come to an answer, and `complaint` says why. */
  async search(text: string): Promise<readonly Contact[]> {
    let found: readonly Contact[] = []
    await this.#do(async (agent) => {
      found = await agent.search(text)
    })
    return found
  }

  /** The conversation with `uri` is looked at. */
  read(uri: string): void {
    if (this.state.get().unread.includes(uri))
      this.#change(({ unread }) => ({ unread: unread.filter((each) => each !== uri) }))
  }

  end(uri: string): void {
    this.#change(({ conversations: { [uri]: _ended, ...others } }) => ({ conversations: others }))
    this.read(uri)
  }

  async #failed(error: unknown, way: WayIn, since: number): Promise<void> {
    this.#agent = undefined
    const { uri } = this.state.get()
    this.state.set({ ...nothing, uri, way, trouble: { kind: 'asking', what: messageOf(error) } })
    const trouble = await askTheServer(error, way, since)
    if (this.state.get().stage === 'signed-out') this.#change(() => ({ trouble }))
  }

  #take(from: string, text: string): void {
    this.#add(from, { by: 'them', text, at: Date.now() })
    this.#change(({ unread }) => ({ unread: [...unread.filter((each) => each !== from), from] }))
  }

  #takeContacts(contacts: readonly Contact[]): void {
    const before = this.state.get().contacts
    for (const { uri } of before) if (!contacts.some((each) => each.uri === uri)) this.#agent?.unwatch(uri)
    for (const { uri } of contacts) this.#agent?.watch(uri)
    this.#change(() => ({ contacts }))
  }

  #add(uri: string, line: Line): void {
    this.#change(({ conversations }) => ({
      conversations: { ...conversations, [uri]: [...(conversations[uri] ?? []), line].slice(-mostLines) },
    }))
  }

  async #do(work: (agent: PhoneAgent) => Promise<void>): Promise<void> {
    this.#change(() => ({ complaint: undefined }))
    try {
      if (this.#agent === undefined) throw new Error('this phone is not signed in')
      await work(this.#agent)
    } catch (error) {
      this.#change(() => ({ complaint: messageOf(error) }))
    }
  }

  #change(change: (state: PhoneState) => Partial<PhoneState>): void {
    this.state.update((state) => ({ ...state, ...change(state) }))
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The name of a contact, or the part of the URI before the @. */
export function nameOf({ contacts }: PhoneState, uri: string): string {
  return contacts.find((each) => each.uri === uri)?.name ?? userOf(uri)
}
