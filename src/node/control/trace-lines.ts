/** The answer to `GET /trace`, of whatever node: what was kept, then the mark, then what passes. */
import type { TraceEntry, TraceLine } from './control-api.ts'
import { type ControlAnswer, type ControlCall, ControlUsageError } from './control-server.ts'

/** Entries of one kind: those kept of so many seconds, oldest first, and those that come. */
interface TraceStore {
  since(seconds: number): readonly TraceEntry[]
  /** @returns a function that ends the following */
  follow(reader: (entry: TraceEntry) => void): () => void
}

/** @throws ControlUsageError when `since` is no number of seconds */
export function traceLines(stores: readonly TraceStore[], { query }: Pick<ControlCall, 'query'>): ControlAnswer {
  const since = query.get('since')
  const seconds = Number(since ?? 0)
  if (!(seconds >= 0)) throw new ControlUsageError(`since: wanted a number of seconds, found ${since}`)
  return {
    kind: 'lines',
    start(stream) {
      if (since !== null) stream.writeAll(keptOf(stores, seconds))
      if (since !== null && query.get('follow') !== '1') return stream.end()
      if (since !== null) stream.write({ kind: 'live' } satisfies TraceLine)
      for (const store of stores) stream.onClose(store.follow((entry) => stream.write(entry)))
    },
  }
}

function keptOf(stores: readonly TraceStore[], seconds: number): readonly TraceEntry[] {
  const [only, ...more] = stores.map((store) => store.since(seconds))
  return more.length === 0 ? (only ?? []) : [only ?? [], ...more].flat().toSorted(byTime)
}

function byTime(one: TraceEntry, other: TraceEntry): number {
  return one.time < other.time ? -1 : one.time > other.time ? 1 : 0
}
