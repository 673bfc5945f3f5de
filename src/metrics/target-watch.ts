/**
 * Checks a fixed list of targets again and again, and one of them at once when asked. How often a target is dialled,
 * and how many are at one time, is bounded whatever is asked.
 */
import type { CheckReport } from '../check/index.ts'
import type { Clock, Timer } from '../sip/clock.ts'
import type { TargetResult } from './check-metrics.ts'

interface WatchedTarget {
  readonly name: string
  check(): Promise<CheckReport>
}

export interface WatchSettings {
  readonly targets: readonly WatchedTarget[]
  readonly clock: Clock
  /** From the end of one round to the begin of the next, milliseconds. */
  readonly everyMs: number
  /** A result younger than this answers a probe, milliseconds. */
  readonly freshMs: number
  /** Checks at one time, those of probes included. */
  readonly parallel: number
  readonly onResult?: (result: TargetResult) => void
}

export type ProbeAnswer =
  | { readonly kind: 'result'; readonly result: TargetResult }
  | { readonly kind: 'unknown' }
  /** As many checks run as are allowed. */
  | { readonly kind: 'busy' }

interface Watched {
  readonly target: WatchedTarget
  latest: TargetResult
  /** By the clock, when `latest` was reached; absent: never. */
  since?: number
  running?: Promise<TargetResult>
}

export class TargetWatch {
  readonly #settings: WatchSettings
  readonly #targets: ReadonlyMap<string, Watched>
  #active = 0
  #timer: Timer | undefined
  #stopped = false

  constructor(settings: WatchSettings) {
    this.#settings = settings
    this.#targets = new Map(
      settings.targets.map((target) => [target.name, { target, latest: { target: target.name } } as Watched]),
    )
  }

  /** Begins the first round. */
  start(): void {
    void this.#round()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  results(): readonly TargetResult[] {
    return [...this.#targets.values()].map(({ latest }) => latest)
  }

  /** The target checked now; a check that runs, or has just ended, answers too. */
  async probe(name: string): Promise<ProbeAnswer> {
    const watched = this.#targets.get(name)
    if (watched === undefined) return { kind: 'unknown' }
    if (watched.running !== undefined) return { kind: 'result', result: await watched.running }
    if (this.#isFresh(watched)) return { kind: 'result', result: watched.latest }
    if (this.#active >= this.#settings.parallel) return { kind: 'busy' }
    return { kind: 'result', result: await this.#check(watched) }
  }

  async #round(): Promise<void> {
    const waiting = [...this.#targets.values()].filter((watched) => !this.#isFresh(watched))
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined && !this.#stopped; next = waiting.shift())
        await (next.running ?? this.#check(next))
    }
    // One place stays free for a probe.
    await Promise.all(Array.from({ length: Math.max(1, this.#settings.parallel - 1) }, work))
    if (!this.#stopped) this.#timer = this.#settings.clock.after(this.#settings.everyMs, () => void this.#round())
  }

  #isFresh({ since }: Watched): boolean {
    return since !== undefined && this.#settings.clock.now() - since < this.#settings.freshMs
  }

  #check(watched: Watched): Promise<TargetResult> {
    this.#active += 1
    watched.running = resultOf(watched.target).then((result) => {
      this.#active -= 1
      watched.latest = result
      watched.since = this.#settings.clock.now()
      delete watched.running
      this.#settings.onResult?.(result)
      return result
    })
    return watched.running
  }
}

async function resultOf({ name, check }: WatchedTarget): Promise<TargetResult> {
  try {
    return { target: name, report: await check() }
  } catch (error) {
    return { target: name, error: error instanceof Error ? error.message : String(error) }
  }
}
