/** Header field names: compact forms, and the small numbers the index keeps for the fields a router reads. */
import { page, wordOf, words } from './fast/scanner.ts'

const octets = page
const view = words

const COLON = 58

/** Compact form to long name (RFC 3261 §7.3.3 and the extensions that define one). */
const compact: ReadonlyMap<string, string> = new Map([
  ['a', 'accept-contact'],
  ['b', 'referred-by'],
  ['c', 'content-type'],
  ['d', 'request-disposition'],
  ['e', 'content-encoding'],
  ['f', 'from'],
  ['i', 'call-id'],
  ['j', 'reject-contact'],
  ['k', 'supported'],
  ['l', 'content-length'],
  ['m', 'contact'],
  ['n', 'identity-info'],
  ['o', 'event'],
  ['r', 'refer-to'],
  ['s', 'subject'],
  ['t', 'to'],
  ['u', 'allow-events'],
  ['v', 'via'],
  ['x', 'session-expires'],
  ['y', 'identity'],
])

/** Numbers of the fields with their own place in the index; every other field has its first letter there. */
export const VIA = 1,
  FROM = 2,
  TO = 3,
  CALL_ID = 4,
  CSEQ = 5,
  CONTENT_LENGTH = 6,
  MAX_FORWARDS = 7,
  ROUTE = 8,
  RECORD_ROUTE = 9,
  CONTACT = 10

/**
 * Added to the number of a line that is folded, or whose name has a number of its own and is spelled in another way
 * than `Record-Route:`.
 */
export const ODD = 128

const numbers: ReadonlyMap<string, number> = new Map([
  ['via', VIA],
  ['from', FROM],
  ['to', TO],
  ['call-id', CALL_ID],
  ['cseq', CSEQ],
  ['content-length', CONTENT_LENGTH],
  ['max-forwards', MAX_FORWARDS],
  ['route', ROUTE],
  ['record-route', RECORD_ROUTE],
  ['contact', CONTACT],
])

/** A header field name with all that a look-up in the index needs. */
export interface FieldName {
  /** Long form in lower case: `call-id`. */
  readonly long: string
  /** The compact letter; undefined: the name has none. */
  readonly compact: string | undefined
  /**
   * Index numbers a line of that name can have: its own number twice, or the letters of the long and the compact form.
   */
  readonly number: number
  readonly compactNumber: number
  /** Both as bits of `present` of a message. */
  readonly bits: number
}

const fieldNames = new Map<string, FieldName>()
const mostFieldNames = 512

/** `V`, `via` and `VIA` are all the field `via`. Answers are kept: the names asked for are those in our code. */
export function fieldName(name: string): FieldName {
  return fieldNames.get(name) ?? makeFieldName(name)
}

function makeFieldName(name: string): FieldName {
  const lower = name.toLowerCase()
  const long = compact.get(lower) ?? lower
  let letter: string | undefined
  for (const [short, full] of compact) if (full === long) letter = short
  const number = numbers.get(long) ?? initialNumber(long.charCodeAt(0))
  const compactNumber = letter === undefined || numbers.has(long) ? number : letter.charCodeAt(0)
  const made = { long, compact: letter, number, compactNumber, bits: (1 << number) | (1 << compactNumber) }
  if (fieldNames.size < mostFieldNames) fieldNames.set(name, made)
  return made
}

function initialNumber(code: number): number {
  return (code | 0x20) & 0x7f
}

/** `V` and `VIA` as `via`. */
export function longName(name: string): string {
  return fieldName(name).long
}

const C = 99,
  F = 102,
  I = 105,
  L = 108,
  M = 109,
  R = 114,
  T = 116,
  V = 118

/** Position of the colon in the usual spelling of each numbered field, `Via:`; numbers up to `CONTACT`. */
const usualColons: readonly number[] = [
  '',
  'Via',
  'From',
  'To',
  'Call-ID',
  'CSeq',
  'Content-Length',
  'Max-Forwards',
  'Route',
  'Record-Route',
  'Contact',
].map(({ length }) => length)

const VIA_COLON = wordOf('Via:'),
  FROM_WORD = wordOf('From'),
  CALL = wordOf('Call'),
  ID_COLON = wordOf('-ID:'),
  CSEQ_WORD = wordOf('CSeq')
const CONT = wordOf('Cont'),
  ENT = wordOf('ent-'),
  LENG = wordOf('Leng'),
  GTH = wordOf('gth:'),
  ACT = wordOf('act:')
const MAX = wordOf('Max-'),
  FORW = wordOf('Forw'),
  ARDS = wordOf('ards'),
  ROUT = wordOf('Rout'),
  RECO = wordOf('Reco'),
  RD_R = wordOf('rd-R'),
  OUTE = wordOf('oute')

/**
 * The number of the field whose line starts here in its usual spelling, `Max-Forwards:`; 0: another field or another
 * spelling. Names are compared four octets at a time (bench/parse.ts).
 */
export function usualNumber(start: number): number {
  const word = view.getInt32(start, true)
  switch (octets[start]) {
    case 86:
      return word === VIA_COLON ? VIA : 0
    case 70:
      return word === FROM_WORD && octets[start + 4] === COLON ? FROM : 0
    case 84:
      return octets[start + 1] === 111 && octets[start + 2] === COLON ? TO : 0
    case 77:
      return word === MAX &&
        view.getInt32(start + 4, true) === FORW &&
        view.getInt32(start + 8, true) === ARDS &&
        octets[start + 12] === COLON
        ? MAX_FORWARDS
        : 0
    case 82:
      return routeNumber(start, word)
    case 67:
      return numberWithC(start, word)
    default:
      return 0
  }
}

function routeNumber(start: number, word: number): number {
  if (word === ROUT) return octets[start + 4] === 101 && octets[start + 5] === COLON ? ROUTE : 0
  return word === RECO &&
    view.getInt32(start + 4, true) === RD_R &&
    view.getInt32(start + 8, true) === OUTE &&
    octets[start + 12] === COLON
    ? RECORD_ROUTE
    : 0
}

function numberWithC(start: number, word: number): number {
  if (word === CSEQ_WORD) return octets[start + 4] === COLON ? CSEQ : 0
  const second = view.getInt32(start + 4, true)
  if (word === CALL) return second === ID_COLON ? CALL_ID : 0
  if (word !== CONT) return 0
  if (second === ACT) return CONTACT
  return second === ENT && view.getInt32(start + 8, true) === LENG && view.getInt32(start + 11, true) === GTH
    ? CONTENT_LENGTH
    : 0
}

/** Position of the colon in the usual spelling. */
export function usualColon(number: number): number {
  return usualColons[number] as number
}

/**
 * The index number of the name from `start` to `end`, in any spelling, told by length and first letter, then compared
 * whole.
 */
export function recognise(start: number, end: number): number {
  const initial = initialNumber(octets[start] as number)
  switch (end - start) {
    case 1:
      return compactNumber(initial)
    case 2:
      return initial === T ? confirm(start, 'to', TO, initial) : initial
    case 3:
      return initial === V ? confirm(start, 'via', VIA, initial) : initial
    case 4:
      return initial === F
        ? confirm(start, 'from', FROM, initial)
        : initial === C
          ? confirm(start, 'cseq', CSEQ, initial)
          : initial
    case 5:
      return initial === R ? confirm(start, 'route', ROUTE, initial) : initial
    case 7:
      return initial === C ? callIdOrContact(start) : initial
    case 12:
      return initial === M
        ? confirm(start, 'max-forwards', MAX_FORWARDS, initial)
        : initial === R
          ? confirm(start, 'record-route', RECORD_ROUTE, initial)
          : initial
    case 14:
      return initial === C ? confirm(start, 'content-length', CONTENT_LENGTH, initial) : initial
    default:
      return initial
  }
}

function compactNumber(initial: number): number {
  switch (initial) {
    case V:
      return VIA
    case F:
      return FROM
    case T:
      return TO
    case I:
      return CALL_ID
    case L:
      return CONTENT_LENGTH
    case M:
      return CONTACT
    default:
      return initial
  }
}

function callIdOrContact(start: number): number {
  return ((octets[start + 1] as number) | 0x20) === 97
    ? confirm(start, 'call-id', CALL_ID, C)
    : confirm(start, 'contact', CONTACT, C)
}

/** Among token characters `| 0x20` makes letters lower case and turns nothing else into a letter or hyphen. */
function confirm(start: number, name: string, number: number, otherwise: number): number {
  for (let at = name.length - 1; at > 0; at--) {
    if (((octets[start + at] as number) | 0x20) !== name.charCodeAt(at)) return otherwise
  }
  return number
}
