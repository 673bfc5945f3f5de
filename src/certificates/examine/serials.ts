/** Serial numbers in both byte orders: LCS and OCS events print them reversed, the certificate dialog does not. */

export interface SerialNumber {
  /**
   * Lower-case hex of the value as the certificate dialog prints it, e.g. `610a3b5c`; a sign octet of zero is left out.
   */
  readonly hex: string
  /** The same octets from the other end, e.g. `5c3b0a61`. */
  readonly reversed: string
  /** Octets of the INTEGER as encoded, sign octet included: at most 20 (RFC 5280 §4.1.2.2). */
  readonly octets: number
  readonly sign: 'positive' | 'zero' | 'negative'
}

/** Reads the content octets of the INTEGER of a certificate. */
export function serialNumber(content: Buffer): SerialNumber {
  const first = content[0] ?? 0
  const unsigned = content.length > 1 && first === 0 ? content.subarray(1) : content
  const hex = unsigned.toString('hex')
  return { hex, reversed: reverseSerial(hex), octets: content.length, sign: signOf(first, hex) }
}

/** Turns hex text round octet by octet: `61 0A:3b5c` becomes `5c3b0a61`. Spaces, colons and case do not matter. */
export function reverseSerial(text: string): string {
  const hex = normaliseSerial(text)
  return Buffer.from(hex, 'hex').reverse().toString('hex')
}

/** `61:0A:3B` or `61 0a 3b` as `610a3b`; an odd digit gets its zero. Anything that is not hex gives the empty text. */
export function normaliseSerial(text: string): string {
  const hex = text
    .replace(/^0x/i, '')
    .replace(/[\s:-]/g, '')
    .toLowerCase()
  if (!/^[0-9a-f]*$/.test(hex)) return ''
  return hex.length % 2 === 0 ? hex : `0${hex}`
}

function signOf(first: number, hex: string): SerialNumber['sign'] {
  if (first >= 0x80) return 'negative'
  return /^0*$/.test(hex) ? 'zero' : 'positive'
}
