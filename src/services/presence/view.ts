/** What one user is shown of another: who may see what, and one status out of all that endpoints have said. */
import type { Binding } from '../location/binding.ts'
import type { Access, Member, Presence, Publication } from './state.ts'

export interface View {
  /** 0 to 20000, the scale of OCS 2007; `offline`. */
  readonly availability: number
  readonly note: string
  /** Wall-clock milliseconds of the last change. */
  readonly since: number
  /** Container of the watcher: 32000 is blocked, 0 sees the name only. */
  readonly container: number
  /** Categories that the watcher may see as they were published. */
  readonly publications: readonly Publication[]
}

export const offline = 18_500
const available = 3500
const blocked = 32_000

/** Who asks. */
export interface Watcher {
  readonly aor: string
  /** Of another organisation. */
  readonly foreign: boolean
}

/** Own container of each user: what everyone who is not blocked may see, the name. */
const closed = 0
/** Every client puts `federated` here unasked. */
const publicContainer = 100

/** Whether a watcher sees no status: it is blocked, or of another organisation and not let in. */
export function seesNoStatus(container: number): boolean {
  return container === blocked || container === closed
}

/** A watcher of another organisation whom the user has neither let in nor blocked. */
export function isPending(container: number): boolean {
  return container === closed
}

/**
 * The container that a watcher is in; the most specific membership counts, and in it the highest container ([MS-PRES]
 * 3.7.5.2).
 */
export function containerOf(access: Access, watcher: Watcher): number {
  const rights = rightsOf(access, watcher.aor)
  if (rights?.startsWith('B') === true || rights?.startsWith('D') === true) return blocked
  for (const isMember of memberships(watcher)) {
    const found = access.containers.find(({ id, members }) => members.some((member) => isMember(member, id)))
    if (found !== undefined) return found.id
  }
  if (rights?.startsWith('A') === true) return 200
  return watcher.foreign ? closed : 200
}

type IsMember = (member: Member, container: number) => boolean

/** The most specific first. */
function memberships(watcher: Watcher): readonly IsMember[] {
  const { foreign } = watcher
  return [
    ({ type, value }) => type === 'user' && sameUser(value, watcher.aor),
    ({ type, value }) => type === 'domain' && value.toLowerCase() === domainOf(watcher.aor),
    ({ type }) => !foreign && type === 'sameEnterprise',
    // Lab choice: `federated` opens what its user moved it to, not the container that each client puts it into.
    ({ type }, container) => foreign && type === 'federated' && container !== publicContainer,
    ({ type }, container) => type === 'everyone' && !(foreign && container === publicContainer),
  ]
}

/** Whether the user has let in or blocked this watcher, or all of its domain, by name. */
export function isDecided(access: Access, aor: string): boolean {
  if (rightsOf(access, aor) !== undefined) return true
  const named = memberships({ aor, foreign: true }).slice(0, 2)
  return access.containers.some(({ id, members }) =>
    members.some((member) => named.some((isMember) => isMember(member, id))),
  )
}

function domainOf(aor: string): string {
  return aor.slice(aor.lastIndexOf('@') + 1).toLowerCase()
}

/** USER before DOMAIN before ALL. */
function rightsOf({ entries }: Access, aor: string): string | undefined {
  const domain = domainOf(aor)
  const find = (type: string, isMeant: (mask: string) => boolean): string | undefined =>
    entries.find((entry) => entry.type === type && isMeant(entry.mask))?.rights
  return (
    find('USER', (mask) => sameUser(mask, aor)) ??
    find('DOMAIN', (mask) => mask.toLowerCase() === domain) ??
    find('ALL', () => true)
  )
}

function sameUser(value: string, aor: string): boolean {
  return userUri(value) === aor.toLowerCase()
}

/** `Carol@lab.test`, as containers have it, and `sip:carol@lab.test` name one user. */
export function userUri(value: string): string {
  const text = value.toLowerCase()
  return text.startsWith('sip:') ? text : `sip:${text}`
}

export interface Known {
  readonly access: Access
  readonly presence: Presence
  readonly bindings: readonly Pick<Binding, 'epid'>[]
  readonly wall: number
}

/** @param of container of the watcher; undefined: the user itself */
export function viewOf(known: Known, of: number | undefined): View {
  const container = of ?? 400
  if (seesNoStatus(container)) return { availability: offline, note: '', since: 0, container, publications: [] }
  const { availability, note, since } = statusOf(known, of)
  const publications = livePublications(known).filter((one) => one.container === container)
  return { availability, note, since, container, publications }
}

export function livePublications({ presence, bindings, wall }: Known): readonly Publication[] {
  return presence.publications.filter(({ expireType, endpoint, until }) => {
    if (until !== undefined && until <= wall) return false
    if (expireType === 'endpoint') return bindings.some(({ epid }) => epid === endpoint)
    return expireType !== 'user' || bindings.length > 0
  })
}

/**
 * A user without an endpoint is offline; one who has published nothing is available where it is registered.
 *
 * @param container of the watcher: a note for others is not shown; undefined: the user itself
 */
function statusOf(known: Known, container: number | undefined): Said {
  const { presence, bindings, wall } = known
  const devices = presence.devices.filter(({ epid }) => bindings.some((binding) => binding.epid === epid))
  const tuples = presence.tuples.filter(({ until }) => until > wall)
  if (bindings.length === 0 && tuples.length === 0) return { availability: offline, note: '', since: 0 }
  const said = [
    ...devices,
    ...tuples.map(({ open, note, since }) => ({ availability: open ? available : offline, note, since })),
    ...aggregate(livePublications(known), container),
  ]
  const [latest, ...others] = said
  if (latest === undefined) return { availability: available, note: '', since: 0 }
  return others.reduce((best, one) => (one.since > best.since ? one : best), latest)
}

interface Said {
  readonly availability: number
  readonly note: string
  readonly since: number
}

// A tag of the content is short; without that bound, a long attribute that repeats the word is read again and again.
const availabilityIn = /availability[^>]{0,200}>\s*(\d{1,5})/
const bodyIn = /body[^>]{0,400}>([^<]*)</

/** What the user chose counts, unless every machine is further away ([MS-PRES] 3.2.1.3). */
function aggregate(publications: readonly Publication[], container: number | undefined): readonly Said[] {
  const states = publications.filter(({ category }) => category === 'state')
  const number = ({ content }: Publication): number => Number(availabilityIn.exec(content)?.[1] ?? 0)
  const users = states.filter(({ content }) => content.includes('userState'))
  const machines = states.filter(({ content }) => content.includes('machineState'))
  const chosen = latestOf(users)
  const machine = machines.length === 0 ? undefined : Math.min(...machines.map(number))
  const since = latestOf(states)?.published
  if (since === undefined) return []
  const user = chosen === undefined ? undefined : number(chosen)
  const notes = publications.filter(
    (one) => one.category === 'note' && (container === undefined || one.container === container),
  )
  const note = bodyIn.exec(latestOf(notes)?.content ?? '')?.[1] ?? ''
  const availability = Math.max(user ?? 0, machine ?? 0)
  return [{ availability: availability === 0 ? available : availability, note, since }]
}

function latestOf(publications: readonly Publication[]): Publication | undefined {
  return publications.reduce<Publication | undefined>(
    (latest, one) => (latest === undefined || one.published >= latest.published ? one : latest),
    undefined,
  )
}
