/** Reads the event file of a node as it grows, through its one rotation. The file tells even when the node is gone. */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import type { NodeEvent } from '../node/control/control-api.ts'

const pollMs = 40
const readBytes = 64 * 1024

/**
 * Every event in the file and the one rotated before it, oldest first. A line that is no JSON (a full disk) is left
 * out.
 */
export function readEvents(file: string): readonly NodeEvent[] {
  return [`${file}.1`, file].flatMap((each) =>
    existsSync(each) ? parseLines(readFileSync(each, 'utf8').split('\n')) : [],
  )
}

export interface EventTail {
  /** Reads what has come since, at once. For the moment after a node ended. */
  flush(): void
  stop(): void
}

/**
 * Calls back for each event that is written from now on.
 *
 * @param from `start` for the events that are there already too, `end` for new ones only
 */
export function tailEvents(file: string, from: 'start' | 'end', onEvent: (event: NodeEvent) => void): EventTail {
  let inode = existsSync(file) ? statSync(file).ino : undefined
  let offset = from === 'end' && existsSync(file) ? statSync(file).size : 0
  const deliver = (text: string): void => parseLines(text.split('\n')).forEach(onEvent)
  const flush = (): void => {
    if (!existsSync(file)) return
    const now = statSync(file)
    if (inode !== undefined && now.ino !== inode) {
      if (existsSync(`${file}.1`) && statSync(`${file}.1`).ino === inode) deliver(readFrom(`${file}.1`, offset).text)
      offset = 0
    }
    inode = now.ino
    if (now.size <= offset) return
    const { text, end } = readFrom(file, offset)
    offset = end
    deliver(text)
  }
  const timer = setInterval(flush, pollMs)
  timer.unref()
  return { flush, stop: () => clearInterval(timer) }
}

/** Whole lines from an offset on; what follows the last line feed is still being written. */
function readFrom(file: string, offset: number): { readonly text: string; readonly end: number } {
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
    return { text: whole.subarray(0, lastLine).toString('utf8'), end: offset + lastLine }
  } finally {
    closeSync(descriptor)
  }
}

function parseLines(lines: readonly string[]): readonly NodeEvent[] {
  return lines.flatMap((line) => {
    if (line === '') return []
    try {
      return [JSON.parse(line) as NodeEvent]
    } catch (error) {
      if (error instanceof SyntaxError) return []
      throw error
    }
  })
}
