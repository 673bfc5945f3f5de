/** What the console sends by itself: the state of the lab, its events, and while a view asks for it, its messages. */
import type { NodeEvent, StatusDocument, TraceEntry } from './documents.ts'
import { createStore } from './store.ts'

export type Connection = 'connecting' | 'open' | 'lost'

const mostEvents = 5000

export const connection = createStore<Connection>('connecting')
export const status = createStore<StatusDocument | undefined>(undefined)
/** Oldest first. */
export const events = createStore<readonly NodeEvent[]>([])
/** Lines the console left out because this page was slow. */
export const lost = createStore(0)

/** With an error, for example of a lab whose folder was removed, the document has no other field. */
const noLab: StatusDocument = { lab: '', data: '', network: 0, running: false, nodes: [], faults: [] }

type TraceReader = (entries: readonly TraceEntry[]) => void

let source: EventSource | undefined
let traceReader: TraceReader | undefined

export function connect(): void {
  source?.close()
  events.set([])
  const opened = new EventSource(traceReader === undefined ? '/api/stream' : '/api/stream?trace=1')
  source = opened
  // What a stream before this one still had in hand comes again with this one.
  const isCurrent = (): boolean => source === opened
  const eventBatch = batches<NodeEvent>((more) => {
    if (isCurrent()) events.update((all) => [...all, ...more].toSorted(byTime).slice(-mostEvents))
  })
  const traceBatch = batches<TraceEntry>((more) => {
    if (isCurrent()) traceReader?.(more)
  })
  opened.addEventListener('open', () => {
    // After a gap the feed begins anew.
    events.set([])
    connection.set('open')
  })
  opened.addEventListener('error', () => connection.set('lost'))
  opened.addEventListener('status', ({ data }) =>
    status.set({ ...noLab, ...(JSON.parse(data) as Partial<StatusDocument>) }),
  )
  opened.addEventListener('event', ({ data }) => eventBatch(JSON.parse(data) as NodeEvent))
  opened.addEventListener('trace', ({ data }) => traceBatch(JSON.parse(data) as TraceEntry))
  opened.addEventListener('lost', ({ data }) => lost.update((count) => count + Number(data)))
}

/** Messages are sent only while somebody reads them. Returns how to stop. */
export function readTrace(reader: TraceReader): () => void {
  traceReader = reader
  connect()
  return () => {
    traceReader = undefined
    connect()
  }
}

function byTime(one: NodeEvent, other: NodeEvent): number {
  return one.time < other.time ? -1 : one.time > other.time ? 1 : 0
}

/** What comes within one frame is taken together: one drawing for a thousand lines. */
function batches<T>(take: (more: readonly T[]) => void): (one: T) => void {
  let waiting: T[] = []
  return (one) => {
    waiting.push(one)
    if (waiting.length > 1) return
    setTimeout(() => {
      const more = waiting
      waiting = []
      take(more)
    }, 50)
  }
}
