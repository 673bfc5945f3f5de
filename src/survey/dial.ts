/**
 * A survey that dials: one connection at a time, every client-certificate fault under both TLS versions, the good
 * certificate before, between and after. A good certificate that fails ends the survey: refusals prove nothing then.
 */
import type { Presenter } from '../faults/catalogue/variation.ts'
import { type Bounds, Pacer, type SurveyClock } from './bounds.ts'
import type { Connected } from './connect.ts'
import { outcomeOf, type Seen } from './outcome.ts'
import { type Outcome, type Survey, type TlsVersion, tlsVersions, type Trial } from './result.ts'
import type { Planned, Shown } from './trials.ts'

/** What is asked of the world: one connection that shows this. */
type Connect = (shown: Shown, version: TlsVersion) => Promise<Connected>

export interface DialSurvey {
  readonly target: string
  readonly planned: readonly Planned[]
  readonly good: (now: number) => Presenter
  readonly versions?: readonly TlsVersion[]
  readonly bounds: Bounds
  readonly clock: SurveyClock
  readonly signal: AbortSignal
  readonly connect: Connect
  /** e.g. `siplab 0.1.0`. */
  readonly siplab: string
  /** After each connection and each fault that cannot be tried. */
  readonly onTrial?: (trial: Trial, control: boolean, done: number, of: number) => void
}

/** So many faults between two controls. */
const controlEvery = 8

export async function surveyByDialling(options: DialSurvey): Promise<Survey> {
  return new Dialling(options).run()
}

class Dialling {
  readonly #options: DialSurvey
  readonly #pacer: Pacer
  readonly #began: Date
  readonly #controls: Trial[] = []
  readonly #trials: Trial[] = []
  /** Trials since the last control that passed: they count only when the next one passes. */
  #unproven: number[] = []
  #product: string | undefined
  #stopped: string | undefined
  readonly #versions: readonly TlsVersion[]
  readonly #total: number

  constructor(options: DialSurvey) {
    this.#options = options
    this.#pacer = new Pacer(options.bounds, options.clock, options.signal)
    this.#began = new Date(options.clock.wall())
    this.#versions = options.versions ?? tlsVersions
    this.#total = options.planned.flatMap(({ versions }) =>
      versions.filter((each) => this.#versions.includes(each)),
    ).length
  }

  async run(): Promise<Survey> {
    for (const version of this.#versions) {
      await this.#underVersion(version)
      if (this.#stopped !== undefined) break
    }
    const taken = this.#controls.some(({ outcome: { kind } }) => kind === 'accepted')
    if (this.#stopped === undefined && !taken)
      this.#stopped = `the good certificate was never accepted: ${this.#controls.at(-1)?.outcome.words ?? 'not tried'}`
    const { target, siplab } = this.#options
    return {
      survey: 1,
      direction: 'dial',
      target,
      ...(this.#product === undefined ? {} : { product: this.#product }),
      at: this.#began.toISOString(),
      ms: Math.round(this.#pacer.elapsedMs),
      siplab,
      ...(this.#stopped === undefined ? {} : { stopped: this.#stopped.slice(0, 500) }),
      controls: this.#controls,
      trials: this.#trials,
    }
  }

  async #underVersion(version: TlsVersion): Promise<void> {
    const planned = this.#options.planned.filter(({ versions }) => versions.includes(version))
    const control = await this.#control(version, undefined)
    if (this.#stopped !== undefined) return
    if (control === undefined) {
      const words = `no good certificate is accepted under TLS ${version}: ${this.#controls.at(-1)?.outcome.words}`
      for (const each of planned) this.#put(each, version, { kind: 'cannot', words: words.slice(0, 300) }, 0)
      return
    }
    let since = 0
    for (const each of planned) {
      if (since === controlEvery) {
        since = 0
        if ((await this.#control(version, control)) === undefined) return
      }
      if (await this.#try(each, version, control)) since += 1
      if (this.#stopped !== undefined) return this.#leaveUnproven(this.#stopped)
    }
    if (since > 0) await this.#control(version, control)
  }

  /**
   * The good certificate. What it got, or absent where that was no acceptance: of a first control the version is then
   * left out, of a later one the survey ends.
   */
  async #control(version: TlsVersion, first: Seen | undefined): Promise<Seen | undefined> {
    const presenter = this.#options.good(this.#options.clock.wall())
    const result = await this.#connection({ presenter }, version)
    if (result === undefined) {
      this.#leaveUnproven(this.#stopped ?? '')
      return undefined
    }
    const { connected, ms } = result
    this.#product ??= connected.product
    const outcome = controlOutcome(connected, first)
    this.#controls.push({ fault: 'good', story: 'The good certificate', tls: version, outcome, ms })
    this.#tell(this.#controls.at(-1), true)
    if (outcome.kind === 'accepted') {
      this.#unproven = []
      return connected.seen
    }
    if (first === undefined && this.#versions.length > 1 && isAboutVersion(connected.seen)) return undefined
    this.#stopped = `the good certificate was not accepted under TLS ${version}: ${outcome.words}`
    this.#leaveUnproven(this.#stopped)
    return undefined
  }

  /** @returns true where a connection was made */
  async #try(planned: Planned, version: TlsVersion, control: Seen): Promise<boolean> {
    const attempt = planned.attempt(this.#options.clock.wall())
    if (attempt.kind === 'cannot') {
      this.#put(planned, version, { kind: 'cannot', words: attempt.because }, 0)
      return false
    }
    const result = await this.#connection(attempt, version)
    if (result === undefined) return false
    this.#put(planned, version, outcomeOf(result.connected.seen, control), result.ms)
    this.#unproven.push(this.#trials.length - 1)
    return true
  }

  async #connection(
    shown: Shown,
    version: TlsVersion,
  ): Promise<{ readonly connected: Connected; readonly ms: number } | undefined> {
    const { clock, connect, signal } = this.#options
    const leave = await this.#pacer.next()
    if (leave.kind === 'stop') {
      this.#stopped = leave.because
      return undefined
    }
    const began = clock.now()
    const connected = await untilAborted(connect(shown, version), signal)
    this.#pacer.done()
    if (connected === undefined) {
      this.#stopped = 'it was interrupted'
      return undefined
    }
    return { connected, ms: Math.round(clock.now() - began) }
  }

  #put({ slug, story, judged }: Planned, tls: TlsVersion, outcome: Outcome, ms: number): void {
    const { severity, verdict } = judged ?? {}
    this.#trials.push({
      fault: slug,
      story,
      tls,
      outcome,
      ...(severity === undefined || verdict === undefined ? {} : { severity, verdict }),
      ms,
    })
    this.#tell(this.#trials.at(-1), false)
  }

  /** Refusals and acceptances that no later control confirms are not counted. */
  #leaveUnproven(because: string): void {
    for (const index of this.#unproven) {
      const trial = this.#trials[index]
      if (trial === undefined) continue
      const words = `it looked ${trial.outcome.kind}, and no good certificate was accepted after it: ${because}`
      this.#trials[index] = { ...trial, outcome: { kind: 'unclear', words: words.slice(0, 300) } }
    }
    this.#unproven = []
  }

  #tell(trial: Trial | undefined, control: boolean): void {
    if (trial !== undefined) this.#options.onTrial?.(trial, control, this.#trials.length, this.#total)
  }
}

function controlOutcome({ seen, asked }: Connected, first: Seen | undefined): Outcome {
  const outcome = outcomeOf(seen, first)
  if (outcome.kind !== 'accepted') return outcome
  if (asked === false)
    return {
      kind: 'unclear',
      words: 'the server asks for no client certificate, so it would accept every fault; require one first',
    }
  if (/^HTTP\/1\.[01] 4/.test(outcome.words))
    return { kind: 'unclear', words: `a web server answers (${outcome.words}), not a SIP server` }
  return outcome
}

/** The server speaks no such version (alert 70, or no words): the other version may still be surveyed. */
function isAboutVersion(seen: Seen): boolean {
  return (
    (seen.kind === 'ended' && seen.alert === 70) ||
    (seen.kind === 'none' && /protocol version|unsupported protocol|no protocols available|version/i.test(seen.words))
  )
}

/** Absent: the signal came first; the connection ends by its own time limit. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined
  const aborted = Promise.withResolvers<undefined>()
  const stop = (): void => aborted.resolve(undefined)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', stop)
    work.catch(stop)
  }
}
