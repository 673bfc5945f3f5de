/** The entries of several nodes as one sequence. */
import type { TraceEntry } from '../../node/control/control-api.ts'

/**
 * By time; within one millisecond a message is sent before it is received, and each node keeps its own order.
 *
 * @param byNode the entries of each node, in its own order
 */
export function inOrder(byNode: readonly (readonly TraceEntry[])[]): readonly TraceEntry[] {
  const queues = byNode.map((entries) => ({ entries, at: 0 }))
  const unsent = new Map<string, number>()
  for (const entry of byNode.flat()) if (entry.direction === 'out') change(unsent, keyOf(entry), 1)
  const ordered: TraceEntry[] = []
  for (;;) {
    const heads = queues.flatMap((queue) => {
      const entry = queue.entries[queue.at]
      return entry === undefined ? [] : [{ queue, entry }]
    })
    const [first, ...rest] = heads.toSorted((a, b) => a.entry.time.localeCompare(b.entry.time))
    if (first === undefined) return ordered
    const next = [first, ...rest]
      .filter(({ entry }) => entry.time === first.entry.time)
      .find(({ entry }) => entry.direction !== 'in' || (unsent.get(keyOf(entry)) ?? 0) === 0)
    const { queue, entry } = next ?? first
    queue.at += 1
    if (entry.direction === 'out') change(unsent, keyOf(entry), -1)
    ordered.push(entry)
  }
}

function keyOf({ kind, direction, local, remote, text = '' }: TraceEntry): string {
  const [source, destination] = direction === 'in' ? [remote, local] : [local, remote]
  return `${kind} ${source} ${destination} ${text}`
}

function change(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by)
}
