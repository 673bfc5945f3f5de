/**
 * Plays one scenario: brings its lab up, goes through the steps, takes the lab down. Nothing sleeps: an expectation is
 * looked at again whenever a node writes or changes, until it holds or its time is up.
 */
import type { Topology } from '../../topology/topology.ts'
import { communicatorLack } from './communicator-client.ts'
import type { ArrivedEvent, ArrivedStop, DrivenLab, LabDriver } from './driver.ts'
import { judge } from './expectation.ts'
import { spanMs, type Step, type StepKind } from './format.ts'
import type { PlacedStep, Scenario } from './load.ts'
import { ScenarioPhones } from './phones.ts'
import { actionFinding, commandFinding, refusalTold, type StepFinding } from './step-finding.ts'
import { fillIn, splitWords, valueAt } from './variables.ts'
import { stepText } from './step-text.ts'

type Outcome = 'passed' | 'failed' | 'skipped'

export interface StepResult {
  readonly line: number
  readonly kind: StepKind
  /** One line for people. */
  readonly text: string
  readonly outcome: Outcome
  /** Since the scenario began. */
  readonly atMs: number
  readonly tookMs: number
  /** What came of it, or what was found where it fell short. */
  readonly found?: string
  readonly wanted?: string
  /** What to look at next; only where it fell short. */
  readonly next?: string
  /** What an administrator read: the words of a refusal and why it is right, events with numbers and texts. */
  readonly told?: readonly string[]
}

export interface ScenarioResult {
  readonly name: string
  readonly story: string
  readonly family: string
  readonly topology: string
  readonly lab: LabDriver['kind']
  readonly outcome: Outcome
  /** Why it was skipped, or what failed before the first step. */
  readonly because?: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly tookMs: number
  readonly steps: readonly StepResult[]
  readonly events: readonly ArrivedEvent[]
  readonly stops: readonly ArrivedStop[]
  /** In the order in which they were kept. */
  readonly variables: Readonly<Record<string, string>>
  readonly nodes: readonly { readonly name: string; readonly role: string; readonly fqdn: string }[]
  /** The folder of its files; absent when they are gone. */
  readonly data?: string
}

export interface RunOptions {
  readonly driver: LabDriver
  readonly topology: Topology
  readonly source: string
  readonly signal: AbortSignal
  readonly onStep: (step: StepResult) => void
  /** Of the programs that a scenario runs beside the lab. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** How often a state that no event tells (a node that answers nothing) is looked at again. */
const lookAgainMs = 250

export async function runScenario(scenario: Scenario, options: RunOptions): Promise<ScenarioResult> {
  const began = performance.now()
  const { name, story, family, topology } = scenario
  const { driver, source, signal } = options
  const request = { topology: options.topology, source, ...scenario.options }
  const frame = { name, story: story.trim(), family, topology, lab: driver.kind, startedAt: new Date().toISOString() }
  const unplayed = (outcome: 'skipped' | 'failed', because: string, events: readonly ArrivedEvent[] = []) => ({
    ...frame,
    outcome,
    because,
    tookMs: outcome === 'skipped' ? 0 : since(began),
    steps: [],
    events,
    stops: [],
    variables: {},
    nodes: [],
  })
  const lack =
    driver.lacks(request) ??
    (request.needs.includes('communicator') ? communicatorLack(options.environment ?? {}) : undefined)
  if (lack !== undefined) return unplayed('skipped', lack)
  const lab = await driver.bringUp(request, signal).catch((error: unknown) => describe(error))
  if (typeof lab === 'string') return unplayed('failed', lab)
  const unwell = complaintOf(lab)
  if (unwell !== undefined) {
    await lab.end()
    return unplayed('failed', unwell, lab.events)
  }
  const run = new Run(scenario, lab, options, began)
  try {
    await run.play()
  } finally {
    await run.end()
  }
  return { ...frame, ...run.result }
}

/** Whole milliseconds. */
function since(began: number): number {
  return Math.round(performance.now() - began)
}

/** A lab that does not come up fails its scenario, and the others are still played. */
function describe(error: unknown): string {
  return `the lab did not come up: ${error instanceof Error ? error.message : String(error)}`
}

/** Every story begins in a lab in which nothing is wrong. */
function complaintOf({ ready }: DrivenLab): string | undefined {
  if (ready.event === 'ready') return undefined
  const why = (ready.verdicts ?? []).map(
    ({ code, link, node, found }) =>
      `${code} on ${link ?? node ?? 'no node'}${found === undefined ? '' : ` (${found})`}`,
  )
  const stopped = ready.nodes.filter(({ name, pid }) => pid === undefined && name !== 'sql').map(({ name }) => name)
  return `the lab came up degraded: ${[...why, ...stopped.map((name) => `${name} does not run`)].join('; ')}`
}

class Run {
  readonly steps: StepResult[] = []
  readonly variables = new Map<string, string>()
  readonly #scenario: Scenario
  readonly #lab: DrivenLab
  readonly #options: RunOptions
  readonly #began: number
  readonly #phones: ScenarioPhones
  /** Events before this one came before the actions that the next expectation is about. */
  #mark = 0
  #lastKind: StepKind = 'expect'

  constructor(scenario: Scenario, lab: DrivenLab, options: RunOptions, began: number) {
    this.#scenario = scenario
    this.#lab = lab
    this.#options = options
    this.#began = began
    this.#phones = new ScenarioPhones(lab, options.environment ?? {})
  }

  /** The first step that falls short ends the story: what follows builds on it. */
  async play(): Promise<void> {
    let broken = false
    for (const placed of this.#scenario.steps) {
      if (this.#options.signal.aborted) return
      const result: StepResult = broken
        ? this.#result(placed, placed.step, performance.now(), { outcome: 'skipped' })
        : await this.#take(placed)
      this.steps.push(result)
      this.#options.onStep(result)
      broken ||= result.outcome === 'failed'
    }
  }

  async end(): Promise<void> {
    await this.#phones.close()
    await this.#lab.end()
  }

  /** All that is known after `end`. */
  get result(): Omit<ScenarioResult, 'name' | 'story' | 'family' | 'topology' | 'lab' | 'startedAt'> {
    const { signal } = this.#options
    const { events, stops, plan, data } = this.#lab
    const failed = this.steps.some(({ outcome }) => outcome === 'failed')
    return {
      outcome: failed || signal.aborted ? 'failed' : 'passed',
      ...(signal.aborted ? { because: 'interrupted' } : {}),
      tookMs: since(this.#began),
      steps: this.steps,
      events,
      stops,
      variables: Object.fromEntries(this.variables),
      nodes: plan.nodes.map(({ name, role, fqdn }) => ({ name, role, fqdn })),
      ...(data === undefined ? {} : { data }),
    }
  }

  async #take(placed: PlacedStep): Promise<StepResult> {
    const step = fillIn(placed.step, this.variables)
    const from = performance.now()
    this.#markActions(placed.kind)
    const finding = await this.#perform(placed.kind, step)
    return this.#result(placed, step, from, { outcome: finding.held ? 'passed' : 'failed', ...texts(finding) })
  }

  #markActions(kind: StepKind): void {
    if (kind === 'say') return
    if (kind !== 'expect' && this.#lastKind === 'expect') this.#mark = this.#lab.events.length
    this.#lastKind = kind
  }

  #perform(kind: StepKind, step: Step): Promise<StepFinding> {
    switch (kind) {
      case 'say':
        return Promise.resolve({ held: true })
      case 'do':
        return this.#until(step.within, () => this.#command(step))
      case 'kill':
        return actionFinding(this.#lab.kill(step.kill ?? ''))
      case 'redial':
        return this.#redial(step.redial ?? '')
      case 'phone':
        return this.#until(step.within, () => this.#phone(step))
      case 'expect':
        return this.#expect(step)
      default:
        return kind satisfies never
    }
  }

  async #command(step: Step): Promise<StepFinding> {
    const outcome = await this.#lab.command(splitWords(step.do ?? ''))
    const finding = commandFinding(step, outcome)
    if (!finding.held) return finding
    for (const [name, path] of Object.entries(step.keep ?? {})) {
      const value = valueAt(outcome.document, path)
      if (typeof value !== 'string' && typeof value !== 'number')
        return {
          held: false,
          wanted: `${path} in the answer, to keep as ${name}`,
          found: JSON.stringify(outcome.document),
          next: `siplab ${step.do} --json`,
        }
      this.variables.set(name, String(value))
    }
    return finding
  }

  #redial(link: string): Promise<StepFinding> {
    const [from = '', to = ''] = link.split('->')
    return actionFinding(this.#lab.redial(from, to))
  }

  async #phone(step: Step): Promise<StepFinding> {
    if (step.phone === undefined) return { held: true }
    const { status, diagnostics, code, amiss, sentence } = await this.#phones.act(step.phone)
    const good = step.answer === undefined && step.fails === undefined ? code === undefined : true
    const held =
      good &&
      amiss === undefined &&
      (step.answer === undefined || status === step.answer) &&
      (step.fails === undefined || code === step.fails) &&
      (step.diagnostics === undefined || diagnostics?.startsWith(step.diagnostics) === true) &&
      (step.says === undefined || sentence.includes(step.says))
    const wanted = [
      step.answer ?? (step.fails === undefined ? 'a good answer' : undefined),
      step.fails,
      step.diagnostics === undefined ? undefined : `ms-diagnostics ${step.diagnostics}`,
      step.says,
    ]
      .filter((part) => part !== undefined)
      .join(', ')
    return {
      held,
      wanted,
      found: [status, code, sentence, amiss].filter((part) => part !== undefined).join(', '),
      next: 'siplab trace',
      ...(held && code !== undefined
        ? { told: refusalTold([status, sentence, diagnostics].filter(Boolean).join(', '), wanted) }
        : {}),
    }
  }

  /** Once; with a deadline again at each news until it holds. */
  async #until(within: string | undefined, act: () => Promise<StepFinding>): Promise<StepFinding> {
    const until = performance.now() + (within === undefined ? 0 : spanMs(within))
    for (;;) {
      const finding = await act()
      if (finding.held || performance.now() >= until || this.#options.signal.aborted) return finding
      await this.#news(Math.min(lookAgainMs, until - performance.now()))
    }
  }

  async #expect(step: Step): Promise<StepFinding> {
    const { expect } = step
    if (expect === undefined) return { held: true }
    return this.#until(step.within ?? this.#scenario.within, async () => {
      const events = this.#lab.events.map(({ event }) => event)
      return judge(expect, {
        plan: this.#lab.plan,
        events,
        since: events.slice(this.#mark),
        standing: expect.node === undefined ? undefined : await this.#lab.standing(expect.node),
        flows: expect.flow === undefined ? [] : await this.#lab.flows(),
      })
    })
  }

  #news(atMostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        stop()
        this.#options.signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.max(10, atMostMs))
      const stop = this.#lab.onNews(done)
      this.#options.signal.addEventListener('abort', done, { once: true })
    })
  }

  #result(
    { kind, line }: PlacedStep,
    step: Step,
    from: number,
    rest: Pick<StepResult, 'outcome' | 'wanted' | 'found' | 'next' | 'told'>,
  ): StepResult {
    return {
      line,
      kind,
      text: stepText(step),
      atMs: Math.round(from - this.#began),
      tookMs: Math.round(performance.now() - from),
      ...rest,
    }
  }
}

/** What held needs no advice. */
function texts({
  held,
  wanted,
  found,
  next,
  told = [],
}: StepFinding): Pick<StepResult, 'wanted' | 'found' | 'next' | 'told'> {
  const shown = { ...(found === undefined || found === '' ? {} : { found }), ...(told.length === 0 ? {} : { told }) }
  if (held) return shown
  return { ...shown, ...(wanted === undefined ? {} : { wanted }), ...(next === undefined ? {} : { next }) }
}
