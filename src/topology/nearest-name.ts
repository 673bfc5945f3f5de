/** The known name that a user meant who typed an unknown one. */

/** Longer names are not compared: no one types them. */
const longest = 64

/** `didYouMean('exipred', faults)` -> `; did you mean expired?`; an empty text when nothing is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  return nearest === undefined ? '' : `; did you mean ${nearest}?`
}

/**
 * The known name that differs in the fewest letters (added, left out, replaced, two swapped), at most a third of them;
 * else the only one that holds what was typed, or is held by it.
 *
 * @returns undefined when none is near
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const typed = name.toLowerCase()
  if (typed === '' || typed.length > longest) return undefined
  const byDistance = known
    .map((each) => ({ each, distance: distanceBetween(typed, each.toLowerCase()) }))
    .filter(({ each, distance }) => distance <= Math.max(1, Math.floor(Math.max(typed.length, each.length) / 3)))
    .toSorted((one, other) => one.distance - other.distance)
  if (byDistance[0] !== undefined) return byDistance[0].each
  const holding = known.filter((each) => typed.length >= 3 && (each.includes(typed) || typed.includes(each)))
  return holding.length === 1 ? holding[0] : undefined
}

/** Optimal string alignment distance. */
function distanceBetween(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_none, at) => at)]
  for (let at = 1; at <= one.length; at += 1) {
    const row = [at]
    const above = rows[at - 1] ?? []
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[at - 1] === other[column - 1]
      const swapped = at > 1 && column > 1 && one[at - 1] === other[column - 2] && one[at - 2] === other[column - 1]
      row[column] = Math.min(
        (above[column] ?? 0) + 1,
        (row[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (rows[at - 2]?.[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    rows.push(row)
  }
  return rows[one.length]?.[other.length] ?? 0
}
