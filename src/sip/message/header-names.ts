/** Header field names: compact forms, and the small numbers the index keeps for the fields a router reads. */
import { charClass, TOKEN } from './scanner.ts'

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
export const VIA = 1, FROM = 2, TO = 3, CALL_ID = 4, CSEQ = 5, CONTENT_LENGTH = 6, MAX_FORWARDS = 7, ROUTE = 8, RECORD_ROUTE = 9, CONTACT = 10

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
  /** Index numbers a line of that name can have: its own number twice, or the letters of the long and the compact form. */
  readonly number: number
  readonly compactNumber: number
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
  const made = { long, compact: letter, number, compactNumber: letter === undefined || numbers.has(long) ? number : letter.charCodeAt(0) }
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

/** Behind the last character of the token at `start`. */
export function nameEnd(text: string, start: number): number {
  let at = start
  // Codes above 255 do not occur: the text is latin1. At the end charCodeAt gives NaN, which is in no class.
  while (((charClass[text.charCodeAt(at)] ?? 0) & TOKEN) !== 0) at++
  return at
}

/** The index number of the name that stands from `start` to `end` in `text`, told by length and first letter, then compared whole. */
export function recognise(text: string, start: number, end: number): number {
  const initial = initialNumber(text.charCodeAt(start))
  switch (end - start) {
    case 1: return compactNumber(initial)
    case 2: return initial === T ? confirm(text, start, 'to', TO, initial) : initial
    case 3: return initial === V ? confirm(text, start, 'via', VIA, initial) : initial
    case 4: return initial === F ? confirm(text, start, 'from', FROM, initial) : initial === C ? confirm(text, start, 'cseq', CSEQ, initial) : initial
    case 5: return initial === R ? confirm(text, start, 'route', ROUTE, initial) : initial
    case 7: return initial === C ? callIdOrContact(text, start) : initial
    case 12: return initial === M ? confirm(text, start, 'max-forwards', MAX_FORWARDS, initial) : initial === R ? confirm(text, start, 'record-route', RECORD_ROUTE, initial) : initial
    case 14: return initial === C ? confirm(text, start, 'content-length', CONTENT_LENGTH, initial) : initial
    default: return initial
  }
}

const C = 99, F = 102, I = 105, L = 108, M = 109, R = 114, T = 116, V = 118

function compactNumber(initial: number): number {
  switch (initial) {
    case V: return VIA
    case F: return FROM
    case T: return TO
    case I: return CALL_ID
    case L: return CONTENT_LENGTH
    case M: return CONTACT
    default: return initial
  }
}

function callIdOrContact(text: string, start: number): number {
  return (text.charCodeAt(start + 1) | 0x20) === 97 ? confirm(text, start, 'call-id', CALL_ID, C) : confirm(text, start, 'contact', CONTACT, C)
}

function confirm(text: string, start: number, name: string, number: number, otherwise: number): number {
  for (let at = name.length - 1; at > 0; at--) {
    if (lowered[text.charCodeAt(start + at)] !== name.charCodeAt(at)) return otherwise
  }
  return number
}

/** Token characters with letters in lower case. */
const lowered = Uint8Array.from({ length: 256 }, (_, code) => String.fromCharCode(code).toLowerCase().charCodeAt(0))
