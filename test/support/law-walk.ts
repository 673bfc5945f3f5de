/**
 * Walks the cells of the law on a running lab: for each cell that a peer of that class can be played in, one request,
 * and what came of it.
 */
import type { Test } from 'tap'
import { type Border, type Cell, dialogKinds, type MethodKind, methodKinds } from '../../src/roles/law/table.ts'
import { rowOf } from '../../src/roles/law/law.ts'
import type { TargetKind } from '../../src/sip/routing/decision.ts'
import type { SipResponse } from '../../src/sip/message/types.ts'
import { nothingButAMarker, type Sink, sink, type User } from './attack.ts'
import type { Dialog } from './attack.ts'
import type { Player } from './law-players.ts'
import type { RawRequest } from './raw-peer.ts'
import type { RawTransport } from './raw-pipe.ts'

export interface Place {
  readonly border: Border
  /** FQDN of the server. */
  readonly self: string
  /** The transport, where that is not the usual one of that border. */
  readonly door: RawTransport | undefined
  readonly players: readonly Player[]
  /** A genuine dialog of alice and bob through this border. */
  readonly stolen: Dialog | undefined
  readonly targets: ReadonlyMap<TargetKind, string>
}

export interface Scene {
  readonly alice: User
  readonly bob: User
  /** Sends the markers. */
  readonly dave: User
  readonly places: readonly Place[]
}

export interface Step {
  readonly place: Place
  readonly player: Player
  readonly cell: Cell
}

/** Every cell that can be played here. */
export function stepsOf(scene: Scene): readonly Step[] {
  return allSteps(scene).filter((step) => !isAnsweredPresence(step))
}

/** Presence that the law allows is answered with a document: the jobs with real clients walk that. */
function isAnsweredPresence(step: Step): boolean {
  const { target, dialog } = step.cell
  return (target === 'presence' || target === 'user-data') && (dialog !== 'none' || lawFor(step) === 'allow')
}

function allSteps({ places }: Scene): readonly Step[] {
  return places.flatMap((place) =>
    place.players.flatMap((player) =>
      dialogKinds
        .filter((dialog) => dialog === 'none' || dialogOf(place, player, dialog) !== undefined)
        .flatMap((dialog) =>
          methodKinds.flatMap((method) =>
            targetsFor(place, method).map((target) => ({
              place,
              player,
              cell: { border: place.border, peer: player.peer, identity: player.identity, dialog, method, target },
            })),
          ),
        ),
    ),
  )
}

function dialogOf({ stolen }: Place, { own }: Player, dialog: Cell['dialog']): Dialog | undefined {
  return dialog === 'claimed' ? stolen : own
}

/** A REGISTER names a domain, everything else a user or a server. */
function targetsFor({ targets, border }: Place, method: MethodKind): readonly TargetKind[] {
  const registers: readonly TargetKind[] = border === 'home' ? ['registrar'] : []
  const others = [...targets.keys()].filter((target) => method !== 'REGISTER' || target !== 'binding')
  return [...others, 'dialog', ...(method === 'REGISTER' ? registers : presenceAt(border, method))]
}

function presenceAt(border: Border, method: MethodKind): readonly TargetKind[] {
  if (border !== 'home') return []
  if (method === 'PUBLISH') return ['user-data']
  return method === 'any other' ? ['presence', 'user-data'] : []
}

/** So many of them, spread by a seed: a small generator is enough for a choice that anybody can repeat. */
export function sampleOf<T>(all: readonly T[], count: number, seed: number): readonly T[] {
  if (count >= all.length) return all
  let state = seed >>> 0
  const keyed = all.map((step) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return { step, key: state }
  })
  return keyed
    .sort((one, other) => one.key - other.key)
    .slice(0, count)
    .map(({ step }) => step)
}

/** SERVICE is not among them: it ends at the home server (src/services/presence). */
const otherMethods = ['MESSAGE', 'INFO', 'SUBSCRIBE', 'REFER', 'NOTIFY', 'UPDATE', 'FETCH', 'BENOTIFY'] as const
let serial = 0

/** Plays them all; counts by what the law says. */
export async function walk(t: Test, scene: Scene, steps: readonly Step[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  const nowhere = await sink(t)
  for (const step of steps) {
    const said = lawFor(step)
    const text = textOf(step)
    const came = await play(t, scene, step, nowhere).catch((error: unknown) => {
      t.fail(text, { error })
      return 0
    })
    const key = `${said} ${came === undefined ? 'no answer' : came}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  t.equal(nowhere.connections(), 0, 'nothing left for a host that is none of ours')
  return counts
}

function textOf({ place: { door }, cell }: Step): string {
  const { border, peer, identity, dialog, method, target } = cell
  const where = door === undefined ? border : `${border} over ${door}`
  return `${where}: ${peer}, identity ${identity}, dialog ${dialog}, ${method} to ${target}`
}

/** Where the domain of a server leads: a REGISTER at a name of the server is for that domain. */
const domainAt = { home: 'registrar', director: 'home', outside: 'inward', perimeter: 'own-server' } as const

/** The cell that the request comes to: the route of a dialog leads to its other end, whatever else it names. */
function effective({ place, player, cell }: Step): Cell {
  if (cell.method === 'REGISTER' && cell.target === 'own-server') return { ...cell, target: domainAt[cell.border] }
  if (cell.dialog === 'none') return cell.target === 'dialog' ? { ...cell, target: 'elsewhere' } : cell
  if (cell.method === 'REGISTER' || cell.method === 'PUBLISH') return cell
  // With no value of another server left in Route, it is for this one.
  const isProbe = cell.method === 'OPTIONS' && cell.target === 'own-server' && endsHere(place, player, cell)
  return isProbe ? cell : { ...cell, target: 'dialog' }
}

function endsHere(place: Place, player: Player, { dialog }: Cell): boolean {
  const routes = dialogOf(place, player, dialog)?.routes ?? []
  return place.border === 'home' || routes.length === 1
}

type Said = 'allow' | 'challenge' | 'refuse' | 'cancel'

function lawFor(step: Step): Said {
  const cell = effective(step)
  if (cell.method === 'CANCEL') return 'cancel'
  return rowOf(cell)?.then.kind ?? 'refuse'
}

async function play(t: Test, scene: Scene, step: Step, nowhere: Sink): Promise<number | undefined> {
  const { cell, player } = step
  t.equal(scene.bob.waiting, 0, 'nothing came late')
  while (scene.bob.waiting > 0) await scene.bob.next()
  const request = requestFor(scene, step, nowhere)
  const said = lawFor(step)
  if (cell.method === 'ACK') {
    player.at.say(request)
    if (said === 'allow') await scene.bob.next(({ callId, method }) => method === 'ACK' && callId === request.callId)
  } else {
    const { status } = await send(player, request, said)
    t.ok(isLawful(step, said, status), `${textOf(step)}: the law says ${said}, ${request.method} got ${status}`)
    if (status < 300 && isForBob(step)) await scene.bob.next(({ callId }) => callId === request.callId)
    await nothingMore(t, scene, player)
    return status
  }
  await nothingMore(t, scene, player)
  return undefined
}

/** Who has credentials and may do it answers the challenge. */
function send(player: Player, request: RawRequest, said: Said): Promise<SipResponse> {
  const { credentials } = player
  return credentials === undefined || said === 'cancel'
    ? player.at.ask(request)
    : player.at.prove(request, credentials.login, credentials.password)
}

async function nothingMore(t: Test, { bob, dave }: Scene, player: Player): Promise<void> {
  await nothingButAMarker(t, bob, bob.uri, dave)
  t.equal(player.at.waiting, 0, 'and nothing comes back to the sender')
}

function isLawful(step: Step, said: Said, status: number): boolean {
  const { player } = step
  const cell = effective(step)
  switch (said) {
    case 'allow':
      // What an access proxy lets in, the next server asks for credentials.
      if (cell.border === 'outside' && player.credentials === undefined && cell.target !== 'own-server')
        return player.peer === 'partner' ? status === 200 : status === 401
      // Who is at home elsewhere is asked there whether it takes anonymous calls: bob does not.
      if (cell.target === 'home' && cell.identity === 'none') return status === 403
      // A director says where the home of a user inside is.
      return status === 200 || (cell.method === 'REGISTER' && cell.border === 'director' && status === 301)
    case 'challenge':
      return status === 401
    case 'refuse':
      return status >= 400
    case 'cancel':
      return status === 481
    default:
      return said satisfies never
  }
}

function isForBob(step: Step): boolean {
  const { method, target } = effective(step)
  return method !== 'REGISTER' && target !== 'own-server' && target !== 'partner' && target !== 'enterprise-edge'
}

function requestFor(
  { alice, bob }: Scene,
  { place, player, cell }: Step,
  nowhere: Sink,
): RawRequest & { readonly callId: string } {
  const dialog = cell.dialog === 'none' ? undefined : dialogOf(place, player, cell.dialog)
  const method = methodFor(cell)
  const inDialog = dialog?.remoteTarget ?? bob.contact
  const elsewhere = `sip:x@${nowhere.address}:${nowhere.port};transport=tcp`
  const uri =
    cell.target === 'dialog'
      ? inDialog
      : cell.target === 'elsewhere'
        ? elsewhere
        : cell.target === 'registrar'
          ? 'sip:lab.test'
          : (place.targets.get(cell.target) ?? bob.uri)
  const isThief = cell.dialog === 'claimed' && player.identity === 'none'
  const from = isThief ? alice.uri : player.from
  const registers = cell.method === 'REGISTER'
  const isOwn = player.identity === 'user' || player.peer === 'unasked'
  const to = registers && isOwn ? from : bob.uri
  return {
    method,
    uri: registers && (cell.target === 'home' || cell.target === 'inward') ? 'sip:lab.test' : uri,
    from,
    to,
    callId: dialog?.callId ?? `law-${process.pid}-${serial}`,
    cseq: 10_000 + 2 * ++serial,
    ...(dialog === undefined ? (cell.target === 'dialog' ? { toTag: 'x' } : {}) : { toTag: dialog.toTag }),
    contact: player.contact,
    headers: [...(dialog?.routes ?? []), ...player.headers, `Event: ${eventFor(cell)}`, 'Expires: 600'],
  }
}

function methodFor({ method, target }: Cell): string {
  if (method !== 'any other') return method
  if (target === 'presence') return 'SUBSCRIBE'
  if (target === 'user-data') return 'SERVICE'
  return otherMethods[serial % otherMethods.length] ?? otherMethods[0]
}

/** `dialog` is no package of the presence service: such a request goes on to the devices of the user. */
function eventFor({ method, target }: Cell): string {
  if (method === 'REGISTER') return 'registration'
  return target === 'presence' || target === 'user-data' ? 'presence' : 'dialog'
}
