/** Messages out of the traces of several nodes, each once: what one node sent is what another received. */
import type { TraceEntry } from '../../node/control/control-api.ts'

export interface TracedMessage {
  /** ISO 8601. */
  readonly time: string
  /** The node that wrote it down first. */
  readonly node: string
  readonly transport: string
  /** `127.0.41.21:40312`. */
  readonly source: string
  readonly destination: string
  readonly text: string
}

function isMessage(entry: TraceEntry): entry is TraceEntry & {
  readonly kind: 'message'
  readonly text: string
  readonly local: string
  readonly remote: string
} {
  return entry.kind === 'message' && entry.text !== undefined && entry.local !== undefined && entry.remote !== undefined
}

/** Copies that are remembered; both ends write within milliseconds. */
const remembered = 512

/** @returns undefined for what is no message, and for the second view of one */
export function messageReader(): (entry: TraceEntry) => TracedMessage | undefined {
  // In the order of arrival; how often each was seen.
  const seen = new Map<string, number>()
  return (entry) => {
    if (!isMessage(entry)) return undefined
    const [source, destination] = entry.direction === 'in' ? [entry.remote, entry.local] : [entry.local, entry.remote]
    const view = `${source} ${destination} ${entry.text}`
    const copy = `${otherEnd(entry.direction)} ${view}`
    const copies = seen.get(copy)
    if (copies !== undefined) {
      if (copies > 1) seen.set(copy, copies - 1)
      else seen.delete(copy)
      return undefined
    }
    const own = `${entry.direction ?? 'out'} ${view}`
    seen.set(own, (seen.get(own) ?? 0) + 1)
    const [oldest] = seen.keys()
    if (seen.size > remembered && oldest !== undefined) seen.delete(oldest)
    return {
      time: entry.time,
      node: entry.node,
      transport: entry.transport ?? 'tcp',
      source,
      destination,
      text: entry.text,
    }
  }
}

function otherEnd(direction: TraceEntry['direction']): string {
  return direction === 'in' ? 'out' : 'in'
}

/** `INVITE sip:bob@lab.test` or `200 OK (INVITE)`. */
export function titleOf(text: string): string {
  const [first = ''] = text.split('\r\n', 1)
  const response = /^SIP\/2\.0 (\d{3})(?: (.*))?$/.exec(first)
  if (response === null) return first.replace(/ SIP\/2\.0$/, '')
  const [, status, reason = ''] = response
  const method = /^CSeq\s*:\s*\d+\s+(\S+)/im.exec(text)?.[1]
  return `${status} ${reason}${method === undefined ? '' : ` (${method})`}`.trim()
}
