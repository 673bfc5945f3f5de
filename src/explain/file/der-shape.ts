/** What a piece of DER is, by its first tags: cheap enough to be asked of every file. */
import { contextTag, Tag } from '../../certificates/examine/der.ts'

export type DerShape = 'certificate or alike' | 'PKCS #7' | 'PKCS #12' | 'key' | 'encrypted key' | 'nothing'

/** A SEQUENCE with a length of its own octets, as every certificate, PKCS #7 and PFX begins; no text does. */
export function isDer(octets: Buffer): boolean {
  const [first, length = 0] = octets
  return first === Tag.sequence && length >= 0x80 && length <= 0x83
}

/** Looks at the first tags only. */
export function shapeOf(octets: Buffer): DerShape {
  const first = outermost(octets)
  if (first === undefined) return 'nothing'
  const [one, two] = first
  if (one === Tag.oid && two === contextTag(0, true)) return 'PKCS #7'
  if (one === Tag.integer && two === Tag.sequence)
    return octets.subarray(0, 12).includes(Buffer.from([2, 1, 3, 0x30])) ? 'PKCS #12' : 'key'
  if (one === Tag.integer) return 'key'
  if (one === Tag.sequence && two === Tag.octetString) return 'encrypted key'
  return one === Tag.sequence && two === Tag.sequence ? 'certificate or alike' : 'nothing'
}

/** The tags of the first two values inside a SEQUENCE, without reading what is in them. */
function outermost(octets: Buffer): readonly [number, number] | undefined {
  if (octets[0] !== Tag.sequence) return undefined
  const head = lengthAt(octets, 1)
  if (head === undefined) return undefined
  const at = 1 + head.octets
  const one = octets[at]
  const inner = lengthAt(octets, at + 1)
  if (one === undefined || inner === undefined) return undefined
  const two = inner.value === undefined ? undefined : octets[at + 1 + inner.octets + inner.value]
  return [one, two ?? (inner.value === undefined ? contextTag(0, true) : 0)]
}

function lengthAt(octets: Buffer, at: number): { readonly octets: number; readonly value?: number } | undefined {
  const first = octets[at]
  if (first === undefined) return undefined
  if (first < 0x80) return { octets: 1, value: first }
  const size = first & 0x7f
  if (size === 0) return { octets: 1 }
  return size > 4 || at + size >= octets.length
    ? undefined
    : { octets: 1 + size, value: octets.readUIntBE(at + 1, size) }
}
