/**
 * Any text that is well-formed Unicode. `fc.string({ unit: 'binary' })` makes the same, after it has written down all
 * 1.1 million characters: a second of CPU for each process.
 */
import { fc, type StringConstraints } from './property.ts'

/** Each size class of UTF-8 comes up; surrogates only in pairs. */
const character = fc
  .oneof(
    fc.nat(0x7f),
    fc.integer({ min: 0x80, max: 0x7ff }),
    fc.integer({ min: 0x800, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  )
  .map((point) => String.fromCodePoint(point))

export function anyText(constraints: Omit<StringConstraints, 'unit'> = {}): fc.Arbitrary<string> {
  return fc.string({ ...constraints, unit: character })
}
