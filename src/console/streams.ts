/** Server-sent events: few streams, and none that grows when its reader is slow. */
import type { ServerResponse } from 'node:http'
import type { Feed } from './feed.ts'

/** Of all pages together. */
const mostStreams = 32
/** Octets that wait for a slow reader; further lines are dropped, and the page gets their number. */
const mostWaitingOctets = 4 * 1024 * 1024
const heartbeatMs = 15_000

interface StreamPart {
  /** Name of the server-sent event. */
  readonly event: string
  readonly feed: Feed
}

export interface Streams {
  readonly isFull: () => boolean
  /** Writes what the feeds bring until the reader goes. */
  open(response: ServerResponse, headers: Readonly<Record<string, string>>, parts: readonly StreamPart[]): void
  closeAll(): void
}

export function eventStreams(): Streams {
  const open = new Set<ServerResponse>()
  return {
    isFull: () => open.size >= mostStreams,
    open(response, headers, parts) {
      open.add(response)
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.write('retry: 2000\n\n')
      const write = writerOf(response)
      const leave = parts.map(({ event, feed }) => feed.join((line) => write(event, line)))
      const heartbeat = setInterval(() => response.write(':\n\n'), heartbeatMs)
      response.once('close', () => {
        clearInterval(heartbeat)
        for (const each of leave) each()
        open.delete(response)
      })
    },
    closeAll() {
      for (const response of open) response.destroy()
    },
  }
}

/** @returns writes one event; a line of JSON holds no line feed */
function writerOf(response: ServerResponse): (event: string, line: string) => void {
  let lost = 0
  return (event, line) => {
    if (response.writableLength > mostWaitingOctets) {
      lost += 1
      return
    }
    if (lost > 0) {
      response.write(`event: lost\ndata: ${lost}\n\n`)
      lost = 0
    }
    response.write(`event: ${event}\ndata: ${line}\n\n`)
  }
}
