/** Chance that can be repeated: the same seed gives the same numbers on every machine. */

export interface Random {
  /** 0 included, 1 not. */
  next(): number
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number
  /** @throws RangeError for an empty list */
  pick<T>(from: readonly T[]): T
}

/** splitmix32 of the seed; `stream` gives independent sequences of one seed. */
export function seeded(seed: number, stream = 0): Random {
  let state = (seed ^ Math.imul(stream + 1, 0x9e3779b1)) >>> 0
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
  return {
    next,
    below: (below) => Math.floor(next() * below),
    pick<T>(from: readonly T[]): T {
      const picked = from[Math.floor(next() * from.length)]
      if (picked === undefined) throw new RangeError('wanted a list with at least one entry, found an empty one')
      return picked
    },
  }
}
