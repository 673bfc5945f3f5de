/** SUBSCRIBE for presence and for the lists of a user (RFC 6665, RFC 3856, [MS-SIP] 3.1.3, [MS-PRES] 3.1.5). */
import type { HeaderField, SipRequest, SipUri } from '../../sip/message/types.ts'
import { addressOfRecord } from '../../sip/message/uri.ts'
import { type Arrival, type Decision, refuse } from '../../sip/routing/decision.ts'
import type { PresenceStore } from '../store/presence-store.ts'
import {
  type Dialog,
  isOfDialog,
  newDialog,
  refreshed,
  rowOf,
  type Subscription,
  subscriptionKey,
  subscriptionOf,
} from './dialog.ts'
import { type Format, render, renderList, type Rendered, type Shown } from './formats.ts'
import type { Keeper } from './keeper.ts'
import { type Watched, watchedBy, withList } from './lists.ts'
import { isRoaming, pendingEvent, roamingDocument, selfEvent } from './roaming.ts'
import { isDecided, type Watcher } from './view.ts'
import { watcherInfoEvent, watcherInfoType } from './watcher-info.ts'

export interface SubscribeOptions {
  readonly keeper: Keeper
  readonly store: PresenceStore
  /** FQDN of this server. */
  readonly self: string
  /** Whether a user is at home in this pool; presence of others is at theirs. */
  readonly isHere: (aor: string) => boolean | Promise<boolean>
  /** Documents of presence that this server writes. */
  readonly formats: readonly Format[]
  /** Resources one user may watch, all its endpoints together. */
  readonly limit: number
}

/** Users of other organisations that watch one user at most. */
const foreignLimit = 500
/** So many once an organisation holds more than its share: those with less are still let in. */
const sharedForeignLimit = 1000
/** Documents in the answer to one batch at most; each further user is left to a subscription of its own. */
const batchLimit = 512

const defaultSeconds = 3600
const longestSeconds = 36_000
const shortestSeconds = 60

/** One SUBSCRIBE as read. */
interface Ask {
  readonly request: SipRequest
  /** Request-URI. */
  readonly uri: SipUri
  readonly wall: number
  /** Of `Keeper.beginReading`. */
  readonly asOf: number
  readonly watcher: Watcher
  /** Address-of-record in the Request-URI. */
  readonly resource: string
  /** Lower case, without parameters. */
  readonly event: string
  readonly seconds: number
  readonly dialog: Dialog
  /** What the dialog watches already; empty: it begins. */
  readonly known: readonly Subscription[]
  /** Resources that the watcher watches now, by all its endpoints. */
  readonly running: number
}

export async function subscribe(arrival: Arrival, watcher: Watcher, options: SubscribeOptions): Promise<Decision> {
  const { request, wall, uri } = arrival
  const asOf = options.keeper.beginReading()
  const seconds = secondsOf(request)
  if (typeof seconds !== 'number') return seconds
  const event = eventOf(request)
  const resource = addressOfRecord(uri)
  const all = await mine(options, watcher.aor, wall)
  const known =
    request.toTag === undefined
      ? []
      : all.filter((one) => isOfDialog(one, request.callId, request.toTag ?? '') && isOtherEnd(one, request))
  if (request.toTag !== undefined && known[0]?.event !== event) return refuse(481, 'presence.no-subscription')
  const [one, ...others] = known
  const dialog =
    one === undefined
      ? newDialog(request, { wall, foreign: watcher.foreign, formats: options.formats })
      : refreshed([one, ...others], request)
  const ask: Ask = { request, uri, wall, asOf, watcher, resource, event, seconds, dialog, known, running: all.length }
  if (isRoaming(event)) return roam(ask, options)
  return event === watcherInfoEvent ? watchWatchers(ask, options) : watch(ask, options)
}

function isOtherEnd({ dialog }: Subscription, { fromTag = '' }: SipRequest): boolean {
  return dialog.remoteTag === fromTag
}

/** Event in lower case, without its parameters. */
export function eventOf(request: SipRequest): string {
  return (request.header('Event') ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
}

function secondsOf(request: SipRequest): number | Decision {
  const text = request.header('Expires')
  if (text === undefined) return defaultSeconds
  if (!/^\d{1,10}$/.test(text)) return refuse(400, 'presence.expires', [], `Expires: ${text} is no number of seconds`)
  const wanted = Number(text)
  // RFC 6665 §4.2.1.1: a server may refuse a subscription of a few seconds.
  if (wanted > 0 && wanted < shortestSeconds)
    return refuse(423, 'presence.interval-too-brief', [['Min-Expires', String(shortestSeconds)]])
  return Math.min(wanted, longestSeconds)
}

async function mine({ store }: SubscribeOptions, watcher: string, wall: number): Promise<readonly Subscription[]> {
  return (await store.subscriptionsOf({ watcher }, wall)).map(subscriptionOf)
}

/** A list of the user itself: no other user may see it. */
async function roam(ask: Ask, options: SubscribeOptions): Promise<Decision> {
  if (ask.resource !== ask.watcher.aor || ask.watcher.foreign) return refuse(403, 'presence.list-of-another')
  const refused = refuseTooMany(ask, [ask.resource], options)
  if (refused !== undefined) return refused
  await keep(ask, [ask.resource], options)
  const pending = await pendingWatchers(ask.resource, ask.wall, options)
  return accepted(ask, await roamingDocument(options.keeper, ask.event, ask.resource, pending), options)
}

async function watch(ask: Ask, options: SubscribeOptions): Promise<Decision> {
  const { keeper } = options
  const { resource, watcher } = ask
  // A list is for its own user: others would read in it whom that user knows.
  const isOwn = resource === watcher.aor && !watcher.foreign
  const watched = isOwn ? await watchedBy(ask, keeper) : ({ kind: 'one' } as const)
  if (watched.kind === 'refused') return watched.decision
  const refused = refuseTooMany(ask, watched.kind === 'one' ? [resource] : watched.uris, options)
  if (refused !== undefined) return refused
  return watched.kind === 'one' ? watchOne(ask, options) : watchMany(ask, watched, options)
}

function refuseTooMany(
  { known, running, seconds }: Ask,
  resources: readonly string[],
  { limit, self }: SubscribeOptions,
): Decision | undefined {
  const isNew = (aor: string): boolean => !known.some((one) => one.resource === aor)
  if (seconds === 0 || running + resources.filter(isNew).length <= limit) return undefined
  return refuse(403, 'presence.too-many-subscriptions', [
    ['ms-diagnostics', `4000;reason="No more than ${limit} subscriptions of a user";source="${self}"`],
  ])
}

/** Whom an organisation invents takes no place from the users of others. */
function hasRoom(watching: readonly Subscription[], { aor }: Watcher): boolean {
  const others = watching.filter(({ dialog }) => dialog.foreign).map((one) => organisationOf(one.watcher))
  if (others.length < foreignLimit) return true
  const own = organisationOf(aor)
  const share = foreignLimit / new Set([...others, own]).size
  return others.length < sharedForeignLimit && others.filter((one) => one === own).length < share
}

function organisationOf(aor: string): string {
  return aor.slice(aor.lastIndexOf('@') + 1)
}

/**
 * A user of another organisation whom the watched one has not let in subscribes as well, as at OCS: it is shown the
 * name alone, and the watched one receives a notification. Names of other organisations cost nothing, so their number
 * is bounded.
 */
async function watchOne(ask: Ask, options: SubscribeOptions): Promise<Decision> {
  const { keeper, store } = options
  const { resource, watcher, seconds, known, wall } = ask
  if (watcher.foreign && known.length === 0 && seconds > 0) {
    const rows = await store.watchersOf(resource, 'presence', wall)
    if (!hasRoom(rows.map(subscriptionOf), watcher)) return refuse(403, 'presence.too-many-watchers')
  }
  await keep(ask, known.length > 0 && seconds === 0 ? known.map((one) => one.resource) : [resource], options)
  announce(ask, [resource], options)
  // Read after the row is there: what is published between the two would reach this watcher by neither.
  return accepted(ask, render(ask.dialog.format, await keeper.shown(resource, watcher)), options)
}

async function watchMany(ask: Ask, watched: Extract<Watched, { uris: unknown }>, options: SubscribeOptions) {
  const { keeper } = options
  const { resource, watcher } = ask
  const here: string[] = []
  const most = watched.kind === 'batch' ? batchLimit : watched.uris.length
  for (const aor of watched.uris)
    if (here.length < most && keeper.isOurs(aor) && (await options.isHere(aor))) here.push(aor)
  const elsewhere = watched.uris.filter((aor) => !here.includes(aor))
  if (watched.kind === 'batch') {
    const going = await without(ask, isIn(watched.ends), options)
    await keep(going, here, options)
    announce(ask, here, options)
    const shown: Shown[] = []
    for (const aor of here) shown.push(await keeper.shown(aor, watcher))
    const { format } = ask.dialog
    const parts = { uri: resource, format, shown, elsewhere, elsewhereState: 'resubscribe', version: 0 } as const
    return accepted(ask, renderList(parts), options)
  }
  const isHere = isIn(here)
  const asked = await without({ ...ask, dialog: withList(ask.dialog, watched) }, (one) => !isHere(one), options)
  await keep(asked, here, options)
  announce(asked, here, options)
  return accepted(asked, await keeper.list(asked.dialog, watcher.aor, { uris: here, elsewhere }), options)
}

/** The dialog without some of its users. */
async function without(ask: Ask, isGone: (one: Subscription) => boolean, { store }: SubscribeOptions): Promise<Ask> {
  await store.removeSubscriptions(ask.known.filter(isGone).map(subscriptionKey))
  return { ...ask, known: ask.known.filter((one) => !isGone(one)) }
}

function isIn(resources: readonly string[]): (subscription: Subscription) => boolean {
  return ({ resource }) => resources.includes(resource)
}

/** RFC 3857 §4.6: to the user itself alone. */
async function watchWatchers(ask: Ask, options: SubscribeOptions): Promise<Decision> {
  const { request, resource, watcher } = ask
  if (resource !== watcher.aor || watcher.foreign) return refuse(403, 'presence.list-of-another')
  const types = request.list('Accept').map((value) => value.split(';')[0]?.trim().toLowerCase())
  if (types.length > 0 && !types.some((type) => type === watcherInfoType || type === '*/*'))
    return refuse(406, 'presence.accept', [['Accept', watcherInfoType]])
  const refused = refuseTooMany(ask, [resource], options)
  if (refused !== undefined) return refused
  await keep(ask, [resource], options)
  return accepted(ask, await options.keeper.watcherInfo(resource, ask.dialog), options)
}

/** Stores, extends or ends the subscriptions of one dialog. */
async function keep(ask: Ask, resources: readonly string[], { store, self }: SubscribeOptions): Promise<void> {
  const { dialog, watcher, event, seconds, wall, known } = ask
  const all = new Set([...known.map((one) => one.resource), ...resources])
  const expires = wall + seconds * 1000
  const subscriptions = [...all].map((resource) => ({ dialog, event, resource, watcher: watcher.aor, expires }))
  if (seconds === 0) return store.removeSubscriptions(subscriptions.map(subscriptionKey))
  await store.putSubscriptions(subscriptions.map((subscription) => rowOf(subscription, self)))
}

/** Who watches a user that has not said yes or no to it. */
async function pendingWatchers(
  owner: string,
  wall: number,
  { keeper, store }: Pick<SubscribeOptions, 'keeper' | 'store'>,
): Promise<readonly string[]> {
  const [rows, access, contacts] = await Promise.all([
    store.watchersOf(owner, 'presence', wall),
    keeper.documents.read(owner, 'access'),
    keeper.documents.read(owner, 'contacts'),
  ])
  const seen = new Set([owner, ...access.acknowledged, ...contacts.contacts.map(({ uri }) => uri)])
  return [...new Set(rows.map(({ watcher }) => watcher))]
    .filter((watcher) => !seen.has(watcher) && !isDecided(access, watcher))
    .slice(0, 100)
}

/** A new watcher is shown to the one it watches, and so is the end of one. */
function announce(ask: Ask, resources: readonly string[], options: SubscribeOptions): void {
  const changed = ask.seconds === 0 ? ask.known.map((one) => one.resource) : ask.known.length > 0 ? [] : resources
  for (const owner of changed) options.keeper.watchersChanged(owner)
  if (ask.known.length > 0 || ask.seconds === 0) return
  const tell = async (owner: string): Promise<void> => {
    const pending = await pendingWatchers(owner, ask.wall, options)
    if (!pending.includes(ask.watcher.aor)) return
    for (const event of [pendingEvent, selfEvent])
      await options.keeper.tellOwn(owner, event, undefined, () =>
        roamingDocument(options.keeper, event, owner, pending),
      )
  }
  for (const owner of resources) if (owner !== ask.watcher.aor) options.keeper.later(tell(owner))
}

/** With the document where the client reads it there, else in a NOTIFY of its own (RFC 6665 §4.2.1.2). */
function accepted(ask: Ask, document: Rendered, { keeper }: SubscribeOptions): Decision {
  const { request, dialog, seconds, wall, asOf, watcher, event, resource } = ask
  const supported = request.list('Supported')
  const running = document.pending === true ? 'pending' : 'active'
  const piggybacks = supported.includes('ms-piggyback-first-notify')
  const headers: HeaderField[] = [
    ['Contact', `<${resource}>`],
    ['Expires', String(seconds)],
    ['Event', dialog.event],
    ['subscription-state', seconds === 0 ? 'terminated;expires=0' : `${running};expires=${seconds}`],
  ]
  if (dialog.benotify) headers.push(['Supported', 'ms-benotify'])
  if (dialog.list !== undefined) headers.push(['Require', 'eventlist'])
  const answer = { kind: 'answer', status: 200, toTag: dialog.localTag } as const
  if (piggybacks) {
    headers.push(['ms-piggyback-cseq', '1'], ['Supported', 'ms-piggyback-first-notify'])
    headers.push(['Content-Type', document.contentType])
    return { ...answer, headers, body: document.body }
  }
  keeper.sendSoon({ dialog, event, resource, watcher: watcher.aor, expires: wall + seconds * 1000 }, document, asOf)
  return { ...answer, headers }
}
