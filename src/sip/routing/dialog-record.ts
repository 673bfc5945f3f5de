/**
 * What a sealed Route value says of a dialog: who began it, who was called, and by which hop each of them is reached
 * (docs/decisions/0053). The text is a part of a user part (RFC 3261 §25.1 `user`): `+` separates its fields.
 */
import { hash } from 'node:crypto'
import { flat } from '../message/fast/flat.ts'
import { hashOn } from '../message/text-hash.ts'
import type { SipUri } from '../message/types.ts'
import { addressOfRecord } from '../message/uri.ts'
import type { Flow } from '../transport/flow.ts'

/** One end of a dialog, as this server knew it when the dialog began. */
export interface Side {
  /** Address-of-record, encoded (`encoded`), as authenticated or asserted. Empty: anonymous, or not known here. */
  readonly identity: string
  /** Address-of-record of the URI this end gives in From, encoded. */
  readonly uri: string
  /** Empty: ours. Else the domain, or the next hop of a static route; see `organisationText`. */
  readonly organisation: string
  /** See `Hop`. */
  readonly hop: string
}

export interface DialogRecord {
  readonly caller: Side
  readonly callee: Side
}

/** Who sent a request of the dialog by its own word, and who is at the other end. */
export interface Ends {
  readonly sender: Side
  readonly other: Side
  /** The sender began the dialog. */
  readonly isCaller: boolean
}

/** How a side is reached, and how it is known again; the first character of `Side.hop`. */
export type Hop =
  /** A server: its address follows. */
  | { readonly kind: 'server'; readonly address: string }
  /** A flow that a token beside the record names. */
  | { readonly kind: 'token' }
  /** A flow that another value names: the token without its MAC follows. */
  | { readonly kind: 'flow'; readonly claim: string }
  /** A socket address: datagrams, and connections that we dialled. */
  | { readonly kind: 'address'; readonly transport: string; readonly address: string; readonly port: number }

/** `Side.identity` where a Path leads on and only the home knows whose it is. */
export const unknownIdentity = '!'

const recordMark = 'f~'
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** Characters of an identity; a longer one is hashed. */
const longest = 120

/** Encodings made last, by place: a call gives the same few names several times. A power of two. */
class Encodings {
  private readonly given: string[] = Array.from({ length: remembered }, () => '')
  private readonly made: string[] = Array.from({ length: remembered }, () => '')

  find(text: string): string | undefined {
    const at = placeOf(text)
    return this.given[at] === text ? this.made[at] : undefined
  }

  note(text: string, encoding: string): string {
    if (text.length > longest) return encoding
    const at = placeOf(text)
    this.given[at] = flat(text)
    this.made[at] = encoding
    return encoding
  }
}

const remembered = 256
const ofNames = new Encodings()
const ofUris = new Encodings()

function placeOf(text: string): number {
  return hashOn(0, text) & (remembered - 1)
}

/** `sip:alice@lab.test` becomes `alice%40lab.test`; what is long becomes a hash. Equal texts give equal texts. */
export function encoded(aor: string): string {
  return aor === '' ? '' : (ofNames.find(aor) ?? ofNames.note(aor, encode(aor)))
}

/** The same for the address-of-record of a URI: `sip:alice@lab.test:5061;transport=tls` is `alice%40lab.test` too. */
export function encodedUser(uri: SipUri): string {
  return ofUris.find(uri.text) ?? ofUris.note(uri.text, encode(addressOfRecord(uri)))
}

function encode(aor: string): string {
  const plain = aor.startsWith('sip:') ? aor.slice(4) : aor
  if (plain.length > longest || plain.startsWith('*')) return `*${hash('sha256', plain, 'base64url').slice(0, 22)}`
  return flat(/^[A-Za-z0-9._@-]*$/.test(plain) ? plain.replace('@', '%40') : encodeURIComponent(plain))
}

/** The address-of-record again; undefined where the text was too long to keep. */
export function decoded(text: string): string | undefined {
  if (text === '' || text === unknownIdentity || text.startsWith('*')) return undefined
  const plain = decodeURIComponent(text)
  return plain.startsWith('tel:') ? plain : `sip:${plain}`
}

/** One character that says with good odds which of two tags is the caller's: it spares a hash. Any node reads it. */
export function hintOf(tag: string): string {
  return alphabet[hashOn(0, tag) & 63] ?? 'A'
}

/** Everything but the MAC. */
export function recordText({ caller, callee }: DialogRecord, callerTag: string): string {
  return `${recordMark}${hintOf(callerTag)}${sideText(caller)}+${sideText(callee)}+`
}

function sideText({ identity, uri, organisation, hop }: Side): string {
  return `${identity}+${uri === identity ? '' : uri}+${organisation}+${hop}`
}

/** A host as `Side.organisation` has it. */
export function organisationText(host: string): string {
  const plain = host.toLowerCase()
  return /^[a-z0-9.-]*$/.test(plain) && plain.length <= longest ? plain : encoded(`*${plain}`)
}

/** Where the record begins in a user part; -1: it has none. */
export function recordStart(user: string): number {
  if (user.startsWith(recordMark)) return 0
  const at = user.indexOf(`+${recordMark}`)
  return at === -1 ? -1 : at + 1
}

export interface ReadRecord {
  readonly hint: string
  readonly record: DialogRecord
  /** Length of what the MAC covers. */
  readonly covered: number
}

const fieldCount = 9

/** undefined: it has not the shape of a record. */
export function readRecord(user: string, start: number): ReadRecord | undefined {
  const fields = user.slice(start + recordMark.length + 1).split('+', fieldCount + 1)
  if (fields.length !== fieldCount) return undefined
  const [one = '', two = '', three = '', four = '', five = '', six = '', seven = '', eight = '', mac = ''] = fields
  return {
    hint: user.charAt(start + recordMark.length),
    record: { caller: side(one, two, three, four), callee: side(five, six, seven, eight) },
    covered: user.length - mac.length,
  }
}

function side(identity: string, uri: string, organisation: string, hop: string): Side {
  return { identity, uri: uri === '' ? identity : uri, organisation, hop }
}

/**
 * @param token whether a token beside the record names the flow; only such flows have one
 * @param organisation of the side: whom we dialled for another one, and who showed a certificate, is its server
 */
export function hopText(flow: Flow, token: 'beside' | 'elsewhere' | 'none', claim: string, organisation = ''): string {
  if (token === 'beside') return 'w'
  if (token === 'elsewhere') return `f${claim}`
  const isDialledFor = organisation !== '' && flow.direction === 'dialled' && flow.peer !== undefined
  if (isServer(flow) || isDialledFor) return `s${flow.remote.address.replaceAll(':', '_')}`
  // Dialled by a name, it is dialled by that name again: its certificate carries no address.
  const name = flow.direction === 'dialled' && flow.secure ? flow.dialledName : undefined
  const address = (name ?? flow.remote.address).toLowerCase().replaceAll(':', '_')
  return `a${flow.transport}_${address}_${flow.remote.port}`
}

export function readHop(hop: string): Hop {
  const rest = hop.slice(1)
  switch (hop.charAt(0)) {
    case 'w':
      return { kind: 'token' }
    case 'f':
      return { kind: 'flow', claim: rest }
    case 'a': {
      const start = rest.indexOf('_')
      const end = rest.lastIndexOf('_')
      const address = rest.slice(start + 1, end).replaceAll('_', ':')
      return { kind: 'address', transport: rest.slice(0, start), address, port: Number(rest.slice(end + 1)) }
    }
    default:
      return { kind: 'server', address: rest.replaceAll('_', ':') }
  }
}

/** In the notes of a flow: its peer is a server although no list names it; it can be dialled anew. */
export const dialable = 'dialable'

export function isServer({ peer, notes }: Flow): boolean {
  return peer?.class === 'server' || peer?.class === 'edge' || (peer !== undefined && notes.has(dialable))
}
