/** Fully qualified names and User-Agents of bindings: few, and shared by thousands. */
import { flat } from '../../../sip/message/fast/flat.ts'

const namesLimit = 4096

/** Number 0 is the empty name. */
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
