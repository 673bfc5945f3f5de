/** One door for everything a node has to say: kept events go to its event file first, then everything to the log. */
import { pino, type DestinationStream, type Logger } from 'pino'
import type { ProfileName } from '../topology/profile.ts'
import { EventLog, type EventFields } from './event-log.ts'
import { type EventName, meaningOf } from './events.ts'
import { logStream } from './log-stream.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface Recorder {
  readonly events: EventLog
  /** `levelOn('info')` before building fields on the way of a message. */
  levelOn(level: 'debug' | 'info'): boolean
  record(event: EventName, fields?: EventFields & { readonly log?: Readonly<Record<string, unknown>> }): void
  close(): void
}

export interface RecorderOptions {
  readonly node: string
  readonly role: string
  readonly profile: ProfileName
  readonly eventFile: string
  readonly level: LogLevel
  /** Standard error when absent. */
  readonly destination?: DestinationStream
  readonly wall: () => number
}

export function openRecorder(options: RecorderOptions): Recorder {
  const events = new EventLog(options.eventFile, options, options.wall)
  const log = rootLog(options)
  return {
    events,
    levelOn: (level) => log.isLevelEnabled(level),
    record(event, fields = {}) {
      const meaning = meaningOf(event)
      if (meaning.kept) events.append(event, fields)
      if (!log.isLevelEnabled(meaning.level)) return
      const verdict = fields.verdict
      const extra = {
        event,
        ...fields.data,
        ...fields.log,
        ...(verdict === undefined ? {} : { verdict: verdict.code, fix: verdict.fix }),
      }
      log[meaning.level](extra, fields.message ?? verdict?.message ?? meaning.meaning)
    },
    close() {
      log.flush()
      events.close()
    },
  }
}

function rootLog(options: RecorderOptions): Logger {
  return pino(
    {
      level: options.level,
      base: { node: options.node, role: options.role },
      timestamp: () => `,"time":"${new Date(options.wall()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: ['key', 'password', 'authorization', '*.key', '*.password', '*.authorization'],
    },
    options.destination ?? logStream(2),
  )
}
