/**
 * A survey that is dialled: it waits for the surveyed end, shows each visitor the fault that it dialled, and stops when
 * every fault was visited, the time is over, or the good certificate was refused.
 */
import type { Presenter } from '../faults/catalogue/variation.ts'
import type { Bounds, SurveyClock } from './bounds.ts'
import type { ListenerOptions, Shown, SurveyListener, Visit } from './listener.ts'
import { outcomeOf, type Seen } from './outcome.ts'
import { type Survey, type TlsVersion, tlsVersions, type Trial } from './result.ts'
import type { Planned } from './trials.ts'

export interface ListenSurvey {
  readonly address: string
  readonly port: number
  /** One port a fault, the good certificate at the first; else the first label of the SNI names the fault. */
  readonly perPort: boolean
  /** `survey.test`: the faults are `expired.survey.test` and so on; with a port each, the name that is dialled. */
  readonly domain: string
  readonly planned: (name: string) => readonly Planned[]
  readonly good: (name: string, now: number) => Presenter
  readonly rootPem: string
  readonly versions?: readonly TlsVersion[]
  /** The pace is not ours: the other end dials. */
  readonly bounds: Bounds
  readonly patienceMs: number
  readonly clock: SurveyClock
  readonly signal: AbortSignal
  readonly open: (options: ListenerOptions) => Promise<SurveyListener>
  readonly siplab: string
  /** Where each fault is, before the first visit. */
  readonly onReady?: (places: readonly Place[]) => void
  readonly onVisit?: (trial: Trial, visited: number, of: number) => void
}

export interface Place {
  readonly slug: string
  readonly name: string
  readonly port: number
}

export async function surveyByListening(options: ListenSurvey): Promise<Survey> {
  const listening = new Listening(options)
  await listening.open()
  return listening.run()
}

interface Offer {
  readonly planned: Planned | undefined
  readonly slug: string
  readonly name: string
  readonly presenter: Presenter
}

class Listening {
  readonly #options: ListenSurvey
  readonly #offers: readonly Offer[]
  readonly #cannot: readonly { readonly planned: Planned; readonly because: string }[]
  readonly #listeners: SurveyListener[] = []
  readonly #visits: Visit[] = []
  readonly #versions: readonly TlsVersion[]
  readonly #enough = new AbortController()
  readonly #began: number
  readonly #at: Date
  /** What the good certificate got, by version. */
  readonly #controls = new Map<TlsVersion, Seen>()
  #stopped: string | undefined

  constructor(options: ListenSurvey) {
    this.#options = options
    this.#versions = options.versions ?? tlsVersions
    this.#began = options.clock.now()
    this.#at = new Date(options.clock.wall())
    const now = options.clock.wall()
    const name = (slug: string): string => (options.perPort ? options.domain : `${slug}.${options.domain}`)
    const plans = new Map(options.planned(options.domain).map((each) => [each.slug, each]))
    const offers: Offer[] = [
      { planned: undefined, slug: 'good', name: name('good'), presenter: options.good(name('good'), now) },
    ]
    const cannot: { planned: Planned; because: string }[] = []
    for (const slug of plans.keys()) {
      const planned = options.planned(name(slug)).find((each) => each.slug === slug)
      if (planned === undefined) continue
      const attempt = planned.attempt(now)
      const own = attempt.kind === 'try' && !options.perPort && attempt.presenter.settings !== undefined
      if (attempt.kind === 'cannot') cannot.push({ planned, because: attempt.because })
      else if (own) cannot.push({ planned, because: 'it needs settings of its own: give it a port with --ports' })
      else offers.push({ planned, slug, name: name(slug), presenter: attempt.presenter })
    }
    this.#offers = offers
    this.#cannot = cannot
  }

  async open(): Promise<void> {
    const { perPort, port, open, onReady } = this.#options
    try {
      if (perPort)
        for (const [at, offer] of this.#offers.entries())
          this.#listeners.push(await open(this.#listenerOptions(port === 0 ? 0 : port + at, () => offer, offer)))
      else this.#listeners.push(await open(this.#listenerOptions(port, (name) => this.#bySni(name), undefined)))
    } catch (error) {
      await this.#close()
      throw error
    }
    onReady?.(
      this.#offers.map(({ slug, name }, at) => ({
        slug,
        name,
        port: (perPort ? this.#listeners[at] : this.#listeners[0])?.port ?? port,
      })),
    )
  }

  async run(): Promise<Survey> {
    const { bounds, clock, signal } = this.#options
    const over = AbortSignal.any([signal, this.#enough.signal])
    await clock.pause(bounds.seconds * 1000, over)
    await this.#close()
    if (this.#stopped === undefined && signal.aborted) this.#stopped = 'it was interrupted'
    else if (this.#stopped === undefined && !this.#enough.signal.aborted)
      this.#stopped = `it lasted ${bounds.seconds} s, the most that --seconds allows`
    return this.#survey()
  }

  async #close(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close()))
  }

  #listenerOptions(
    port: number,
    choose: (name: string | undefined) => Offer | undefined,
    offer: Offer | undefined,
  ): ListenerOptions {
    const { address, rootPem, patienceMs } = this.#options
    const settings = offer?.presenter.settings
    return {
      address,
      port,
      rootPem,
      patienceMs,
      versions: this.#versions,
      ...(settings === undefined ? {} : { settings }),
      choose: (name): Shown | undefined => {
        const found = choose(name)
        return found === undefined ? undefined : { slug: found.slug, presenter: found.presenter }
      },
      onVisit: (visit) => this.#take(visit),
    }
  }

  /** Without SNI the good certificate is shown, which proves nothing but the control. */
  #bySni(name: string | undefined): Offer | undefined {
    if (name === undefined) return this.#offers[0]
    return this.#offers.find((offer) => offer.name === name)
  }

  #take(visit: Visit): void {
    if (this.#stopped !== undefined) return
    this.#visits.push(visit)
    const { tls } = visit
    if (visit.shown === 'good' && tls !== undefined && outcomeOf(visit.seen, undefined).kind === 'accepted')
      this.#controls.set(tls, visit.seen)
    this.#tell(visit)
    if (visit.shown === 'good' && outcomeOf(visit.seen, undefined).kind === 'refused')
      this.#stop(`the good certificate was refused: ${outcomeOf(visit.seen, undefined).words}`)
    else if (this.#visits.length >= this.#options.bounds.connections)
      this.#stop(`${this.#visits.length} connections came, the most that --connections allows`)
    else if (this.#offers.every(({ slug }) => this.#visits.some(({ shown }) => shown === slug))) this.#enough.abort()
  }

  #stop(because: string): void {
    this.#stopped = because
    this.#enough.abort()
  }

  #tell(visit: Visit): void {
    const trial = this.#trialOf(visit)
    if (trial === undefined) return
    const visited = new Set(this.#visits.map(({ shown }) => shown)).size
    this.#options.onVisit?.(trial, visited, this.#offers.length)
  }

  #trialOf({ shown, tls, seen, ms }: Visit): Trial | undefined {
    const offer = this.#offers.find(({ slug }) => slug === shown)
    if (offer === undefined) return undefined
    // A handshake that broke before a version was agreed was offered the highest.
    const version = tls ?? this.#versions.at(-1) ?? '1.3'
    const { severity, verdict } = offer.planned?.judged ?? {}
    const control =
      offer.planned === undefined ? undefined : (this.#controls.get(version) ?? [...this.#controls.values()][0])
    return {
      fault: shown,
      story: offer.planned?.story ?? 'The good certificate',
      tls: version,
      outcome: outcomeOf(seen, control),
      ...(severity === undefined || verdict === undefined ? {} : { severity, verdict }),
      ms,
    }
  }

  #survey(): Survey {
    const { clock, siplab, domain } = this.#options
    const trials = [...this.#trials(), ...this.#notVisited()]
    const from = [...new Set(this.#visits.flatMap((visit) => visit.from ?? []))]
    const product = this.#visits.find((visit) => visit.product !== undefined)?.product
    return {
      survey: 1,
      direction: 'listen',
      target: from.length === 0 ? `whoever dials ${domain}` : from.slice(0, 8).join(', '),
      ...(product === undefined ? {} : { product }),
      at: this.#at.toISOString(),
      ms: Math.round(clock.now() - this.#began),
      siplab,
      ...(this.#stopped === undefined ? {} : { stopped: this.#stopped.slice(0, 500) }),
      controls: this.#visits.filter(({ shown }) => shown === 'good').flatMap((visit) => this.#trialOf(visit) ?? []),
      trials,
    }
  }

  /** Of several visits of one fault under one version the worst counts: acceptance once is acceptance. */
  #trials(): readonly Trial[] {
    const all = this.#visits.filter(({ shown }) => shown !== 'good').flatMap((visit) => this.#trialOf(visit) ?? [])
    const groups = Map.groupBy(all, ({ fault, tls }) => `${fault}/${tls}`)
    const proven = this.#controls.size > 0
    return [...groups.values()].flatMap((some): readonly Trial[] => {
      const worst = some.find(({ outcome }) => outcome.kind === 'accepted') ?? some.at(-1)
      if (worst === undefined) return []
      if (proven || worst.outcome.kind === 'accepted') return [worst]
      const words = `it looked ${worst.outcome.kind}, and the good certificate was never accepted here`
      return [{ ...worst, outcome: { kind: 'unclear', words } }]
    })
  }

  #notVisited(): readonly Trial[] {
    const came = new Set(this.#visits.map(({ shown }) => shown))
    const waiting = this.#offers.flatMap(({ planned, slug }) =>
      planned === undefined || came.has(slug) ? [] : [{ planned, because: 'no one dialled it' }],
    )
    return [...this.#cannot, ...waiting].flatMap(({ planned, because }) =>
      planned.versions
        .filter((version) => this.#versions.includes(version))
        .map((tls) => ({
          fault: planned.slug,
          story: planned.story,
          tls,
          outcome: { kind: 'cannot', words: because } as const,
          ...(planned.judged === undefined
            ? {}
            : { severity: planned.judged.severity, verdict: planned.judged.verdict }),
          ms: 0,
        })),
    )
  }
}
