/**
 * Text of many small records in a few large buffers, outside the garbage collector's heap (measured by
 * bench/registrations.ts). Cells are multiples of 16 octets and reused by size, so nothing is ever moved.
 */

const unit = 16
const pageUnits = 16 * 1024
const lineEnd = 10

export class TextArena {
  readonly #pages: Buffer[] = []
  readonly #freeCells: number[][] = []
  #nextUnit = pageUnits

  get bytes(): number {
    return this.#pages.length * pageUnits * unit
  }

  /** Stores latin1 text; gives the cell to read it back by. */
  store(text: string): number {
    const units = unitsOf(text.length)
    if (units > pageUnits)
      throw new RangeError(`a record holds at most ${pageUnits * unit} characters, this one has ${text.length}`)
    const cell = this.#allocate(units)
    this.#pageOf(cell)?.write(text, placeOf(cell), 'latin1')
    return cell
  }

  read(cell: number, length: number): string {
    const start = placeOf(cell)
    return this.#pageOf(cell)?.toString('latin1', start, start + length) ?? ''
  }

  /** @param length of the text that was stored there */
  release(cell: number, length: number): void {
    const free = (this.#freeCells[unitsOf(length)] ??= [])
    free.push(cell)
  }

  /** Whether the line that begins `from` octets behind the start of the cell is that one, with its LF behind it. */
  hasLine(cell: number, from: number, line: string): boolean {
    const page = this.#pageOf(cell)
    const start = placeOf(cell) + from
    return page !== undefined && isAt(page, start, line) && page[start + line.length] === lineEnd
  }

  /** Whether these lines are the whole text, of that length. No text is built to find out. */
  hasLines(cell: number, length: number, lines: readonly string[]): boolean {
    const page = this.#pageOf(cell)
    const start = placeOf(cell)
    let from = 0
    for (const line of lines) {
      if (page === undefined || from > length || (from > 0 && page[start + from - 1] !== lineEnd)) return false
      if (!isAt(page, start + from, line)) return false
      from += line.length + 1
    }
    return from === length + 1
  }

  #allocate(units: number): number {
    const free = this.#freeCells[units]?.pop()
    if (free !== undefined) return free
    if (this.#nextUnit + units > pageUnits) {
      this.#pages.push(Buffer.alloc(pageUnits * unit))
      this.#nextUnit = 0
    }
    const cell = (this.#pages.length - 1) * pageUnits + this.#nextUnit
    this.#nextUnit += units
    return cell
  }

  #pageOf(cell: number): Buffer | undefined {
    return this.#pages[Math.floor(cell / pageUnits)]
  }
}

/** Where a cell begins in its page. */
function placeOf(cell: number): number {
  return (cell % pageUnits) * unit
}

function isAt(page: Buffer, start: number, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (page[start + at] !== text.charCodeAt(at)) return false
  return true
}

function unitsOf(length: number): number {
  return Math.max(1, Math.ceil(length / unit))
}
