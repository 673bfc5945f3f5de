/** The presence of the users at home here: reads what is kept, renders it for one watcher, and tells all who watch. */
import type { Clock } from '../../sip/clock.ts'
import type { LocationService } from '../location/location.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Account } from '../store/directory.ts'
import type { PresenceStore } from '../store/presence-store.ts'
import {
  type Dialog,
  dialogText,
  isOfDialog,
  nextVersion,
  type Outbox,
  type Subscription,
  subscriptionKey,
  subscriptionOf,
} from './dialog.ts'
import { render, renderList, type Rendered, type Shown } from './formats.ts'
import { Documents } from './state.ts'
import { Throttle } from './throttle.ts'
import { watcherInfo, watcherInfoEvent } from './watcher-info.ts'
import { containerOf, type Known, seesNoStatus, viewOf, type Watcher } from './view.ts'

export interface KeeperOptions {
  readonly store: PresenceStore
  readonly location: LocationService
  /** undefined: every user part of the domains is a user. */
  readonly accounts: { account(aor: string): MaybePromise<Account | undefined> } | undefined
  /** Lower case. */
  readonly domains: readonly string[]
  readonly clock: Clock
  readonly outbox: Outbox
  /** A change that could not be notified, for example because the store was away. */
  readonly failed: (error: unknown) => void
}

/** Watchers that are notified of one change at most. */
const watchersLimit = 2000
/** RFC 3857 §4.9: watcher information at most every five seconds. */
const watcherInfoMs = 5000
/** A notification of a list carries the whole list: at most one a second. */
const listMs = 1000
const throttled = 10_000
/** Each change goes to every watcher: of a user that changes without end they hear so often a second, then the last. */
const changesMs = 1000
const changesAtOnce = 5
/** Front ends may number documents of one dialog at once; so often a number is taken anew. */
const numberAttempts = 6

interface ListedUsers {
  readonly uris: readonly string[]
  /** Of other servers, or of none. */
  readonly elsewhere?: readonly string[]
}

export class Keeper {
  readonly documents: Documents
  readonly #options: KeeperOptions
  readonly #domains: ReadonlySet<string>
  readonly #watcherInfos: Throttle
  readonly #lists: Throttle
  readonly #changes: Throttle
  #lastReading = 0

  constructor(options: KeeperOptions) {
    const { clock } = options
    this.#options = options
    this.#watcherInfos = new Throttle({ clock, everyMs: watcherInfoMs, limit: throttled })
    this.#lists = new Throttle({ clock, everyMs: listMs, limit: throttled })
    this.#changes = new Throttle({ clock, everyMs: changesMs, limit: throttled, atOnce: changesAtOnce })
    this.#domains = new Set(options.domains)
    this.documents = new Documents(options.store)
  }

  /** Before state is read: see `Notification.asOf`. No two are equal. */
  beginReading(): number {
    this.#lastReading = Math.max(this.#lastReading + 1, this.#options.clock.wall())
    return this.#lastReading
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
    return shownOf(owner, displayName, known, containerFor(owner, known, watcher))
  }

  /** Tells everyone who sees the status of the user that it has changed; what fails is reported, never thrown. */
  changed(owner: string): void {
    this.#changes.run(`status ${owner}`, () => this.later(this.#tell(owner, 'status')))
  }

  /** Tells all who watch the user: who may see what has changed. */
  accessChanged(owner: string): void {
    this.#changes.run(`access ${owner}`, () => this.later(this.#tell(owner, 'access')))
  }

  async #tell(owner: string, what: 'status' | 'access'): Promise<void> {
    const { store, clock } = this.#options
    const asOf = this.beginReading()
    const rows = await store.watchersOf(owner, 'presence', clock.wall())
    if (rows.length === 0) return
    const [known, displayName] = await Promise.all([this.known(owner), this.displayName(owner)])
    const texts = new Map<string, Rendered>()
    for (const row of rows.slice(0, watchersLimit)) {
      const subscription = subscriptionOf(row)
      const { watcher, dialog } = subscription
      const container = containerFor(owner, known, { aor: watcher, foreign: dialog.foreign })
      // Who is shown nothing must not learn by the time of a document that the user was there.
      if (what === 'status' && container !== undefined && seesNoStatus(container)) continue
      if (dialog.list !== undefined) {
        this.#lists.run(`${dialog.callId} ${dialog.localTag}`, () => this.later(this.#tellList(subscription)))
        continue
      }
      const key = `${dialog.format} ${container}`
      const document = texts.get(key) ?? render(dialog.format, shownOf(owner, displayName, known, container))
      // Most watchers see the same.
      texts.set(key, document)
      this.send(subscription, document, asOf)
    }
  }

  /** All of a list, as it is now (RFC 4662 §5.2, fullState). */
  async #tellList(subscription: Subscription): Promise<void> {
    const { watcher } = subscription
    const asOf = this.beginReading()
    const parts = await this.#numbered(subscription)
    const [first] = parts
    if (first?.dialog.list === undefined) return
    const document = await this.list(first.dialog, watcher, { uris: parts.map(({ resource }) => resource) })
    this.send({ ...first, resource: watcher }, document, asOf, parts)
  }

  /** The document of a resource list: those of `uris` as they are shown to the watcher. */
  async list(dialog: Dialog, watcher: string, { uris, elsewhere = [] }: ListedUsers): Promise<Rendered> {
    const shown: Shown[] = []
    for (const uri of uris) shown.push(await this.shown(uri, { aor: watcher, foreign: dialog.foreign }))
    return renderList({
      uri: dialog.list ?? watcher,
      format: dialog.format,
      shown,
      elsewhere,
      elsewhereState: 'terminated',
      version: dialog.version ?? 0,
    })
  }

  /**
   * The rows of a dialog, the first with the version of its next document. That is stored before the document is made:
   * front ends that notify of two changes at the same time use two numbers, and a front end that dies in between leaves
   * a gap, which shows the watcher that a document was lost. Empty: the dialog has ended.
   */
  async #numbered({ watcher, dialog: { callId, localTag } }: Subscription): Promise<readonly Subscription[]> {
    const { store, clock } = this.#options
    for (let attempt = 0; attempt < numberAttempts; attempt++) {
      const rows = (await store.subscriptionsOf({ watcher }, clock.wall())).map(subscriptionOf)
      const parts = rows.filter((one) => isOfDialog(one, callId, localTag))
      const [first, ...others] = parts
      if (first === undefined) return []
      const dialog = { ...first.dialog, version: nextVersion(parts) }
      const numbered = { ...first, dialog }
      if (await store.replaceState(subscriptionKey(first), dialogText(first), dialogText(numbered)))
        return [numbered, ...others]
    }
    throw new Error(`a dialog of ${watcher} changed ${numberAttempts} times while a document of it was numbered`)
  }

  /** Notifies a user who subscribed to its watchers of the present ones (RFC 3857). */
  watchersChanged(owner: string): void {
    this.#watcherInfos.run(owner, () => this.later(this.#tellWatchers(owner)))
  }

  async #tellWatchers(owner: string): Promise<void> {
    const { store, clock } = this.#options
    const rows = await store.watchersOf(owner, watcherInfoEvent, clock.wall())
    for (const subscription of rows.map(subscriptionOf)) {
      const asOf = this.beginReading()
      const [numbered] = await this.#numbered(subscription)
      if (numbered !== undefined) this.send(numbered, await this.watcherInfo(owner, numbered.dialog), asOf)
    }
  }

  async watcherInfo(owner: string, { version = 0 }: Dialog): Promise<Rendered> {
    const { store, clock } = this.#options
    const wall = clock.wall()
    const watchers = (await store.watchersOf(owner, 'presence', wall)).map(subscriptionOf)
    return watcherInfo(owner, watchers, { version, wall })
  }

  /**
   * @param asOf of `beginReading`, before the state of the document was read
   * @param all what ends with it when the watcher knows no such subscription
   */
  send(
    subscription: Subscription,
    { contentType, body, pending }: Rendered,
    asOf: number,
    all: readonly Subscription[] = [subscription],
  ): void {
    const seconds = Math.max(0, Math.ceil((subscription.expires - this.#options.clock.wall()) / 1000))
    const running = pending === true ? 'pending' : 'active'
    const state = seconds === 0 ? 'terminated;reason=timeout' : `${running};expires=${seconds}`
    this.#options.outbox.send({ subscription, state, contentType, body, asOf }, () => this.#forget(all))
  }

  /** Tells the endpoints of a user itself of a change to its lists, all but the one that made it. */
  async tellOwn(
    owner: string,
    event: string,
    except: string | undefined,
    document: () => Rendered | Promise<Rendered>,
  ): Promise<void> {
    const { store, clock } = this.#options
    const asOf = this.beginReading()
    const subscriptions = (await store.watchersOf(owner, event, clock.wall()))
      .map(subscriptionOf)
      .filter(({ dialog }) => except === undefined || dialog.epid !== except)
    if (subscriptions.length === 0) return
    const made = await document()
    for (const subscription of subscriptions) this.send(subscription, made, asOf)
  }

  /** Work that no caller waits for; a failure is reported. */
  later(work: Promise<void>): void {
    work.catch((error: unknown) => this.#options.failed(error))
  }

  /** Behind the answer that is made now. */
  sendSoon(subscription: Subscription, document: Rendered, asOf: number): void {
    this.#options.clock.after(0, () => this.send(subscription, document, asOf))
  }

  #forget(subscriptions: readonly Subscription[]): void {
    this.later(this.#options.store.removeSubscriptions(subscriptions.map(subscriptionKey)))
  }
}

/** undefined: the watcher is the user itself. */
function containerFor(owner: string, { access }: Known, watcher: Watcher): number | undefined {
  return !watcher.foreign && watcher.aor === owner ? undefined : containerOf(access, watcher)
}

function shownOf(owner: string, displayName: string, known: Known, container: number | undefined): Shown {
  const view = viewOf(known, container)
  return { aor: owner, displayName: view.container === 32_000 ? '' : displayName, view }
}
