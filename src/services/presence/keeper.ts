/** The presence of the users at home here: reads what is kept, renders it for one watcher, and tells all who watch. */
import type { Clock } from '../../sip/clock.ts'
import type { LocationService } from '../location/location.ts'
import type { Soon } from '../soon.ts'
import type { Account } from '../store/directory.ts'
import type { PresenceStore } from '../store/presence-store.ts'
import { type Outbox, type Subscription, subscriptionKey, subscriptionOf } from './dialog.ts'
import { type Format, render, type Rendered, type Shown } from './formats.ts'
import { Documents } from './state.ts'
import { type Known, viewOf, type Watcher } from './view.ts'

export interface KeeperOptions {
  readonly store: PresenceStore
  readonly location: LocationService
  /** undefined: every user part of the domains is a user. */
  readonly accounts: { account(aor: string): Soon<Account | undefined> } | undefined
  /** Lower case. */
  readonly domains: readonly string[]
  readonly clock: Clock
  readonly outbox: Outbox
  /** A change that could not be told: the store was away, for example. */
  readonly failed: (error: unknown) => void
}

/** Watchers that are told of one change at most. */
const watchersLimit = 2000

export class Keeper {
  readonly documents: Documents
  readonly #options: KeeperOptions
  readonly #domains: ReadonlySet<string>

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#domains = new Set(options.domains)
    this.documents = new Documents(options.store)
  }

  isOurs(aor: string): boolean {
    return this.#domains.has(aor.slice(aor.lastIndexOf('@') + 1))
  }

  async known(owner: string): Promise<Known> {
    const [access, presence, bindings] = await Promise.all([
      this.documents.read(owner, 'access'),
      this.documents.read(owner, 'presence'),
      this.#options.location.lookup(owner),
    ])
    return { access, presence, bindings, wall: this.#options.clock.wall() }
  }

  async displayName(owner: string): Promise<string> {
    const account = await this.#options.accounts?.account(owner)
    return account?.displayName ?? owner.slice('sip:'.length, owner.lastIndexOf('@'))
  }

  /** What a watcher is shown of a user; a user of no account, or of another domain, is offline. */
  async shown(owner: string, watcher: Watcher): Promise<Shown> {
    const [known, displayName] = await Promise.all([this.known(owner), this.displayName(owner)])
    return shownOf(owner, displayName, known, watcher)
  }

  /** Tells everyone who watches the user; what fails is reported, never thrown. */
  changed(owner: string): void {
    this.later(this.#tell(owner))
  }

  async #tell(owner: string): Promise<void> {
    const { store, clock } = this.#options
    const rows = await store.watchersOf(owner, 'presence', clock.wall())
    if (rows.length === 0) return
    const [known, displayName] = await Promise.all([this.known(owner), this.displayName(owner)])
    const texts = new Map<string, Rendered>()
    for (const row of rows.slice(0, watchersLimit)) {
      const subscription = subscriptionOf(row)
      const { watcher, dialog } = subscription
      const shown = shownOf(owner, displayName, known, { aor: watcher, foreign: dialog.foreign })
      this.send(subscription, rendered(texts, dialog.format, shown))
    }
  }

  send(subscription: Subscription, { contentType, body }: Rendered): void {
    const seconds = Math.max(0, Math.ceil((subscription.expires - this.#options.clock.wall()) / 1000))
    const state = seconds === 0 ? 'terminated;reason=timeout' : `active;expires=${seconds}`
    this.#options.outbox.send({ subscription, state, contentType, body }, () => this.#forget(subscription))
  }

  /** Tells the endpoints of a user itself of a change to its lists, all but the one that made it. */
  async tellOwn(
    owner: string,
    event: string,
    except: string | undefined,
    document: () => Rendered | Promise<Rendered>,
  ): Promise<void> {
    const { store, clock } = this.#options
    const subscriptions = (await store.watchersOf(owner, event, clock.wall()))
      .map(subscriptionOf)
      .filter(({ dialog }) => except === undefined || dialog.epid !== except)
    if (subscriptions.length === 0) return
    const made = await document()
    for (const subscription of subscriptions) this.send(subscription, made)
  }

  /** Work that nobody waits for; what fails is reported. */
  later(work: Promise<void>): void {
    work.catch((error: unknown) => this.#options.failed(error))
  }

  /** Behind the answer that is made now. */
  sendSoon(subscription: Subscription, document: Rendered): void {
    this.#options.clock.after(0, () => this.send(subscription, document))
  }

  #forget(subscription: Subscription): void {
    this.later(this.#options.store.removeSubscriptions([subscriptionKey(subscription)]))
  }
}

function shownOf(owner: string, displayName: string, known: Known, watcher: Watcher): Shown {
  const view = viewOf(known, watcher.aor === owner ? undefined : watcher)
  return { aor: owner, displayName: view.container === 32_000 ? '' : displayName, view }
}

/** Most watchers see the same. */
function rendered(texts: Map<string, Rendered>, format: Format, shown: Shown): Rendered {
  const key = `${format} ${shown.view.container}`
  const known = texts.get(key)
  if (known !== undefined) return known
  const made = render(format, shown)
  texts.set(key, made)
  return made
}
