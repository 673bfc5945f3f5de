/** What the server keeps for a user, as JSON rows of the pool store, and how it changes. */
import type { PresenceStore } from '../store/presence-store.ts'

interface Group {
  readonly id: number
  readonly name: string
}

export interface Contact {
  /** `sip:bob@lab.test` */
  readonly uri: string
  readonly name: string
  readonly groups: readonly number[]
  readonly subscribed: boolean
}

/** The roaming contact list ([MS-SIP] 2.2.2). */
export interface Contacts {
  /** Rises with each change; never 0. */
  readonly delta: number
  readonly groups: readonly Group[]
  readonly contacts: readonly Contact[]
}

/** One entry of the access control list of LCS 2005: `USER`, `sip:carol@lab.test`, `BD`. */
export interface AccessEntry {
  readonly type: string
  readonly mask: string
  /** `AA` lets see everything, `BD` blocks; others are kept as they are. */
  readonly rights: string
}

export interface Member {
  /** `user`, `domain`, `sameEnterprise`, `federated`, `publicCloud`, `everyone`. */
  readonly type: string
  readonly value: string
}

/** A container of OCS 2007: who may see the categories published into it. */
export interface Container {
  readonly id: number
  readonly version: number
  readonly members: readonly Member[]
}

export interface Access {
  readonly delta: number
  readonly entries: readonly AccessEntry[]
  readonly containers: readonly Container[]
  /** Watchers that the user has seen: they are not announced again. */
  readonly acknowledged: readonly string[]
}

/** What one endpoint of LCS 2005 last said ([MS-SIP] setPresence). */
export interface Device {
  readonly epid: string
  /** 0 to 20000, the scale of OCS 2007: 3500 available, 6500 busy, 15500 away, 18500 offline. */
  readonly availability: number
  readonly note: string
  /** Wall-clock milliseconds. */
  readonly since: number
}

/** One category instance of OCS 2007. */
export interface Publication {
  readonly category: string
  readonly instance: number
  readonly container: number
  readonly version: number
  /** `static`, `user`, `endpoint`, `time`. */
  readonly expireType: string
  /** Wall-clock milliseconds; only with `time`. */
  readonly until: number | undefined
  /** epid; only with `endpoint`. */
  readonly endpoint: string
  /** Wall-clock milliseconds. */
  readonly published: number
  /** The element inside, written anew. */
  readonly content: string
}

/** One PUBLISH (RFC 3903). */
export interface Tuple {
  readonly etag: string
  readonly until: number
  readonly open: boolean
  readonly note: string
  readonly since: number
}

export interface Presence {
  readonly devices: readonly Device[]
  readonly publications: readonly Publication[]
  readonly tuples: readonly Tuple[]
}

interface Kinds {
  readonly contacts: Contacts
  readonly access: Access
  readonly presence: Presence
}

/** Default containers ([MS-PRES] 2.2.2.5): colleagues in 200, federated organisations in 100, blocked ones in 32000. */
const containers: readonly Container[] = [
  { id: 32_000, version: 0, members: [] },
  { id: 400, version: 0, members: [] },
  { id: 300, version: 0, members: [] },
  { id: 200, version: 1, members: [{ type: 'sameEnterprise', value: '' }] },
  { id: 100, version: 1, members: [{ type: 'federated', value: '' }] },
]

const empty: Kinds = {
  contacts: { delta: 1, groups: [{ id: 1, name: '~' }], contacts: [] },
  access: { delta: 1, entries: [], containers, acknowledged: [] },
  presence: { devices: [], publications: [], tuples: [] },
}

/** Octets of one document at most. */
const documentLimit = 256 * 1024
/** Another front end may write at the same time; so often the change is made anew. */
const attempts = 6

type Change<Kind extends keyof Kinds> = (state: Kinds[Kind]) => Kinds[Kind] | undefined

export class Documents {
  readonly #store: PresenceStore
  /** By owner and kind: the change that is under way here. A client that sends many at once waits for itself. */
  readonly #changes = new Map<string, Promise<unknown>>()

  constructor(store: PresenceStore) {
    this.#store = store
  }

  async read<Kind extends keyof Kinds>(owner: string, kind: Kind): Promise<Kinds[Kind]> {
    const stored = await this.#store.document(owner, kind)
    return stored === undefined ? empty[kind] : (JSON.parse(stored.state) as Kinds[Kind])
  }

  /**
   * @param change undefined: nothing is to be changed
   * @returns the state afterwards; `full`: it would be larger than a document may be
   */
  update<Kind extends keyof Kinds>(owner: string, kind: Kind, change: Change<Kind>): Promise<Kinds[Kind] | 'full'> {
    const key = `${owner} ${kind}`
    const made = (this.#changes.get(key) ?? Promise.resolve()).then(() => this.#update(owner, kind, change))
    const settled: Promise<void> = made.then(
      () => this.#done(key, settled),
      () => this.#done(key, settled),
    )
    this.#changes.set(key, settled)
    return made
  }

  #done(key: string, settled: Promise<void>): void {
    if (this.#changes.get(key) === settled) this.#changes.delete(key)
  }

  async #update<Kind extends keyof Kinds>(
    owner: string,
    kind: Kind,
    change: Change<Kind>,
  ): Promise<Kinds[Kind] | 'full'> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const stored = await this.#store.document(owner, kind)
      const before = stored === undefined ? empty[kind] : (JSON.parse(stored.state) as Kinds[Kind])
      const after = change(before)
      if (after === undefined) return before
      const text = JSON.stringify(after)
      if (text.length > documentLimit) return 'full'
      if (await this.#store.putDocument(owner, kind, text, stored?.version ?? 0)) return after
    }
    throw new Error(`the ${kind} of ${owner} changed ${attempts} times while they were written`)
  }
}
