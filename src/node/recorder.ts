/** One door for everything a node has to say: kept events go to its event file, and everything to the log. */
import { pino, type DestinationStream, type Logger } from 'pino'
import type { WriterStatus } from './control/control-api.ts'
import type { ProfileName } from '../topology/profile.ts'
import { EventLog, type EventFields } from './event-log.ts'
import { type EventName, meaningOf } from './events.ts'
import { type LogStream, logStream } from './log-stream.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface Recorder {
  readonly events: EventLog
  /** `levelOn('info')` before building fields on the way of a message. */
  levelOn(level: 'debug' | 'info'): boolean
  record(event: EventName, fields?: EventFields & { readonly log?: Readonly<Record<string, unknown>> }): void
  /** How the event file and the log fare; the log is absent where a test reads it. */
  readonly writers: { readonly events: WriterStatus; readonly log?: WriterStatus }
  /** Resolves when earlier events are in their file, or cannot be written now: the caller may then read the file. */
  written(): Promise<void>
  /** Resolves when what waits for the event file is written, or cannot be. */
  close(): Promise<void>
}

export interface RecorderOptions {
  readonly node: string
  readonly role: string
  readonly profile: ProfileName
  readonly eventFile: string
  readonly level: LogLevel
  /** Standard error when absent. */
  readonly destination?: DestinationStream | LogStream
  /** The file that standard error leads to, where it is one: opened anew when somebody removed it. */
  readonly logFile?: string
  readonly wall: () => number
}

export function openRecorder(options: RecorderOptions): Recorder {
  const events = new EventLog(options.eventFile, options, options.wall)
  const destination = options.destination ?? logStream(2, options.logFile)
  const log = rootLog(options, destination)
  return {
    events,
    get writers() {
      const { lost, waiting, error } = events.file
      return {
        events: { lost, waiting, ...(error === undefined ? {} : { error }) },
        ...(isLogStream(destination) ? { log: statusOf(destination) } : {}),
      }
    },
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
    written: () => events.file.written(),
    close: () => events.close(),
  }
}

function isLogStream(destination: DestinationStream | LogStream): destination is LogStream {
  return 'dropped' in destination
}

function statusOf({ dropped, waiting, error }: LogStream): WriterStatus {
  return { lost: dropped, waiting, ...(error === undefined ? {} : { error }) }
}

function rootLog(options: RecorderOptions, destination: DestinationStream): Logger {
  return pino(
    {
      level: options.level,
      base: { node: options.node, role: options.role },
      timestamp: () => `,"time":"${new Date(options.wall()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: ['key', 'password', 'authorization', '*.key', '*.password', '*.authorization'],
    },
    destination,
  )
}
