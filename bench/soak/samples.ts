/** What the nodes of a soak held over time: the lines of `sampler.ts`, and their descriptors from /proc. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly pid: number
  readonly rss: number
  readonly heapUsed: number
  readonly external: number
  /** After a full collection; absent in most lines. */
  readonly liveBytes?: number
  /** Milliseconds. */
  readonly late: { readonly p50: number; readonly p99: number; readonly max: number }
}

export interface Point {
  /** Seconds since the start of the measurement. */
  readonly x: number
  readonly y: number
}

export interface Series {
  readonly name: string
  readonly points: readonly Point[]
}

/** Lines of each node, by name; a node that writes none has none. */
export function readSamples(folder: string): ReadonlyMap<string, readonly Sample[]> {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.jsonl')) : []
  return new Map(
    files.toSorted().map((name) => [
      name.slice(0, -'.jsonl'.length),
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Sample),
    ]),
  )
}

/** Open descriptors of a process (Linux); undefined: it ended. */
export function descriptorsOf(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}

/** Mean of the points in the quarter `which` (0 to 3) of the time; NaN when there is none. */
export function quarterMean(points: readonly Point[], which: number): number {
  const end = points.at(-1)?.x ?? 0
  const from = points[0]?.x ?? 0
  const length = (end - from) / 4
  const inside = points.filter(({ x }) => x >= from + which * length && x <= from + (which + 1) * length)
  return inside.reduce((sum, { y }) => sum + y, 0) / inside.length
}
