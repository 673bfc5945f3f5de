/**
 * What the machine does not give this node: space for its events, a reader of its log, descriptors. The node serves on,
 * `siplab status` says so, and an event marks the beginning and the end.
 */
import { readdir, readFile } from 'node:fs/promises'
import type { Clock, Timer } from '../sip/clock.ts'
import { type VerdictCode, verdict } from '../verdicts/codes.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import type { Condition } from './condition.ts'
import type { Descriptors, MachineStatus } from './control/control-api.ts'
import { fewDescriptors, limitIn } from './descriptors.ts'
import type { Recorder } from './recorder.ts'

/** `events` is the event file, `log` is standard error. */
type Place = 'events' | 'log' | 'descriptors'

export interface MachineWatchOptions {
  readonly node: string
  readonly recorder: Recorder
  readonly condition: Condition
  readonly clock: Clock
  /** Of this process, unless a test says otherwise. */
  readonly descriptors?: () => Promise<Descriptors | undefined>
}

const everyMs = 1_000

export class MachineWatch {
  readonly #options: MachineWatchOptions
  readonly #troubles = new Map<Place, { readonly error: string; readonly verdict: Verdict }>()
  #descriptors: Descriptors | undefined
  #timer: Timer | undefined
  #closed = false

  constructor(options: MachineWatchOptions) {
    this.#options = options
  }

  get status(): MachineStatus {
    return {
      state: this.#troubles.size === 0 ? 'ok' : 'impaired',
      ...this.#options.recorder.writers,
      ...(this.#descriptors === undefined ? {} : { descriptors: this.#descriptors }),
    }
  }

  /** Looks once a second until it is closed. */
  start(): void {
    this.#timer = this.#options.clock.after(everyMs, () => {
      void this.look().then(() => {
        if (!this.#closed) this.start()
      })
    })
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  async look(): Promise<void> {
    const ask = this.#options.descriptors ?? descriptorsOfProcess
    this.#descriptors = await ask()
    const { events, log } = this.#options.recorder.writers
    this.#report('events', events.error, 'the event file')
    this.#report('log', log?.error, 'the log')
    this.#report('descriptors', shortage(this.#descriptors), textOf(this.#descriptors))
  }

  /** @param error code of the system; undefined: all is well */
  #report(place: Place, error: string | undefined, what: string): void {
    const before = this.#troubles.get(place)
    if (before?.error === error) return
    const { recorder, condition, node } = this.#options
    const isBefore = (known: Verdict): boolean => known === before?.verdict
    if (error === undefined) {
      this.#troubles.delete(place)
      condition.relieve(isBefore)
      return recorder.record('machine.recovered', { data: { place, error: before?.error } })
    }
    const found = verdict(codeOf(place, error), { node, found: `${what}: ${error}` })
    this.#troubles.set(place, { error, verdict: found })
    condition.impair(found, isBefore)
    recorder.record('machine.impaired', { verdict: found, data: { place, error } })
  }
}

const codes: Readonly<Record<string, VerdictCode>> = {
  ENOSPC: 'machine.disk-full',
  EDQUOT: 'machine.disk-full',
  EROFS: 'machine.read-only',
  EACCES: 'machine.no-right',
  EPERM: 'machine.no-right',
  EMFILE: 'machine.descriptors',
  ENFILE: 'machine.descriptors',
}

function codeOf(place: Place, error: string): VerdictCode {
  return place === 'log' && error === 'EPIPE' ? 'machine.log-closed' : (codes[error] ?? 'machine.io-error')
}

function shortage(found: Descriptors | undefined): string | undefined {
  if (found === undefined) return undefined
  return found.open === undefined || found.limit - found.open < fewDescriptors ? 'EMFILE' : undefined
}

function textOf(found: Descriptors | undefined): string {
  return `descriptors, limit ${found?.limit ?? 'unknown'}`
}

/** Linux; elsewhere undefined. */
async function descriptorsOfProcess(): Promise<Descriptors | undefined> {
  try {
    const limit = limitIn(await readFile('/proc/self/limits', 'utf8'))
    return limit === undefined ? undefined : { open: (await readdir('/proc/self/fd')).length, limit }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EMFILE' || code === 'ENFILE') return { limit: 0 }
    if (code === 'ENOENT' || code === 'EACCES') return undefined
    throw error
  }
}
