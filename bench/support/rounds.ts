/** Alternating rounds: every contestant runs in every round, so that what disturbs the machine disturbs all of them. */
import { arch, cpus, platform, release } from 'node:os'

export interface Contestant {
  readonly name: string
  /** Does its work `count` times; what it returns is added up, so that nothing can be optimised away. */
  run(count: number): number
}

export interface RoundSettings {
  readonly rounds: number
  /** Calls of each contestant before the first round. */
  readonly warmUp: number
  /** Calls of each contestant in each round. */
  readonly count: number
}

/** Nanoseconds of CPU time per call, one row per contestant, one column per round. */
export function alternate(
  contestants: readonly Contestant[],
  settings: RoundSettings,
): ReadonlyMap<string, readonly number[]> {
  let sink = 0
  for (const contestant of contestants) sink += contestant.run(settings.warmUp)
  const times = new Map(contestants.map(({ name }): [string, number[]] => [name, []]))
  for (let round = 0; round < settings.rounds; round++) {
    for (const contestant of contestants) {
      const before = process.cpuUsage()
      sink += contestant.run(settings.count)
      const used = process.cpuUsage(before)
      times.get(contestant.name)?.push(((used.user + used.system) * 1000) / settings.count)
    }
  }
  if (!Number.isFinite(sink)) throw new Error(`a contestant returned ${sink}`)
  return times
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new Error('the median of nothing')
  return middle
}

/** The median over the rounds of one contestant's time divided by another's in the same round. */
export function ratio(times: ReadonlyMap<string, readonly number[]>, over: string, under: string): number {
  const below = times.get(under) ?? []
  return median((times.get(over) ?? []).map((time, round) => time / (below[round] ?? NaN)))
}

export function machine(): Readonly<Record<string, string>> {
  return {
    cpu: `${cpus()[0]?.model.trim() ?? 'unknown'} × ${cpus().length}`,
    system: `${platform()} ${release()} ${arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
  }
}
