/**
 * Header fields that are looked for together: whether a message has any of them costs one walk over its index, and
 * mostly no look at its text.
 */
import { fieldName, type FieldName } from './header-names.ts'
import { internals } from './message.ts'
import type { SipMessage } from './types.ts'

export interface FieldSet {
  /** Canonical long names, lower case, as `remove` of the edits wants them. */
  readonly names: readonly string[]
  readonly fields: readonly FieldName[]
  /** 1 at each index number that a line of one of them can have. */
  readonly marks: Uint8Array
  /** The same numbers as bits of `present` of a message. */
  readonly bits: number
}

/** `fieldSet(['p-asserted-identity', 'ms-diagnostics'])`, made once. */
export function fieldSet(names: readonly string[]): FieldSet {
  const fields = names.map(fieldName)
  const marks = new Uint8Array(128)
  for (const { number, compactNumber } of fields) marks[number] = marks[compactNumber] = 1
  return { names: fields.map(({ long }) => long), fields, marks, bits: fields.reduce((all, { bits }) => all | bits, 0) }
}

export function carriesAny(message: SipMessage, { fields, marks, bits }: FieldSet): boolean {
  const read = internals(message)
  if ((read.present & bits) === 0) return false
  for (let line = 0; line < read.lineCount; line++) {
    if (marks[read.numberOf(line)] === 1 && fields.some((field) => read.isLine(line, field))) return true
  }
  return false
}
