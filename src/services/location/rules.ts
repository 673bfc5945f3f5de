/**
 * What a REGISTER does to the bindings of one address-of-record (RFC 3261 §10.3 steps 6 and 7). Pure: the stores apply
 * it.
 */
import { parseUri, equalUris } from '../../sip/message/uri.ts'
import type { SipUri } from '../../sip/message/types.ts'
import type { Binding } from './binding.ts'

/** One REGISTER, read and checked. */
export interface Change {
  readonly aor: string
  readonly callId: string
  readonly cseq: number
  /** Wall-clock milliseconds at which it arrived. */
  readonly wall: number
  /** `Contact: *`: every binding goes. */
  readonly all: boolean
  readonly contacts: readonly ContactChange[]
  /** Bindings one address-of-record may have. */
  readonly limit: number
}

export interface ContactChange {
  readonly uri: SipUri
  /** Wall-clock milliseconds; the binding goes when it is not later than `Change.wall`. */
  readonly binding: Omit<Binding, 'aor' | 'key' | 'callId' | 'cseq'>
}

/** `same`: every binding that was asked for existed before; `moved`: one of them by another connection or Path. */
export type Refreshed = 'no' | 'same' | 'moved'

export type Plan =
  | {
      readonly kind: 'done'
      readonly put: readonly Binding[]
      readonly remove: readonly Binding[]
      readonly bindings: readonly Binding[]
      readonly refreshed: Refreshed
    }
  | Refused

type Refused =
  /** An older request with that Call-ID; nothing is changed (RFC 3261 §10.3 step 7). */
  { readonly kind: 'out-of-order'; readonly contact: string } | { readonly kind: 'too-many'; readonly limit: number }

export type Outcome =
  | { readonly kind: 'done'; readonly bindings: readonly Binding[]; readonly refreshed: Refreshed }
  | Refused

/**
 * @param current every binding that is not expired
 */
export function planChange(current: readonly Binding[], change: Change): Plan {
  if (change.all) return planRemovalOfAll(current, change)
  const put: Binding[] = []
  const remove: Binding[] = []
  const touched: Binding[] = []
  let refreshed: Refreshed = 'same'
  for (const contact of change.contacts) {
    const known = findSame(current, contact, change) ?? findSame(put, contact, change)
    if (known !== undefined) touched.push(known)
    if (known !== undefined && !put.includes(known) && isOld(known, change))
      return planRepetition(current, change) ?? { kind: 'out-of-order', contact: known.contact }
    if (contact.binding.expires > change.wall) {
      const key = known?.key ?? newKey(contact, [current, put])
      if (known === undefined) refreshed = 'no'
      else if (refreshed === 'same' && isMoved(known, contact.binding)) refreshed = 'moved'
      place(put, { ...contact.binding, aor: change.aor, key, callId: change.callId, cseq: change.cseq })
      takeOut(remove, key)
    } else if (known !== undefined) {
      place(remove, known)
      takeOut(put, known.key)
    }
  }
  const others = current.filter((known) => !touched.includes(known))
  const plan = withinLimit(others, change, put, remove)
  return plan.kind === 'done' && put.length > 0 ? { ...plan, refreshed } : plan
}

/**
 * The request that made the bindings, once more: its answer was lost, and the client sends it again by another
 * connection. It leads to what it led to before. Lab choice: RFC 3261 §10.3 step 7 would refuse it.
 *
 * @returns undefined: another request with the same CSeq
 */
function planRepetition(current: readonly Binding[], change: Change): Plan | undefined {
  const put: Binding[] = []
  for (const contact of change.contacts) {
    const known = findSame(current, contact, change)
    if (known === undefined && contact.binding.expires <= change.wall) continue
    if (known === undefined || !isRepeated(known, contact, change)) return undefined
    place(put, { ...contact.binding, aor: change.aor, key: known.key, callId: change.callId, cseq: change.cseq })
  }
  const bindings = current.map((known) => put.find(({ key }) => key === known.key) ?? known)
  return { kind: 'done', put, remove: [], bindings, refreshed: 'same' }
}

/** A client repeats a request for so long: Timer F, 64 × T1 (RFC 3261 §17.1.2.2). */
const repeatedWithinMs = 32_000

/** Only by the time, the connection and what leads to it may the two differ. */
function isRepeated(known: Binding, { uri, binding }: ContactChange, { callId, cseq }: Change): boolean {
  const later = binding.expires - known.expires
  return (
    known.callId === callId &&
    known.cseq === cseq &&
    known.contact === uri.text &&
    known.q === binding.q &&
    known.regId === binding.regId &&
    known.epid === binding.epid &&
    known.userAgent === binding.userAgent &&
    instanceKey(known.instance) === instanceKey(binding.instance) &&
    later >= 0 &&
    later <= repeatedWithinMs
  )
}

function isMoved(known: Binding, { flow, path }: ContactChange['binding']): boolean {
  return known.flow !== flow || known.path.join() !== path.join()
}

function planRemovalOfAll(current: readonly Binding[], change: Change): Plan {
  const old = current.find((binding) => isOld(binding, change))
  if (old !== undefined) return { kind: 'out-of-order', contact: old.contact }
  return { kind: 'done', put: [], remove: current, bindings: [], refreshed: 'no' }
}

function isOld(known: Binding, change: Change): boolean {
  return known.callId === change.callId && change.cseq <= known.cseq
}

/** Spelled the same, mostly: only without such a one are the URIs of the others read (bench/proxy.ts, register-10). */
function findSame(bindings: readonly Binding[], wanted: ContactChange, change: Change): Binding | undefined {
  const { uri, binding } = wanted
  const spelled =
    binding.regId === undefined && !isEndpoint(binding)
      ? bindings.find(({ regId, contact }) => regId === undefined && contact === uri.text)
      : undefined
  return spelled ?? bindings.find((known) => isSame(known, wanted, change))
}

/**
 * The same binding: by instance and reg-id for outbound (RFC 5626 §6), by endpoint for clients that name one by epid
 * (they register a new port after each reconnect), else by the rules for equal URIs.
 */
function isSame(known: Binding, { uri, binding }: ContactChange, change: Change): boolean {
  if (binding.regId !== undefined)
    return known.regId === binding.regId && instanceKey(known.instance) === instanceKey(binding.instance)
  if (known.regId !== undefined) return false
  if (isEndpoint(binding) && change.contacts.length === 1) {
    if (known.epid === binding.epid && instanceKey(known.instance) === instanceKey(binding.instance)) return true
  }
  if (known.contact === uri.text) return true
  // What does not even have the digits of the port need not be read.
  if (uri.port !== undefined && !known.contact.includes(String(uri.port))) return false
  return equalUris(parseUri(known.contact), uri)
}

function isEndpoint({ epid }: Pick<Binding, 'epid'>): boolean {
  return epid !== undefined
}

/** A `urn:uuid` is the same in any case (RFC 4122 §3), and other instances do not differ in it alone. */
export function instanceKey(instance: string | undefined): string | undefined {
  return instance?.toLowerCase()
}

/** A binding keeps its key when its Contact changes: another one may have that Contact now, and gets a longer key. */
function newKey({ uri, binding }: ContactChange, taken: readonly (readonly Binding[])[]): string {
  let key = binding.regId === undefined ? uri.text : `${binding.instance ?? ''};reg-id=${binding.regId}`
  while (taken.some((bindings) => indexOf(bindings, key) !== -1)) key += ';'
  return key
}

/**
 * Bindings that lead nowhere make room: first those whose flow a restart took, then those of an earlier life.
 *
 * @param others those of the user that the request does not name
 */
function withinLimit(others: readonly Binding[], change: Change, put: readonly Binding[], remove: Binding[]): Plan {
  const excess = others.length + put.length - change.limit
  const way = excess > 0 && put.length > 0 ? givingWay(others, put, change).slice(0, excess) : []
  if (way.length < excess && put.length > 0) return { kind: 'too-many', limit: change.limit }
  remove.push(...way)
  const kept = way.length === 0 ? others : others.filter((known) => !way.includes(known))
  return { kind: 'done', put, remove, bindings: kept.length === 0 ? put : [...kept, ...put], refreshed: 'no' }
}

function givingWay(kept: readonly Binding[], put: readonly Binding[], change: Change): readonly Binding[] {
  const lost = kept.filter(({ flowBound, flow }) => flowBound && flow === undefined)
  const earlier = kept
    .filter((known) => !lost.includes(known) && put.some((binding) => isEarlierLife(known, binding, change)))
    .sort((one, other) => one.expires - other.expires)
  return [...lost, ...earlier]
}

/**
 * A phone keeps its Call-ID for a whole boot cycle (RFC 3261 §10.2.4): a binding of the same program at the same host
 * under another one is what it left behind when it ended without a farewell.
 */
function isEarlierLife(known: Binding, binding: Binding, { callId }: Change): boolean {
  if (known.callId === callId || known.userAgent !== binding.userAgent) return false
  const [host, other] = [known, binding].map(({ contact }) => parseUri(contact).host)
  return host === other || (isUnreal(host) && isUnreal(other))
}

/** The contacts of browsers: a new name at each start (RFC 7118 §5). */
function isUnreal(host: string | undefined): boolean {
  return host?.endsWith('.invalid') === true
}

// Lists, not Maps: mostly there is one binding, never more than the limit (bench/registrations.ts).

function indexOf(bindings: readonly Binding[], wanted: string): number {
  return bindings.findIndex(({ key }) => key === wanted)
}

function place(bindings: Binding[], binding: Binding): void {
  const at = indexOf(bindings, binding.key)
  if (at === -1) bindings.push(binding)
  else bindings[at] = binding
}

function takeOut(bindings: Binding[], key: string): void {
  const at = indexOf(bindings, key)
  if (at !== -1) bindings.splice(at, 1)
}
