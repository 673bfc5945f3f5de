/**
 * Sends the notifications of the presence service. They go where the watcher is registered now, by its flow or along
 * its Path, so that they follow a client to another front end; a watcher of another organisation gets them along the
 * route of its subscription. Nowhere else: a Contact is no reason to dial a stranger.
 */
import { allowsOwn } from '../roles/law/law.ts'
import type { LocationService } from '../services/location/location.ts'
import type { Binding } from '../services/location/binding.ts'
import type { Dialog, Notification, Outbox } from '../services/presence/dialog.ts'
import { userDisabled } from '../services/refusals.ts'
import { instanceSelector } from '../services/registrar/gruu.ts'
import { targetOf } from '../services/registrar/local-targets.ts'
import type { ServerPlaces } from '../services/registrar/server-places.ts'
import type { Clock } from '../sip/clock.ts'
import { composeRequest } from '../sip/message/compose.ts'
import { parseNameAddress } from '../sip/message/name-address.ts'
import { randomToken } from '../sip/message/random.ts'
import type { HeaderField } from '../sip/message/types.ts'
import { parseUri } from '../sip/message/uri.ts'
import type { Target } from '../sip/routing/decision.ts'
import type { Proxy } from '../sip/routing/proxy.ts'
import type { Locate } from '../sip/routing/settings.ts'
import type { Branch } from '../sip/transaction/types.ts'
import type { Flow, FlowId } from '../sip/transport/flow.ts'
import type { TransportLayer } from '../sip/transport/types.ts'

export interface NotificationsOptions {
  readonly clock: Clock
  readonly location: LocationService
  /** FQDN of this server. */
  readonly self: string
  /** See `LocalTargetsOptions.servers`. */
  readonly servers?: ServerPlaces | undefined
  readonly transport: Pick<TransportLayer, 'existing' | 'connect' | 'flow'>
  readonly locate: Locate
  readonly failed: (error: unknown) => void
}

interface Way {
  readonly flow: FlowId | undefined
  readonly routes: readonly string[]
  readonly mayDial?: Target['mayDial']
}

/** Answers by which a watcher says that it knows no such subscription (RFC 6665 §4.2.2). */
const goneStatuses: ReadonlySet<number> = new Set([404, 405, 410, 480, 481, 484, 485, 489, 501, 604])

/** What the next notification of the same dialog waits behind, because its next hop could not be reached. */
interface Waiting {
  readonly notifications: Notification[]
  readonly gone: () => void
  tries: number
}

/**
 * The next hop is tried again after each of these; together they are Timer F. After the last the subscription ends, as
 * for a request that timed out (RFC 6665 §4.2.2): what the watcher missed comes with its next subscription.
 */
const tryAgainAfterMs = [2_000, 4_000, 8_000, 18_000] as const
/** A watcher that is away for longer than so many notifications is taken for gone. */
const mostWaiting = 64

export class Notifications implements Outbox {
  /** Made after the service that sends by it; nothing is sent before. */
  proxy: Proxy | undefined
  readonly #options: NotificationsOptions
  /** Rises with each notification of no `asOf`: CSeq counts from the begin of a dialog in milliseconds. */
  #tick = 0
  /** By dialog. */
  readonly #waiting = new Map<string, Waiting>()

  constructor(options: NotificationsOptions) {
    this.#options = options
  }

  /** In the order of the calls, also while the next hop cannot be reached. */
  send(notification: Notification, gone: () => void): void {
    const waiting = this.#waiting.get(keyOf(notification))
    if (waiting === undefined) return this.#report(this.#sendOrKeep(notification, gone))
    waiting.notifications.push(notification)
    if (waiting.notifications.length > mostWaiting) this.#giveUp(waiting)
  }

  /**
   * Tells each Communicator of a user that it is signed off ([MS-SIPREGE] `registration-notify`), by the connections
   * that it has now. Resolves when all are sent: the bindings may go then.
   */
  async signOff(aor: string, cause: SignOffCause): Promise<void> {
    const bindings = await this.#options.location.lookup(aor)
    for (const binding of bindings) if (binding.epid !== undefined) await this.#send(signOffOf(aor, binding, cause))
  }

  /** The same for the Communicators of several users, those alone that are connected to this server itself. */
  async signOffHere(aors: Iterable<string>, cause: SignOffCause): Promise<void> {
    const { location, self, transport } = this.#options
    const isOpen = (flow: FlowId): boolean => transport.flow(flow)?.open === true
    for (const aor of aors)
      for (const binding of await location.lookup(aor))
        if (binding.epid !== undefined && targetOf(binding, { self, isOpen })?.flow !== undefined)
          await this.#send(signOffOf(aor, binding, cause))
  }

  async #sendOrKeep(notification: Notification, gone: () => void, again = false): Promise<void> {
    if (await this.#isSent(notification, gone, again)) return
    const key = keyOf(notification)
    const waiting = this.#waiting.get(key)
    if (waiting !== undefined) return void waiting.notifications.push(notification)
    const first: Waiting = { notifications: [notification], gone, tries: 0 }
    this.#waiting.set(key, first)
    this.#tryLater(first)
  }

  #tryLater(waiting: Waiting): void {
    const afterMs = tryAgainAfterMs[waiting.tries]
    if (afterMs === undefined) return this.#giveUp(waiting)
    waiting.tries += 1
    this.#options.clock.after(afterMs, () => this.#report(this.#sendKept(waiting)))
  }

  async #sendKept(waiting: Waiting): Promise<void> {
    const { notifications, gone } = waiting
    for (let [first] = notifications; first !== undefined; [first] = notifications) {
      if (!(await this.#isSent(first, gone))) return this.#tryLater(waiting)
      notifications.shift()
      if (notifications.length === 0) this.#waiting.delete(keyOf(first))
    }
  }

  #giveUp({ notifications, gone }: Waiting): void {
    const [first] = notifications.splice(0)
    if (first === undefined) return
    this.#waiting.delete(keyOf(first))
    gone()
  }

  /** A name server or a store that fails is reported, and is asked again as a next hop is. */
  #isSent(notification: Notification, gone: () => void, again = false): Promise<boolean> {
    return this.#send(notification, gone, again).catch((error: unknown) => {
      this.#options.failed(error)
      return false
    })
  }

  #report(sending: Promise<void>): void {
    sending.catch((error: unknown) => this.#options.failed(error))
  }

  /**
   * @param again sent before on a connection that was reset: the way is looked up anew, once
   * @returns false when no next hop could be reached
   */
  async #send(notification: Notification, gone: () => void = () => undefined, again = false): Promise<boolean> {
    const { subscription } = notification
    const way = wayTo(subscription.dialog, await this.#options.location.lookup(subscription.watcher), this.#options)
    if (way === undefined || this.proxy === undefined || !isLawful(subscription.dialog)) return true
    const flow = await this.#flowOf(way)
    if (flow === undefined) return way.flow !== undefined
    if (!flow.open) return true
    if (subscription.dialog.benotify) {
      this.#sendUnanswered(this.proxy, notification, way, flow)
      return true
    }
    const transaction = this.proxy.transactions.client('NOTIFY', '', {
      onResponse: ({ status }) => (goneStatuses.has(status) ? gone() : undefined),
      onTimeout: gone,
      onTransportError: () => {
        if (!again) this.#report(this.#sendOrKeep(notification, gone, true))
      },
    })
    transaction?.send(this.#text(this.proxy, notification, way, flow, transaction.branch), flow)
    return true
  }

  #sendUnanswered({ own, transactions }: Proxy, notification: Notification, way: Way, flow: Flow): void {
    const branch = transactions.statelessBranch(randomToken(8))
    flow.send(transactions.sealed(this.#text({ own }, notification, way, flow, branch), flow))
  }

  async #flowOf({ flow, routes: [first], mayDial }: Way): Promise<Flow | undefined> {
    const { transport, locate } = this.#options
    if (flow !== undefined) return transport.flow(flow)
    if (first === undefined) return undefined
    for (const hop of await locate(parseNameAddress(first).uri, 'internal')) {
      if (mayDial?.(hop) === false) continue
      const open = transport.existing(hop)
      if (open !== undefined) return open
      const dialled = await transport.connect(hop).catch(() => undefined)
      if (dialled !== undefined) return dialled
    }
    return undefined
  }

  #nextTick(): number {
    this.#tick = Math.max(this.#tick + 1, this.#options.clock.wall())
    return this.#tick
  }

  #text(
    { own }: Pick<Proxy, 'own'>,
    { subscription: { dialog, resource }, state, contentType, body, asOf, headers: more = [] }: Notification,
    { routes }: Way,
    flow: Flow,
    branch: Branch,
  ): string {
    const headers: HeaderField[] = [
      ...routes.map((route): HeaderField => ['Route', route]),
      ['Contact', `<${resource}>`],
      ['Event', dialog.event],
      ['Subscription-State', state],
      ...(dialog.list === undefined ? [] : [['Require', 'eventlist'] as const]),
      ['Content-Type', contentType],
      ...more,
    ]
    return composeRequest({
      method: dialog.benotify ? 'BENOTIFY' : 'NOTIFY',
      uri: dialog.contact,
      via: own.via(flow, branch),
      from: dialog.local,
      to: dialog.remote,
      callId: dialog.callId,
      cseq: numberOf((asOf ?? this.#nextTick()) - dialog.since + 2),
      headers,
      body,
    })
  }
}

/** A calendar that was set back, and then a restart, would give a number below 0: the watcher takes none of those. */
function numberOf(milliseconds: number): number {
  return ((milliseconds % 2 ** 31) + 2 ** 31) % 2 ** 31
}

function keyOf({ subscription: { dialog } }: Notification): string {
  return `${dialog.callId} ${dialog.localTag}`
}

/** Why a Communicator is signed off ([MS-SIPREGE] §3.2): what became of its account, or a drained server. */
export type SignOffCause = 'disabled' | 'removed' | 'moved' | 'drained'

/** `rejected`: the client may not sign in again; `deactivated`: it may, at another server. */
const signOffEvents = {
  disabled: 'rejected',
  removed: 'rejected',
  moved: 'deactivated',
  drained: 'deactivated',
} as const

/** @param cause `disabled` is explained to the user, as [MS-SIPREGE] §4.1.3 has it */
export function signOffOf(
  aor: string,
  { epid, contact }: Pick<Binding, 'epid' | 'contact'>,
  cause: SignOffCause,
): Notification {
  const localTag = randomToken(8)
  const dialog: Dialog = {
    callId: randomToken(16),
    local: `<${aor}>;tag=${localTag}`,
    localTag,
    remote: `<${aor}>;epid=${epid}`,
    remoteTag: '',
    contact,
    routes: [],
    epid,
    event: 'registration-notify',
    format: 'pidf',
    benotify: true,
    since: 0,
    foreign: false,
  }
  return {
    subscription: { dialog, event: dialog.event, resource: aor, watcher: aor, expires: 0 },
    state: 'terminated;expires=0',
    contentType: 'text/registration-event',
    body: `deregistered;event=${signOffEvents[cause]}`,
    ...(cause === 'disabled' ? { headers: [userDisabled] } : {}),
  }
}

/** A watcher of ours is reached by its binding, one of another organisation along the route of its subscription. */
function isLawful({ foreign, remoteTag }: Dialog): boolean {
  const dialog = remoteTag === '' ? 'none' : 'proved'
  return allowsOwn({ border: 'home' }, { method: 'any other', dialog, target: foreign ? 'dialog' : 'binding' })
}

/** undefined: the watcher is not there now. */
export function wayTo(
  dialog: Dialog,
  bindings: readonly Binding[],
  { self, servers, transport }: Pick<NotificationsOptions, 'self' | 'servers' | 'transport'>,
): Way | undefined {
  if (dialog.foreign) return alongRoute(dialog.routes, servers)
  const { epid, contact } = dialog
  const binding =
    bindings.find(epid === undefined ? isBehind(contact) : (one) => one.epid === epid) ??
    (epid === undefined && bindings.length === 1 ? bindings[0] : undefined)
  const target = binding && targetOf(binding, { self, servers, isOpen: (flow) => transport.flow(flow)?.open === true })
  if (binding === undefined || target === undefined) return undefined
  // Without a flow and a Path the Contact of the registration is dialled, as for a call.
  const routes =
    target.flow === undefined && target.routes.length === 0 ? [`<${looseRoute(target.uri)}>`] : target.routes
  return { flow: target.flow, routes, ...(target.mayDial === undefined ? {} : { mayDial: target.mayDial }) }
}

/** Only a server that we know is dialled: the sender of a SUBSCRIBE can write a Record-Route of its own. */
function alongRoute(routes: Dialog['routes'], servers: ServerPlaces | undefined): Way | undefined {
  const [first] = routes
  if (first === undefined) return undefined
  const isKnown = servers === undefined || servers.ownerOf(parseNameAddress(first).uri) !== undefined
  return isKnown ? { flow: undefined, routes } : undefined
}

/** A phone with a GRUU subscribes with that as its Contact (RFC 5627 §4.3), and not with what it registered. */
function isBehind(contact: string): (binding: Binding) => boolean {
  return instanceSelector(parseUri(contact)) ?? ((binding) => binding.contact === contact)
}

function looseRoute(uri: string): string {
  return /;lr\b/.test(uri) ? uri : `${uri};lr`
}
