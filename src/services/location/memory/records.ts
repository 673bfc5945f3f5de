/**
 * The numbers of all records, those of one record side by side: reading a record touches two cache lines. With one
 * array for each number it touched twelve (bench/proxy.ts, register-10).
 */

/** No record. */
export const none = -1

/** Places of 32 bits in a record. The first four are two numbers of 64 bits, `Records.expires` and `Records.flow`. */
export const HASH = 4
export const KEY_HASH = 5
/** Next record of the hash chain, or of the list of free ones. */
export const NEXT = 6
/** Cell of the text. */
export const TEXT = 7
export const LENGTH = 8
export const CONTACT_LENGTH = 9
export const CSEQ = 10
export const REG_ID = 11
export const Q = 12
export const OWNER = 13
export const USER_AGENT = 14
export const FLOW_BOUND = 15
/** Records of the same flow. */
export const FLOW_NEXT = 16
export const FLOW_PREVIOUS = 17
/** Bucket of the wheel; `none`: the record is free. */
export const BUCKET = 18
export const WHEEL_NEXT = 19
export const WHEEL_PREVIOUS = 20

/** A multiple of two, for the numbers of 64 bits. */
const width = 22

export class Records {
  readonly count: number
  readonly #numbers: Int32Array
  readonly #doubles: Float64Array

  /** @param from records that move over; undefined: there are none yet */
  constructor(count: number, from: Records | undefined) {
    const octets = new ArrayBuffer(count * width * 4)
    this.count = count
    this.#numbers = new Int32Array(octets)
    this.#doubles = new Float64Array(octets)
    if (from !== undefined) this.#numbers.set(from.#numbers)
  }

  get bytes(): number {
    return this.#numbers.byteLength
  }

  /** @param place one of the constants of this file */
  get(at: number, place: number): number {
    return this.#numbers[at * width + place] ?? 0
  }

  set(at: number, place: number, value: number): void {
    this.#numbers[at * width + place] = value
  }

  expires(at: number): number {
    return this.#doubles[(at * width) / 2] ?? 0
  }

  setExpires(at: number, value: number): void {
    this.#doubles[(at * width) / 2] = value
  }

  flow(at: number): number {
    return this.#doubles[(at * width) / 2 + 1] ?? none
  }

  setFlow(at: number, value: number): void {
    this.#doubles[(at * width) / 2 + 1] = value
  }
}
