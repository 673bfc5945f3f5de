/**
 * The directory as requests ask it: what was asked a moment ago is answered from memory at once, and goes on being
 * answered while the database is away (service from what is still known).
 */
import type { Clock } from '../sip/clock.ts'
import type { Soon } from './soon.ts'
import type { Account, Credential, Directory } from './store/directory.ts'
import { StoreError } from './store/store-error.ts'

export interface DirectoryCache {
  account(aor: string): Soon<Account | undefined>
  credential(username: string, scheme: string, realm: string): Soon<Credential | undefined>
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
  const accounts = answerCache<Account>(options)
  const credentials = answerCache<Credential>(options)
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

interface Entry<Value> {
  readonly value: Value | undefined
  readonly at: number
}

interface AnswerCache<Value> {
  ask(key: string, query: () => Promise<Value | undefined>): Soon<Value | undefined>
  clear(): void
}

/** Two generations: when the young one is full it becomes the old one, and what is still asked for moves over. */
function answerCache<Value>({ clock, freshMs = 5000, limit = 20_000 }: DirectoryCacheOptions): AnswerCache<Value> {
  let young = new Map<string, Entry<Value>>()
  let old = new Map<string, Entry<Value>>()
  const asking = new Map<string, Promise<Value | undefined>>()

  function keep(key: string, entry: Entry<Value>): void {
    if (young.size >= limit / 2) {
      old = young
      young = new Map()
    }
    young.set(key, entry)
  }

  async function query(
    key: string,
    stale: Entry<Value> | undefined,
    run: () => Promise<Value | undefined>,
  ): Promise<Value | undefined> {
    try {
      const value = await run()
      keep(key, { value, at: clock.now() })
      return value
    } catch (error) {
      if (error instanceof StoreError && stale?.value !== undefined) return stale.value
      throw error
    } finally {
      asking.delete(key)
    }
  }

  return {
    ask(key, run) {
      const entry = young.get(key) ?? old.get(key)
      if (entry !== undefined && clock.now() - entry.at < freshMs) return entry.value
      const under = asking.get(key)
      if (under !== undefined) return under
      const promise = query(key, entry, run)
      asking.set(key, promise)
      return promise
    },
    clear() {
      young = new Map()
      old = new Map()
    },
  }
}
