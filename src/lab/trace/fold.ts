/** A ladder with more parties than columns: those with the fewest messages share one. */
import type { Lifelines } from './lifelines.ts'

interface Ends {
  readonly source: string
  readonly destination: string
}

export interface FoldedLifelines extends Lifelines {
  /** How many parties share the first column; 0: each has its own. */
  readonly sharing: number
  /** The name of an end that shares its column; undefined: the heading names it. */
  whoIs(end: string): string | undefined
}

/** @param most columns there is room for, at least 2 */
export function foldLifelines(lines: Lifelines, rows: readonly Ends[], most: number): FoldedLifelines {
  const { columns } = lines
  if (columns.length <= most) return { ...lines, sharing: 0, whoIs: () => undefined }
  const traffic = new Array<number>(columns.length).fill(0)
  for (const { source, destination } of rows)
    for (const at of [lines.columnOf(source), lines.columnOf(destination)]) traffic[at] = (traffic[at] ?? 0) + 1
  const busiest = columns
    .map((_, at) => at)
    .toSorted((one, other) => (traffic[other] ?? 0) - (traffic[one] ?? 0) || one - other)
    .slice(0, most - 1)
    .toSorted((one, other) => one - other)
  const sharing = columns.length - busiest.length
  const place = new Map(busiest.map((at, index) => [at, index + 1]))
  return {
    columns: [{ name: `${sharing} others` }, ...busiest.flatMap((at) => columns[at] ?? [])],
    columnOf: (end) => place.get(lines.columnOf(end)) ?? 0,
    nameOf: lines.nameOf,
    sharing,
    whoIs: (end) => (place.has(lines.columnOf(end)) ? undefined : lines.nameOf(end)),
  }
}
