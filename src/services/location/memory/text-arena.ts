/**
 * Text of many small records in a few large buffers, outside the garbage collector's heap (measured by
 * bench/registrations.ts). Cells are multiples of 16 octets and reused by size, so nothing is ever moved.
 */

const unit = 16
const pageUnits = 16 * 1024

export interface TextArena {
  /** Stores latin1 text; gives the cell to read it back by. */
  store(text: string): number
  read(cell: number, length: number): string
  /** @param length of the text that was stored there */
  release(cell: number, length: number): void
  readonly bytes: number
}

export function textArena(): TextArena {
  const pages: Buffer[] = []
  const freeCells: number[][] = []
  let nextUnit = pageUnits

  function allocate(units: number): number {
    const free = freeCells[units]?.pop()
    if (free !== undefined) return free
    if (nextUnit + units > pageUnits) {
      pages.push(Buffer.alloc(pageUnits * unit))
      nextUnit = 0
    }
    const cell = (pages.length - 1) * pageUnits + nextUnit
    nextUnit += units
    return cell
  }

  return {
    store(text) {
      const units = unitsOf(text.length)
      if (units > pageUnits)
        throw new RangeError(`a record holds at most ${pageUnits * unit} characters, this one has ${text.length}`)
      const cell = allocate(units)
      pages[Math.floor(cell / pageUnits)]?.write(text, (cell % pageUnits) * unit, 'latin1')
      return cell
    },
    read(cell, length) {
      const start = (cell % pageUnits) * unit
      return pages[Math.floor(cell / pageUnits)]?.toString('latin1', start, start + length) ?? ''
    },
    release(cell, length) {
      const units = unitsOf(length)
      const free = (freeCells[units] ??= [])
      free.push(cell)
    },
    get bytes() {
      return pages.length * pageUnits * unit
    },
  }
}

function unitsOf(length: number): number {
  return Math.max(1, Math.ceil(length / unit))
}
