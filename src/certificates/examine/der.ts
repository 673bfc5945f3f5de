/**
 * A bounded reader of DER (X.690): definite lengths, no copies, and nothing but `CertificateError` on hostile input.
 */
import { CertificateError, type CertificateErrorCode } from './certificate-error.ts'

/** Universal tags with their class and constructed bits, as in the identifier octet. */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** The identifier octet of `[n]`, primitive or constructed: `contextTag(3, true)` is `0xa3`. */
export function contextTag(number: number, constructed = false): number {
  return 0x80 | (constructed ? 0x20 : 0) | number
}

/** One value in place: `content` and `whole` are views, not copies. */
export interface DerElement {
  readonly tag: number
  /** Offset of the identifier octet from the start of the outermost object. */
  readonly offset: number
  readonly content: Buffer
  /** Identifier, length and content: what a signature is taken over. */
  readonly whole: Buffer
}

/** No certificate nests deeper; a deeper one is an attack on the stack. */
export const maxDepth = 24

/** A cursor over the values inside one constructed value. */
export class DerReader {
  readonly #bytes: Buffer
  readonly #base: number
  readonly #depth: number
  readonly #code: CertificateErrorCode
  #position = 0

  constructor(bytes: Buffer, code: CertificateErrorCode = 'cert.malformed', base = 0, depth = 0) {
    this.#bytes = bytes
    this.#base = base
    this.#depth = depth
    this.#code = code
    if (depth > maxDepth) throw this.error(`nested deeper than ${maxDepth} levels`)
  }

  get done(): boolean {
    return this.#position >= this.#bytes.length
  }

  /** The identifier octet that comes next; absent at the end. */
  get nextTag(): number | undefined {
    return this.#bytes[this.#position]
  }

  error(message: string, offset = this.#base + this.#position): CertificateError {
    return new CertificateError(this.#code, message, offset)
  }

  /** Takes the next value, whatever its tag (X.690 §8.1, §10.1). */
  any(what: string): DerElement {
    const start = this.#position
    const tag = this.#bytes[start]
    if (tag === undefined) throw this.error(`${what} is missing`)
    if ((tag & 0x1f) === 0x1f) throw this.error(`${what} has a tag of more than one octet`)
    const { length, headerLength } = this.#length(start + 1, what)
    const contentStart = start + 1 + headerLength
    const end = contentStart + length
    if (end > this.#bytes.length)
      throw this.error(`${what} claims ${length} octets, ${this.#bytes.length - contentStart} are left`)
    this.#position = end
    return {
      tag,
      offset: this.#base + start,
      content: this.#bytes.subarray(contentStart, end),
      whole: this.#bytes.subarray(start, end),
    }
  }

  take(tag: number, what: string): DerElement {
    if (this.nextTag !== tag)
      throw this.error(
        `${what} wanted tag 0x${tag.toString(16)}, found ` +
          `${this.nextTag === undefined ? 'the end' : `0x${this.nextTag.toString(16)}`}`,
      )
    return this.any(what)
  }

  /** Takes the next value when it has this tag. */
  optional(tag: number, what: string): DerElement | undefined {
    return this.nextTag === tag ? this.any(what) : undefined
  }

  /** Reads inside a value that was taken from this reader. */
  inside(element: DerElement, skip = 0): DerReader {
    const headerLength = element.whole.length - element.content.length
    return new DerReader(
      element.content.subarray(skip),
      this.#code,
      element.offset + headerLength + skip,
      this.#depth + 1,
    )
  }

  sequence(what: string): DerReader {
    return this.inside(this.take(Tag.sequence, what))
  }

  end(what: string): void {
    if (!this.done) throw this.error(`${what} is followed by ${this.#bytes.length - this.#position} octets too many`)
  }

  #length(at: number, what: string): { length: number; headerLength: number } {
    const first = this.#bytes[at]
    if (first === undefined) throw this.error(`${what} has no length`)
    if (first < 0x80) return { length: first, headerLength: 1 }
    const octets = first & 0x7f
    if (octets === 0) throw this.error(`${what} has an indefinite length`)
    if (octets > 4) throw this.error(`${what} has a length of ${octets} octets`)
    if (at + octets >= this.#bytes.length) throw this.error(`${what} ends inside its length`)
    const length = this.#bytes.readUIntBE(at + 1, octets)
    const shortest = length < 0x80 ? 0 : Math.ceil((32 - Math.clz32(length)) / 8)
    if (shortest !== octets) throw this.error(`${what} has a length that is not the shortest`)
    return { length, headerLength: 1 + octets }
  }
}

/** `true` is 0xFF and `false` 0x00 (X.690 §11.1). */
export function readBoolean(reader: DerReader, what: string): boolean {
  const { content, offset } = reader.take(Tag.boolean, what)
  if (content.length !== 1 || (content[0] !== 0xff && content[0] !== 0))
    throw reader.error(`${what} is no DER boolean`, offset)
  return content[0] === 0xff
}

/** The octets of an INTEGER in two's complement, in the shortest form (X.690 §8.3.2). */
export function readIntegerOctets(reader: DerReader, what: string, tag: number = Tag.integer): Buffer {
  const { content, offset } = reader.take(tag, what)
  const [first, second] = content
  if (first === undefined) throw reader.error(`${what} is an empty integer`, offset)
  const padded = second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))
  if (padded) throw reader.error(`${what} is an integer that is not the shortest`, offset)
  return content
}

/** A small non-negative INTEGER such as a version or a path length. */
export function readSmallInteger(reader: DerReader, what: string, tag: number = Tag.integer): number {
  const octets = readIntegerOctets(reader, what, tag)
  if (octets.length > 4 || (octets[0] ?? 0) >= 0x80) throw reader.error(`${what} is out of range`)
  return octets.readUIntBE(0, octets.length)
}

/** `1.2.840.113549.1.1.11`; bounded to 32 arcs of 28 bits (X.690 §8.19). */
export function readOid(reader: DerReader, what: string): string {
  const { content, offset } = reader.take(Tag.oid, what)
  return oidText(content, () => reader.error(`${what} is no object identifier`, offset))
}

/** The dotted form of the content octets of an OID. */
export function oidText(content: Buffer, failure: () => Error): string {
  const arcs: number[] = []
  let arc = 0
  let octets = 0
  for (const octet of content) {
    if (octets === 0 && octet === 0x80) throw failure()
    arc = arc * 128 + (octet & 0x7f)
    octets += 1
    if (octets > 7 || arcs.length > 64) throw failure()
    if (octet < 0x80) {
      arcs.push(arc)
      arc = 0
      octets = 0
    }
  }
  const first = arcs[0]
  if (first === undefined || octets !== 0) throw failure()
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...arcs.slice(1)].join('.')
}

/** The octets of a BIT STRING and how many bits of the last one do not count. */
export function readBitString(
  reader: DerReader,
  what: string,
  tag: number = Tag.bitString,
): { readonly octets: Buffer; readonly unused: number } {
  const { content, offset } = reader.take(tag, what)
  const unused = content[0]
  if (unused === undefined || unused > 7 || (unused > 0 && content.length === 1))
    throw reader.error(`${what} is no bit string`, offset)
  return { octets: content.subarray(1), unused }
}

/** A point in time in milliseconds, and which of the two forms it was written in. */
export interface DerTime {
  readonly at: number
  readonly form: 'utc' | 'generalized'
}

/** UTCTime `YYMMDDHHMMSSZ` or GeneralizedTime `YYYYMMDDHHMMSSZ`, seconds and `Z` compulsory (RFC 5280 §4.1.2.5). */
export function readTime(reader: DerReader, what: string): DerTime {
  const element = reader.any(what)
  const text = element.content.toString('latin1')
  const utc = element.tag === Tag.utcTime && /^\d{12}Z$/.test(text)
  const generalized = element.tag === Tag.generalizedTime && /^\d{14}Z$/.test(text)
  if (!utc && !generalized) throw reader.error(`${what} is no time in the form of RFC 5280`, element.offset)
  const year = utc ? centuryOf(Number(text.slice(0, 2))) : Number(text.slice(0, 4))
  const rest = text.slice(utc ? 2 : 4)
  const at = instant(year, rest)
  if (at === undefined) throw reader.error(`${what} names a time that does not exist`, element.offset)
  return { at, form: utc ? 'utc' : 'generalized' }
}

/** Two digits mean 1950 to 2049 (RFC 5280 §4.1.2.5.1). */
function centuryOf(year: number): number {
  return year >= 50 ? 1900 + year : 2000 + year
}

function instant(year: number, rest: string): number | undefined {
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = [0, 2, 4, 6, 8].map((at) =>
    Number(rest.slice(at, at + 2)),
  )
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const exists =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60
  return exists ? date.getTime() : undefined
}
