/** Reads the traces of several nodes as one: what they have kept in the order of time, then what passes. */
import type { ControlClient } from '../../lab/control-client.ts'
import { inOrder } from '../../lab/trace/order.ts'
import type { TraceEntry, TraceLine } from '../../node/control/control-api.ts'

export type TraceSource =
  | { readonly kind: 'running'; readonly client: Pick<ControlClient, 'lines'> }
  /** It has stopped: what its event file tells. */
  | { readonly kind: 'stopped'; readonly entries: readonly TraceEntry[] }

interface HowToRead {
  /** Absent: only what passes from now on. */
  readonly sinceSeconds?: number
  readonly follows: boolean
  /** With what the routing policies decided; absent: without. */
  readonly decisions?: true
}

/** Calls `take` one entry after the other; resolves when every source has ended or `signal` is aborted. */
export async function readTrace(
  sources: readonly TraceSource[],
  how: HowToRead,
  signal: AbortSignal,
  take: (entry: TraceEntry) => Promise<void>,
): Promise<void> {
  const { sinceSeconds } = how
  const running = sources.flatMap((source) => (source.kind === 'running' ? [source.client] : []))
  const stopped = sources.flatMap((source) =>
    source.kind === 'stopped' && sinceSeconds !== undefined ? [recent(source.entries, sinceSeconds)] : [],
  )
  const reading = new Reading(stopped, sinceSeconds === undefined ? 0 : running.length, take)
  const path = pathOf(how)
  await Promise.all(
    running.map(async (client) => {
      let kept: TraceEntry[] | undefined = sinceSeconds === undefined ? undefined : []
      for await (const line of client.lines<TraceLine>(path, signal)) {
        if (line.kind !== 'live') {
          if (kept === undefined) await reading.passed(line)
          else kept.push(line)
        } else if (kept !== undefined) {
          reading.keptOf(kept)
          kept = undefined
        }
      }
      if (kept !== undefined) reading.keptOf(kept)
    }),
  )
  await reading.taken
}

function pathOf({ sinceSeconds, follows, decisions }: HowToRead): string {
  const query = [
    ...(sinceSeconds === undefined ? [] : [`since=${sinceSeconds}`]),
    ...(sinceSeconds !== undefined && follows ? ['follow=1'] : []),
    ...(decisions === true ? ['decisions=1'] : []),
  ].join('&')
  return query === '' ? '/trace' : `/trace?${query}`
}

/** What was kept of all comes first; what passes waits for that. */
class Reading {
  readonly #kept: (readonly TraceEntry[])[]
  readonly #take: (entry: TraceEntry) => Promise<void>
  readonly #all = Promise.withResolvers<void>()
  #waiting: number
  #taken: Promise<void> = Promise.resolve()

  constructor(kept: readonly (readonly TraceEntry[])[], waiting: number, take: (entry: TraceEntry) => Promise<void>) {
    this.#kept = [...kept]
    this.#waiting = waiting
    this.#take = take
    if (waiting === 0) this.#flush()
  }

  get taken(): Promise<void> {
    return this.#taken
  }

  keptOf(entries: readonly TraceEntry[]): void {
    this.#kept.push(entries)
    this.#waiting -= 1
    if (this.#waiting === 0) this.#flush()
  }

  async passed(entry: TraceEntry): Promise<void> {
    await this.#all.promise
    this.#add([entry])
  }

  #flush(): void {
    this.#add(inOrder(this.#kept))
    this.#all.resolve()
  }

  #add(entries: readonly TraceEntry[]): void {
    this.#taken = this.#taken.then(async () => {
      for (const entry of entries) await this.#take(entry)
    })
  }
}

function recent(entries: readonly TraceEntry[], seconds: number): readonly TraceEntry[] {
  const from = Date.now() - seconds * 1000
  return entries.filter(({ time }) => Date.parse(time) >= from)
}
