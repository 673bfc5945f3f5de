/**
 * Chaos by seed: faults put on a lab under load, alone and in pairs, and after each the account of what its servers
 * acknowledged. The same seed gives the same faults in the same order.
 */
import { existsSync, rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { LabError } from '../../lab/lab-error.ts'
import { planLab } from '../../topology/plan.ts'
import { type Balance, type Loss, lost } from '../account.ts'
import { bringUpCrowded, type CrowdedLab, type CrowdedLabOptions } from '../crowded-lab.ts'
import { openPopulation, type Population } from '../population.ts'
import { type Injury, injuriesOf } from './injuries.ts'
import { mountOwnDisk } from './own-disk.ts'
import { type Blow, makeSchedule, readSchedule, type Schedule, scheduleText } from './schedule.ts'
import { shrink, type Shrunk } from './shrink.ts'

export interface ChaosOptions extends Omit<CrowdedLabOptions, 'movableClock'> {
  readonly seed: number
  /** No blow begins after that many minutes. */
  readonly minutes: number
  /** As `scheduleText` writes it; absent: made from the seed. */
  readonly schedule?: string
  /** Libfaketime is there. */
  readonly movableClock: boolean
  /** How many shorter schedules are tried after a violation. */
  readonly mostTries: number
}

interface PlayedBlow extends Blow {
  /** Faults that could not be put on, and why. */
  readonly notPut: readonly string[]
  readonly losses: readonly Loss[]
  readonly tookMs: number
}

export interface ChaosResult {
  readonly seed: number
  readonly blows: readonly PlayedBlow[]
  readonly balance: Balance
  /** Only after a violation, and when there was something to leave out. */
  readonly shrunk?: Omit<Shrunk, 'schedule'> & { readonly schedule: string }
}

const pauseMs = 800

/** Plays a schedule, and after a violation looks for the shortest one that shows it. */
export async function chaos(options: ChaosOptions, signal: AbortSignal): Promise<ChaosResult> {
  const first = await play(options, requestedSchedule(options), signal)
  if (lost(first.balance) === 0 || options.mostTries === 0 || signal.aborted) return first
  const played = first.blows.map(({ injuries, forSeconds }) => ({ injuries, forSeconds }))
  options.onProgress(`${lost(first.balance)} lost; looking for the shortest schedule that loses something`)
  const { schedule, ...found } = await shrink(
    played,
    async (shorter) => {
      options.onProgress(`trying: ${scheduleText(shorter)}`)
      const again = await play({ ...options, minutes: Number.POSITIVE_INFINITY }, shorter, signal)
      return lost(again.balance) > 0
    },
    options.mostTries,
  )
  return { ...first, shrunk: { ...found, schedule: scheduleText(schedule) } }
}

/** Every injury the topology could have where all means are there: names in a schedule do not depend on the machine. */
export function knownInjuries({ topology }: Pick<ChaosOptions, 'topology'>): readonly Injury[] {
  return injuriesOf(planLab(topology, { ports: {} }), { movableClock: true, ownDisk: true, limits: true })
}

function requestedSchedule(options: ChaosOptions): Schedule {
  const known = knownInjuries(options)
  if (options.schedule !== undefined) return readSchedule(options.schedule, known)
  // A blow takes at least as long as its recovery.
  return makeSchedule(options.seed, Math.max(1, Math.ceil(options.minutes * 5)), known)
}

async function play(options: ChaosOptions, schedule: Schedule, signal: AbortSignal): Promise<ChaosResult> {
  const disk = mountOwnDisk(options.data)
  if (typeof disk === 'string') options.onProgress(`no file system of its own for the lab: ${disk}`)
  try {
    const lab = await bringUpCrowded(options, signal)
    try {
      return await new Game(options, lab, typeof disk !== 'string').play(schedule, signal)
    } finally {
      await lab.stop()
    }
  } finally {
    if (typeof disk !== 'string') disk.remove()
    rmSync(options.data, { recursive: true, force: true })
  }
}

class Game {
  readonly #options: ChaosOptions
  readonly #lab: CrowdedLab
  readonly #injuries: ReadonlyMap<string, Injury>
  readonly #possible: ReadonlySet<string>
  readonly #population: Population
  #troubled = false

  constructor(options: ChaosOptions, lab: CrowdedLab, ownDisk: boolean) {
    this.#options = options
    this.#lab = lab
    this.#injuries = new Map(knownInjuries(options).map((injury) => [injury.name, injury]))
    const means = { movableClock: options.movableClock, ownDisk, limits: existsSync('/usr/bin/prlimit') }
    this.#possible = new Set(injuriesOf(lab.access.plan, means).map(({ name }) => name))
    this.#population = openPopulation({
      lab: lab.access,
      ready: lab.ready,
      users: lab.users,
      seed: options.seed,
      pauseMs,
      troubled: () => this.#troubled,
    })
  }

  async play(schedule: Schedule, signal: AbortSignal): Promise<ChaosResult> {
    const { seed, minutes, onProgress } = this.#options
    await this.#population.start()
    const end = performance.now() + minutes * 60_000
    const blows: PlayedBlow[] = []
    for (const blow of schedule) {
      if (performance.now() > end || signal.aborted) break
      const played = await this.#strike(blow)
      blows.push(played)
      const { losses, notPut, tookMs } = played
      const amiss = [...notPut, ...losses.map(({ kind, what }) => `LOST ${kind}: ${what}`)]
      onProgress(`${scheduleText([blow])}: ${(tookMs / 1000).toFixed(0)} s, ${losses.length} lost`)
      for (const line of amiss) onProgress(`  ${line}`)
      if (losses.length > 0) break
    }
    return { seed, blows, balance: await this.#population.stop() }
  }

  async #strike(blow: Blow): Promise<PlayedBlow> {
    const began = performance.now()
    const { account } = this.#population
    const before = account.balance().losses.length
    const notPut: string[] = []
    const undoings: (() => Promise<void>)[] = []
    this.#troubled = true
    this.#population.excuseWatches()
    for (const name of blow.injuries) {
      const why = await this.#put(name, undoings)
      if (why !== undefined) notPut.push(`${name} was not put on: ${why}`)
    }
    await delay(blow.forSeconds * 1000)
    try {
      for (const undoing of undoings.toReversed()) await undoing()
    } catch (error) {
      account.lose('recovery', error instanceof Error ? error.message : String(error))
    }
    this.#troubled = false
    await this.#population.recover()
    const losses = account.balance().losses.slice(before)
    return { ...blow, notPut, losses, tookMs: performance.now() - began }
  }

  /** @returns why the fault could not be put on; for example, an earlier fault ended the node that would be asked */
  async #put(name: string, undoings: (() => Promise<void>)[]): Promise<string | undefined> {
    const injury = this.#injuries.get(name)
    if (injury === undefined || !this.#possible.has(name)) return 'this machine has no means for it'
    try {
      undoings.push(await injury.put(this.#lab))
      return undefined
    } catch (error) {
      if (error instanceof LabError) return error.message
      throw error
    }
  }
}
