/** A node's own events: remembered for those who ask, and written to its event file as JSON lines (event-file.ts). */
import { existsSync, readFileSync } from 'node:fs'
import type { ProfileName } from '../topology/profile.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { NodeEvent } from './control/control-api.ts'
import { EventFile } from './event-file.ts'
import { type EventName, eventNumber, meaningOf } from './events.ts'

export interface EventFields {
  readonly message?: string
  readonly verdict?: Verdict
  readonly connection?: string
  readonly data?: Readonly<Record<string, unknown>>
}

/** What `GET /events` and followers can look back on without reading the file. */
const rememberedEvents = 2000

/** Whose events they are; the profile gives them their numbers. */
export interface Writer {
  readonly node: string
  readonly profile: ProfileName
}

export class EventLog {
  readonly file: EventFile
  readonly #node: string
  readonly #profile: ProfileName
  readonly #wall: () => number
  #sequence: number
  readonly #recent: NodeEvent[] = []
  readonly #followers = new Set<(event: NodeEvent) => void>()

  constructor(file: string, { node, profile }: Writer, wall: () => number) {
    this.#node = node
    this.#profile = profile
    this.#wall = wall
    this.#sequence = lastSequence(file)
    this.file = new EventFile(file)
  }

  /** The file gets it with the others of this turn of the event loop; followers have it at once. */
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
    this.file.write(`${JSON.stringify(event)}\n`)
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

  close(): Promise<void> {
    return this.file.close()
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
