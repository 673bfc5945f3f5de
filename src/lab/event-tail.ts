/**
 * Reads the event file of a node as it grows, through its one rotation. The file tells even when the node is gone. A
 * file that cannot be read (removed at this moment, a folder in its place, a disk that fails) says nothing; it must not
 * end the supervisor, and with it the lab.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import type { NodeEvent } from '../node/control/control-api.ts'

const pollMs = 40
const readBytes = 64 * 1024

/**
 * Every event in the file and the one rotated before it, oldest first. A line that is no JSON (a full disk) is left
 * out.
 */
export function readEvents(file: string): readonly NodeEvent[] {
  return readTo(file).events
}

/**
 * The events of several nodes by time. Each node keeps its own order, which a clock that was set back does not change.
 */
export function readInOrder(files: readonly string[]): readonly NodeEvent[] {
  return readLogs(files).events
}

export interface EventLogs {
  /** As `readInOrder` gives them. */
  readonly events: readonly NodeEvent[]
  /** Calls back for each event behind those: none is left out, and none comes twice. */
  follow(onEvent: (event: NodeEvent) => void): readonly EventTail[]
}

/** What is there, and how to go on from there. */
export function readLogs(files: readonly string[]): EventLogs {
  const read = files.map((file) => ({ file, ...readTo(file) }))
  return {
    events: inOrder(read.map(({ events }) => events)),
    follow: (onEvent) => read.map(({ file, place }) => tailEvents(file, place ?? 'start', onEvent)),
  }
}

interface Place {
  readonly ino: number
  /** Up to there it was read, or it was so large. */
  readonly size: number
}

/** As `readEvents`, and up to where; no place: there is no file yet. */
function readTo(file: string): { readonly events: readonly NodeEvent[]; readonly place: Place | undefined } {
  const before = whenReadable(() => readFileSync(`${file}.1`, 'utf8')) ?? ''
  const now = whenReadable(() => readFrom(file, 0))
  return {
    events: [before, now?.text ?? ''].flatMap((text) => parseLines(text.split('\n'))),
    place: now && { ino: now.ino, size: now.end },
  }
}

function inOrder(all: readonly (readonly NodeEvent[])[]): readonly NodeEvent[] {
  const queues = all.map((events) => ({ events, at: 0 }))
  const ordered: NodeEvent[] = []
  for (;;) {
    let next: { readonly queue: { at: number }; readonly event: NodeEvent } | undefined
    for (const queue of queues) {
      const event = queue.events[queue.at]
      if (event !== undefined && (next === undefined || event.time < next.event.time)) next = { queue, event }
    }
    if (next === undefined) return ordered
    next.queue.at += 1
    ordered.push(next.event)
  }
}

export interface EventTail {
  /** Reads what has come since, at once. For the moment after a node ended. */
  flush(): void
  stop(): void
}

/**
 * Calls back for each event that is written from now on.
 *
 * @param from `start` for the events that are there already too, `end` for new ones only; a place: those behind it
 */
export function tailEvents(
  file: string,
  from: 'start' | 'end' | Place,
  onEvent: (event: NodeEvent) => void,
): EventTail {
  const atFirst = typeof from === 'object' ? from : placeOf(file)
  let inode = atFirst?.ino
  let offset = from === 'start' ? 0 : (atFirst?.size ?? 0)
  const look = (): string => {
    const now = statSync(file)
    const isAnother = inode !== undefined && now.ino !== inode
    const before = isAnother && placeOf(`${file}.1`)?.ino === inode ? readFrom(`${file}.1`, offset).text : ''
    // Somebody may have emptied it.
    const start = isAnother || now.size < offset ? 0 : offset
    const { text, end } = now.size === start ? { text: '', end: start } : readFrom(file, start)
    inode = now.ino
    offset = end
    return before + text
  }
  const flush = (): void => parseLines((whenReadable(look) ?? '').split('\n')).forEach(onEvent)
  const timer = setInterval(flush, pollMs)
  timer.unref()
  return { flush, stop: () => clearInterval(timer) }
}

function placeOf(file: string): Place | undefined {
  return whenReadable(() => statSync(file))
}

/** undefined: the system does not let it be read now. */
function whenReadable<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}

/** Whole lines from an offset on; what follows the last line feed is still being written. */
function readFrom(file: string, offset: number): { readonly text: string; readonly end: number; readonly ino: number } {
  const descriptor = openSync(file, 'r')
  try {
    const chunks: Buffer[] = []
    let end = offset
    for (;;) {
      const chunk = Buffer.alloc(readBytes)
      const read = readSync(descriptor, chunk, 0, readBytes, end)
      if (read === 0) break
      chunks.push(chunk.subarray(0, read))
      end += read
    }
    const whole = Buffer.concat(chunks)
    const lastLine = whole.lastIndexOf(0x0a) + 1
    const { ino } = fstatSync(descriptor)
    return { text: whole.subarray(0, lastLine).toString('utf8'), end: offset + lastLine, ino }
  } finally {
    closeSync(descriptor)
  }
}

function parseLines(lines: readonly string[]): readonly NodeEvent[] {
  return lines.flatMap((line) => {
    if (line === '') return []
    try {
      const found: unknown = JSON.parse(line)
      return isEvent(found) ? [found] : []
    } catch (error) {
      if (error instanceof SyntaxError) return []
      throw error
    }
  })
}

/** Other JSON in the file is not of a node. */
function isEvent(found: unknown): found is NodeEvent {
  return typeof found === 'object' && found !== null && 'event' in found && typeof found.event === 'string'
}
