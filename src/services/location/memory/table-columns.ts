/** What the table of bindings is made of: one typed array for each number of a record, and names kept once. */
import { flat } from '../../../sip/message/fast/flat.ts'

/** No record. */
export const none = -1

const namesLimit = 4096

/** Fully qualified names and User-Agents: few, and shared by thousands of bindings. Number 0 is the empty name. */
export class NameTable {
  readonly #names = ['']
  readonly #numbers = new Map([['', 0]])

  number(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    if (this.#names.length >= namesLimit) return 0
    const copy = flat(name)
    this.#numbers.set(copy, this.#names.length)
    return this.#names.push(copy) - 1
  }

  name(number: number): string {
    return this.#names[number] ?? ''
  }
}

/** @param from columns whose values move over; undefined: there are none yet */
export function columnsOf(length: number, from: Columns | undefined): Columns {
  const columns = emptyColumns(length)
  if (from === undefined) return columns
  for (const name of Object.keys(columns) as (keyof typeof columns)[]) columns[name].set(from[name])
  return columns
}

export type Columns = ReturnType<typeof emptyColumns>

function emptyColumns(length: number) {
  return {
    hash: new Int32Array(length),
    keyHash: new Int32Array(length),
    /** Next record of the hash chain, or of the list of free ones. */
    next: new Int32Array(length),
    text: new Uint32Array(length),
    length: new Uint32Array(length),
    expires: new Float64Array(length),
    cseq: new Uint32Array(length),
    flow: new Float64Array(length),
    /** Records of the same flow. */
    flowNext: new Int32Array(length),
    flowPrevious: new Int32Array(length),
    regId: new Uint32Array(length),
    q: new Uint16Array(length),
    flowBound: new Uint8Array(length),
    owner: new Uint16Array(length),
    userAgent: new Uint16Array(length),
    /** Bucket of the wheel; -1: the record is free. */
    bucket: new Int32Array(length).fill(none),
    wheelNext: new Int32Array(length),
    wheelPrevious: new Int32Array(length),
  }
}
