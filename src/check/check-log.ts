/** Writes the tree of steps while the check runs, and tells a watcher of each begin and end. */
import { isForLab, outsideRemedy, type Parties, type Placeholder, remedyFor } from '../verdicts/remedy.ts'
import type { Finding, Step } from './step.ts'

/** `depth` is the level of a step in the tree: 0 at the left margin. */
export interface Watcher {
  begin(title: string, depth: number): void
  end(step: Step, depth: number): void
}

/** What the work of a step hands back: what it found, and what later steps need of it. */
export interface Done<T> {
  readonly finding: Finding
  readonly value: T
}

/** The ends that the remedies name. */
export interface RemedyContext {
  /** The host of a server outside the lab: its remedies name no command of siplab, but for certificates of ours. */
  readonly outside?: string
  /** The node of the lab that holds the certificate with this serial; undefined: unknown. */
  readonly ownerOf?: (serial: string) => string | undefined
  /** The node that is dialled. Absent: not one alone, or no node of the lab. */
  readonly acceptor?: string
  /** The node as which the check dials (`--as`). Absent: it dials as a client. */
  readonly dialler?: string
}

export class CheckLog {
  readonly #steps: Step[] = []
  readonly #watcher: Watcher | undefined
  readonly #depth: number
  readonly #context: RemedyContext

  constructor(watcher?: Watcher, { depth = 0, ...context }: RemedyContext & { readonly depth?: number } = {}) {
    this.#watcher = watcher
    this.#depth = depth
    this.#context = context
  }

  get steps(): readonly Step[] {
    return this.#steps
  }

  /** Runs one step; `work` may run further steps inside it. */
  async step<T>(id: string, title: string, work: (inner: CheckLog) => Promise<Done<T>>): Promise<T> {
    const inner = new CheckLog(this.#watcher, { depth: this.#depth + 1, ...this.#context })
    const began = performance.now()
    this.#watcher?.begin(title, this.#depth)
    const { finding, value } = await work(inner)
    this.#add({ ...finding, id, title, ms: tenths(performance.now() - began), steps: inner.steps })
    return value
  }

  /** A step that took no time of its own: something read off what another one saw. */
  put(id: string, title: string, finding: Finding, ms = 0): void {
    this.#add({ ...finding, id, title, ms: tenths(ms), steps: [] })
  }

  #add(found: Step): void {
    const { outside, ownerOf } = this.#context
    const serial = found.verdict?.certificate?.serial
    const isOurs = serial !== undefined && ownerOf?.(serial) !== undefined
    const step = outside === undefined || isOurs ? placed(found, this.#context) : withoutCommands(found, outside)
    this.#steps.push(step)
    this.#watcher?.end(step, this.#depth)
  }
}

/** Remedies that hold a placeholder or a command of siplab, in words for a server that siplab does not run. */
function withoutCommands(step: Step, host: string): Step {
  const { remedy, verdict } = step
  if (remedy === undefined || !isForLab(remedy)) return step
  const fix = outsideRemedy(remedy, host)
  return { ...step, remedy: fix, ...(verdict === undefined ? {} : { verdict: { ...verdict, fix } }) }
}

/** The names of the ends, and of the node whose certificate the verdict speaks of. */
function placed(step: Step, { ownerOf, acceptor, dialler }: RemedyContext): Step {
  const { remedy, verdict } = step
  if (remedy === undefined || verdict === undefined || ownerOf === undefined) return step
  const serial = verdict.certificate?.serial
  const owner = serial === undefined ? undefined : ownerOf(serial)
  const refuser = owner === undefined ? undefined : owner === acceptor ? dialler : acceptor
  const parties = partiesOf({
    NODE: owner ?? acceptor,
    PEER: acceptor,
    ACCEPTOR: acceptor,
    DIALLER: dialler,
    REFUSER: refuser,
  })
  const fix = remedyFor(remedy, parties, client)
  return fix === remedy ? step : { ...step, remedy: fix, verdict: { ...verdict, fix } }
}

/** Without `--as` no node dials: the check acts as a client of its own. */
const client: Parties = { DIALLER: 'this client' }

function partiesOf(all: Readonly<Record<Placeholder, string | undefined>>): Parties {
  return Object.fromEntries(Object.entries(all).filter(([, name]) => name !== undefined))
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
