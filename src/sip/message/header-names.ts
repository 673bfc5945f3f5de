/** Header field names: compact forms, and the small numbers the index keeps for the fields a router reads. */

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

export const VIA = 1, FROM = 2, TO = 3, CALL_ID = 4, CSEQ = 5, CONTENT_LENGTH = 6, MAX_FORWARDS = 7, ROUTE = 8, RECORD_ROUTE = 9, CONTACT = 10

const known: ReadonlyMap<string, number> = new Map([
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

const longToCompact: ReadonlyMap<string, string> = new Map([...compact].map(([short, long]) => [long, short]))

/** `V`, `via` and `VIA` are all `via`. */
export function longName(name: string): string {
  const lower = name.toLowerCase()
  return compact.get(lower) ?? lower
}

/** The single letter of a long name in lower case; undefined when it has none. */
export function compactName(long: string): string | undefined {
  return longToCompact.get(long)
}

/** The index number of a long lower-case name; 0: not one of the ten. */
export function knownNumber(long: string): number {
  return known.get(long) ?? 0
}
