/** The log for people: one short line an event, as `docker compose logs` shows it beside the name of the node. */
import { harmless } from '../reports/harmless.ts'
import type { LogStream } from './log-stream.ts'

interface LogLine {
  readonly time: string
  readonly level: string
  readonly event?: string
  readonly msg?: string
  readonly callId?: string
  readonly verdict?: string
  readonly fix?: string
}

/**
 * Takes the JSON lines of the log: `12:00:00.123       request.forwarded     INVITE sip:bob@lab.test to pool.lab.test
 * call l7h0h2gf`.
 */
export function textLog(destination: LogStream): LogStream {
  return {
    write: (line: string) => destination.write(harmless(textOf(JSON.parse(line) as LogLine))),
    get dropped() {
      return destination.dropped
    },
    get waiting() {
      return destination.waiting
    },
    get error() {
      return destination.error
    },
  }
}

function textOf({ time, level, event = '', msg = '', callId, verdict, fix }: LogLine): string {
  const call = callId === undefined ? '' : `  call ${callId.slice(0, 8)}`
  const cause = verdict === undefined ? '' : `  ${verdict}${fix === undefined ? '' : `; ${fix}`}`
  return (
    `${time.slice(11, 23)} ${(level === 'info' ? '' : level).padEnd(5)} ${event.padEnd(22)} ` +
    `${msg}${call}${cause}\n`
  )
}
