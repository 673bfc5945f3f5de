/**
 * A text that is nothing but a number: a serial in either byte order, a thumbprint, a UUID. Inside a longer text a run
 * of hex digits is a serial only where the words say so: thread ids, pointers and thumbprints look the same.
 */
export type Identifier =
  | { readonly kind: 'serial'; readonly value: string; readonly reversed: string }
  | { readonly kind: 'thumbprint'; readonly value: string; readonly digest: 'SHA-1' | 'SHA-256' }
  | { readonly kind: 'uuid'; readonly value: string }

const uuid = /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i
const hexOnly = /^(?:0x)?[0-9a-f]{2}(?:[ :-]?[0-9a-f]){6,126}$/i

/** `identifierOf('5202FBA7CF1487')` -> a serial and the same octets reversed. Absent for anything else. */
export function identifierOf(text: string): Identifier | undefined {
  const bare = text.trim()
  if (bare.length > 256) return undefined
  if (uuid.test(bare)) return { kind: 'uuid', value: bare.replace(/[{}]/g, '').toLowerCase() }
  const named =
    /\b(serial(?: ?(?:number|no\.?))?|thumbprint|fingerprint)\b\W{0,4}([0-9a-f][0-9a-f :-]{10,190}[0-9a-f])(?![0-9a-z])/i.exec(
      bare,
    )
  if (named !== null) return identified(named[2] ?? '', /serial/i.test(named[1] ?? '') ? 'serial' : 'thumbprint')
  return hexOnly.test(bare) && !/^(?:0x)?[89c][0-9a-f]{7}$|^\d{9,10}$/i.test(bare)
    ? identified(bare, undefined)
    : undefined
}

function identified(text: string, said: 'serial' | 'thumbprint' | undefined): Identifier | undefined {
  const digits = text.replace(/^0x/i, '').replace(/[ :-]/g, '').toUpperCase()
  if (digits.length < 8) return undefined
  if (said !== 'serial' && (digits.length === 40 || digits.length === 64))
    return { kind: 'thumbprint', value: digits, digest: digits.length === 40 ? 'SHA-1' : 'SHA-256' }
  // RFC 5280 §4.1.2.2: a serial has at most 20 octets.
  if (said === 'thumbprint' || digits.length > 40) return undefined
  const even = digits.length % 2 === 0 ? digits : `0${digits}`
  return { kind: 'serial', value: even, reversed: (even.match(/../g) ?? []).toReversed().join('') }
}
