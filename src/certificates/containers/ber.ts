/**
 * BER to DER (X.690 §8, §10): containers of NSS, Java and macOS have indefinite lengths and octet strings in pieces,
 * which the reader of certificates refuses. Bounded in depth and size; nothing is guessed.
 */
import { CertificateError, type CertificateErrorCode } from '../examine/certificate-error.ts'

const maxDepth = 32
const maxElements = 200_000

interface Cursor {
  readonly bytes: Buffer
  readonly code: CertificateErrorCode
  at: number
  left: number
}

interface Header {
  readonly tag: number
  /** Absent: indefinite. */
  readonly length?: number
}

/**
 * One value with definite lengths and whole octet strings; octets behind it are passed over.
 *
 * @throws CertificateError with `code`, where reading stopped
 */
export function berToDer(bytes: Buffer, code: CertificateErrorCode): Buffer {
  return value({ bytes, code, at: 0, left: maxElements }, bytes.length, 0).whole
}

function value(cursor: Cursor, end: number, depth: number): { readonly tag: number; readonly whole: Buffer } {
  if (depth > maxDepth) throw failure(cursor, `nested deeper than ${maxDepth} levels`)
  cursor.left -= 1
  if (cursor.left < 0) throw failure(cursor, `more than ${maxElements} values`)
  const { tag, length } = header(cursor, end)
  const limit = length === undefined ? end : cursor.at + length
  if (limit > end) throw failure(cursor, `a value claims ${length} octets, ${end - cursor.at} are left`)
  if ((tag & 0x20) === 0) {
    if (length === undefined) throw failure(cursor, 'a primitive value of indefinite length')
    const content = cursor.bytes.subarray(cursor.at, limit)
    cursor.at = limit
    return { tag, whole: encode(tag, [content]) }
  }
  const parts = children(cursor, { limit, indefinite: length === undefined }, depth)
  if (tag !== 0x24)
    return {
      tag,
      whole: encode(
        tag,
        parts.map(({ whole }) => whole),
      ),
    }
  return {
    tag: 0x04,
    whole: encode(
      0x04,
      parts.map(({ whole }) => contentOf(whole)),
    ),
  }
}

function children(
  cursor: Cursor,
  { limit, indefinite }: { readonly limit: number; readonly indefinite: boolean },
  depth: number,
): readonly { readonly tag: number; readonly whole: Buffer }[] {
  const parts: { readonly tag: number; readonly whole: Buffer }[] = []
  for (;;) {
    if (!indefinite && cursor.at >= limit) return parts
    if (indefinite && cursor.bytes[cursor.at] === 0 && cursor.bytes[cursor.at + 1] === 0) {
      cursor.at += 2
      return parts
    }
    parts.push(value(cursor, limit, depth + 1))
  }
}

function header(cursor: Cursor, end: number): Header {
  const { bytes } = cursor
  const tag = bytes[cursor.at]
  const first = bytes[cursor.at + 1]
  if (tag === undefined || first === undefined || cursor.at + 2 > end) throw failure(cursor, 'a value is cut off')
  if ((tag & 0x1f) === 0x1f) throw failure(cursor, 'a tag of more than one octet')
  cursor.at += 2
  if (first < 0x80) return { tag, length: first }
  if (first === 0x80) return { tag }
  const octets = first & 0x7f
  if (octets > 4 || cursor.at + octets > end) throw failure(cursor, `a length of ${octets} octets`)
  const length = bytes.readUIntBE(cursor.at, octets)
  cursor.at += octets
  return { tag, length }
}

function encode(tag: number, parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), ...parts])
  const octets = Math.ceil((32 - Math.clz32(length)) / 8)
  const head = Buffer.alloc(2 + octets)
  head[0] = tag
  head[1] = 0x80 | octets
  head.writeUIntBE(length, 2, octets)
  return Buffer.concat([head, ...parts])
}

function contentOf(whole: Buffer): Buffer {
  const first = whole[1] ?? 0
  return whole.subarray(2 + (first < 0x80 ? 0 : first & 0x7f))
}

function failure({ at, code }: Cursor, message: string): CertificateError {
  return new CertificateError(code, message, at)
}
