/**
 * The directory as requests ask it: what was asked a moment ago is answered from memory at once, and goes on being
 * answered while the database is away (service from what is still known).
 */
import type { Clock } from '../sip/clock.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { Account, Credential, Directory } from './store/directory.ts'
import { StoreError } from './store/store-error.ts'

export interface DirectoryCache {
  account(aor: string): MaybePromise<Account | undefined>
  credential(username: string, scheme: string, realm: string): MaybePromise<Credential | undefined>
  /** After a change to the directory by this process. */
  clear(): void
}

export interface DirectoryCacheOptions {
  readonly clock: Clock
  /** Milliseconds an answer counts as current; default 5000: a change by a command is seen that much later. */
  readonly freshMs?: number
  /** Entries of each kind at most; default 20,000. */
  readonly limit?: number
}

export function cacheDirectory(
  directory: Pick<Directory, 'account' | 'credential'>,
  options: DirectoryCacheOptions,
): DirectoryCache {
  const accounts = new AnswerCache<Account>(options)
  const credentials = new AnswerCache<Credential>(options)
  return {
    account: (aor) => accounts.ask(aor, () => directory.account(aor)),
    credential: (username, scheme, realm) =>
      credentials.ask(`${scheme}\n${realm}\n${username}`, () => directory.credential(username, scheme, realm)),
    clear() {
      accounts.clear()
      credentials.clear()
    },
  }
}

/** Of a user name or an address-of-record, with what goes before it. Everybody may ask for any name. */
const longestKey = 500

interface Entry<Value> {
  readonly value: Value | undefined
  readonly at: number
}

/**
 * Two generations: when the young one is full it becomes the old one, and what is still asked for moves over. Names
 * of no one have a place of their own: an asker who invents them drives out no user that is known.
 */
class AnswerCache<Value> {
  readonly #clock: Clock
  readonly #freshMs: number
  readonly #limit: number
  #young = new Map<string, Entry<Value>>()
  #old = new Map<string, Entry<Value>>()
  #absent = new Map<string, Entry<Value>>()
  readonly #asking = new Map<string, Promise<Value | undefined>>()

  constructor({ clock, freshMs = 5000, limit = 20_000 }: DirectoryCacheOptions) {
    this.#clock = clock
    this.#freshMs = freshMs
    this.#limit = limit
  }

  ask(key: string, run: () => Promise<Value | undefined>): MaybePromise<Value | undefined> {
    const entry = this.#young.get(key) ?? this.#old.get(key) ?? this.#absent.get(key)
    if (entry !== undefined && this.#clock.now() - entry.at < this.#freshMs) return entry.value
    const under = this.#asking.get(key)
    if (under !== undefined) return under
    const promise = this.#query(key, entry, run)
    this.#asking.set(key, promise)
    return promise
  }

  clear(): void {
    this.#young = new Map()
    this.#old = new Map()
    this.#absent = new Map()
  }

  async #query(
    key: string,
    stale: Entry<Value> | undefined,
    run: () => Promise<Value | undefined>,
  ): Promise<Value | undefined> {
    try {
      const value = await run()
      this.#keep(key, { value, at: this.#clock.now() })
      return value
    } catch (error) {
      if (error instanceof StoreError && stale?.value !== undefined) return stale.value
      throw error
    } finally {
      this.#asking.delete(key)
    }
  }

  /** A name that is longer than those of people is mostly invented: it is asked for each time, and fills nothing. */
  #keep(key: string, entry: Entry<Value>): void {
    if (key.length > longestKey) return
    if (entry.value === undefined) return this.#keepAbsent(key, entry)
    this.#absent.delete(key)
    if (this.#young.size >= this.#limit / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, entry)
  }

  #keepAbsent(key: string, entry: Entry<Value>): void {
    this.#young.delete(key)
    this.#old.delete(key)
    if (this.#absent.size >= this.#limit / 2) this.#absent = new Map()
    this.#absent.set(key, entry)
  }
}
