/** What to choose instead of an unknown name. One mechanism for nodes, faults, scenarios, peers and option values. */

/** Longer names are not compared: no one types them. */
const longest = 64
/** More names than these are not listed in an error. */
const mostListed = 16
const mostMeant = 4

/** `didYouMean('exipred', faults)` -> `; did you mean expired?`; an empty text when nothing is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  return nearest === undefined ? '' : `; did you mean ${nearest}?`
}

/**
 * The end of an error about an unknown name: `; did you mean fe1?; there are: dns, fe1, edge`. If there are many names:
 * `; did you mean expired or expired-root?; all 131: siplab faults list`.
 *
 * @param listing the command or page that lists every name; absent: the error itself lists them, however many
 */
export function insteadOf(name: string, known: readonly string[], listing?: string): string {
  if (listing === undefined || known.length <= mostListed)
    return `${didYouMean(name, known)}; there ${known.length === 1 ? 'is' : 'are'}: ${known.join(', ') || 'none'}`
  const meant = nearestNames(name, known).slice(0, mostMeant)
  return `${meant.length === 0 ? '' : `; did you mean ${meant.join(' or ')}?`}; all ${known.length}: ${listing}`
}

/**
 * `wantedOneOf('--as', 'servr', ['server', 'client'])` ->
 * `--as: wanted one of server, client, found "servr"; did you mean server?`
 */
export function wantedOneOf(what: string, name: string, known: readonly string[], listing?: string): string {
  const found = `found ${JSON.stringify(name)}`
  if (listing === undefined || known.length <= mostListed)
    return `${what}: wanted one of ${known.join(', ')}, ${found}${didYouMean(name, known)}`
  return `${what}: wanted a known name, ${found}${insteadOf(name, known, listing)}`
}

/**
 * The known name that differs in the fewest letters (added, left out, replaced, two swapped), at most a third of them;
 * else the only one that holds what was typed, or is held by it.
 *
 * @returns undefined when none is near
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const [nearest] = similarNames(name, known)
  if (nearest !== undefined) return nearest
  const holding = holdingNames(name, known)
  return holding.length === 1 ? holding[0] : undefined
}

/** As nearestName, and every other candidate: the nearest first, then those that hold what was typed. */
function nearestNames(name: string, known: readonly string[]): readonly string[] {
  return [...new Set([...similarNames(name, known), ...holdingNames(name, known)])]
}

function similarNames(name: string, known: readonly string[]): readonly string[] {
  const typed = name.toLowerCase()
  if (typed === '' || typed.length > longest) return []
  return known
    .map((each) => ({ each, distance: distanceBetween(typed, each.toLowerCase()) }))
    .filter(
      ({ each, distance }) => distance <= Math.max(1, Math.floor(Math.max(lettersOf(typed), lettersOf(each)) / 3)),
    )
    .toSorted((one, other) => one.distance - other.distance)
    .map(({ each }) => each)
}

/** The letters that tell names apart: of `sip:alice@lab.test` those of the user. */
function lettersOf(name: string): number {
  return name.replace(/^sips?:/, '').replace(/@.*$/, '').length
}

function holdingNames(name: string, known: readonly string[]): readonly string[] {
  const typed = name.toLowerCase()
  if (typed.length < 3 || typed.length > longest) return []
  return known.filter((each) => each.includes(typed) || typed.includes(each))
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
