/**
 * A node's own event file: JSON lines, appended synchronously before anything else is told, bounded by one rotation.
 */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import type { ProfileName } from '../topology/profile.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { NodeEvent } from './control/control-api.ts'
import { type EventName, eventNumber, meaningOf } from './events.ts'

export interface EventFields {
  readonly message?: string
  readonly verdict?: Verdict
  readonly connection?: string
  readonly data?: Readonly<Record<string, unknown>>
}

/** When a file has grown to this size it becomes `events.jsonl.1`; the one before that is dropped. */
const rotateAtBytes = 16 * 1024 * 1024
/** What `GET /events` and followers can look back on without reading the file. */
const rememberedEvents = 2000

/** Whose events they are; the profile gives them their numbers. */
export interface Writer {
  readonly node: string
  readonly profile: ProfileName
}

export class EventLog {
  readonly #file: string
  readonly #node: string
  readonly #profile: ProfileName
  readonly #wall: () => number
  #descriptor: number
  #bytes: number
  #sequence: number
  /** Events that could not be written to the file. */
  #lost = 0
  #isWhole = true
  readonly #recent: NodeEvent[] = []
  readonly #followers = new Set<(event: NodeEvent) => void>()

  constructor(file: string, { node, profile }: Writer, wall: () => number) {
    this.#file = file
    this.#node = node
    this.#profile = profile
    this.#wall = wall
    this.#sequence = lastSequence(file)
    this.#descriptor = openSync(file, 'a', 0o600)
    this.#bytes = fstatSync(this.#descriptor).size
  }

  /** Writes one event and returns it as written. */
  append(name: EventName, fields: EventFields): NodeEvent {
    const meaning = meaningOf(name)
    const eventId = fields.verdict?.eventId ?? eventNumber(name, this.#profile, fields.verdict?.code)
    const event: NodeEvent = {
      seq: ++this.#sequence,
      time: new Date(this.#wall()).toISOString(),
      node: this.#node,
      event: name,
      level: meaning.level,
      message: fields.message ?? fields.verdict?.message ?? meaning.meaning,
      ...(eventId === undefined ? {} : { eventId }),
      ...(fields.verdict === undefined ? {} : { verdict: fields.verdict }),
      ...(fields.connection === undefined ? {} : { connection: fields.connection }),
      ...(fields.data === undefined ? {} : { data: fields.data }),
    }
    this.#write(`${JSON.stringify(event)}\n`)
    this.#remember(event)
    return event
  }

  /** Remembered events with a sequence number above `after`, oldest first. */
  after(after: number): readonly NodeEvent[] {
    return this.#recent.filter((event) => event.seq > after)
  }

  /** @returns a function that ends the following */
  follow(listener: (event: NodeEvent) => void): () => void {
    this.#followers.add(listener)
    return () => this.#followers.delete(listener)
  }

  /** Events since the start that the file lacks, because the disk did not take them. */
  get lost(): number {
    return this.#lost
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  /** A disk that is full or gone costs the file this event; followers and `GET /events` have it all the same. */
  #write(line: string): void {
    try {
      if (this.#bytes > rotateAtBytes) this.#rotate()
      // What was cut off by an error before ends here.
      const text = this.#lost > 0 && !this.#isWhole ? `\n${line}` : line
      this.#isWhole = false
      this.#isWhole = writeSync(this.#descriptor, text) === Buffer.byteLength(text)
      this.#bytes += Buffer.byteLength(text)
    } catch {
      this.#lost += 1
    }
  }

  #rotate(): void {
    closeSync(this.#descriptor)
    renameSync(this.#file, `${this.#file}.1`)
    this.#descriptor = openSync(this.#file, 'a', 0o600)
    this.#bytes = 0
  }

  #remember(event: NodeEvent): void {
    this.#recent.push(event)
    if (this.#recent.length > rememberedEvents) this.#recent.splice(0, rememberedEvents / 2)
    for (const follower of this.#followers) follower(event)
  }
}

/** Sequence numbers go on after a restart, so that a reader can say where it stopped. */
function lastSequence(file: string): number {
  if (!existsSync(file)) return existsSync(`${file}.1`) ? lastSequence(`${file}.1`) : 0
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  for (const line of lines.reverse()) {
    const found = /"seq":(\d+)/.exec(line)
    if (found?.[1] !== undefined) return Number(found[1])
  }
  return 0
}
