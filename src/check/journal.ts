/** Writes the tree of steps while the check runs, and tells a watcher of each begin and end. */
import { outsideRemedy, placedRemedy } from '../verdicts/remedy.ts'
import type { Finding, Step } from './step.ts'

/** How deep a step stands: 0 at the left margin. */
export interface Watcher {
  begin(title: string, depth: number): void
  end(step: Step, depth: number): void
}

/** What the work of a step hands back: what it found, and what later steps need of it. */
export interface Done<T> {
  readonly finding: Finding
  readonly value: T
}

/** Whose remedies they are. */
export interface JournalPlace {
  /** The host of a server outside the lab: its remedies name no command of siplab. */
  readonly outside?: string
  /** The node of the lab that holds the certificate with this serial; undefined: nobody knows. */
  readonly ownerOf?: (serial: string) => string | undefined
}

export class Journal {
  readonly #steps: Step[] = []
  readonly #watcher: Watcher | undefined
  readonly #depth: number
  readonly #place: JournalPlace

  constructor(watcher?: Watcher, { depth = 0, ...place }: JournalPlace & { readonly depth?: number } = {}) {
    this.#watcher = watcher
    this.#depth = depth
    this.#place = place
  }

  get steps(): readonly Step[] {
    return this.#steps
  }

  /** Runs one step; `work` may run further steps inside it. */
  async step<T>(id: string, title: string, work: (inner: Journal) => Promise<Done<T>>): Promise<T> {
    const inner = new Journal(this.#watcher, { depth: this.#depth + 1, ...this.#place })
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
    const { outside, ownerOf } = this.#place
    const step = outside === undefined ? placed(found, ownerOf) : withoutCommands(found, outside)
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

/** `siplab certs renew NODE` with the name of the node whose certificate the verdict speaks of. */
function placed(step: Step, ownerOf: JournalPlace['ownerOf']): Step {
  const { remedy, verdict } = step
  const serial = verdict?.certificate?.serial
  if (remedy === undefined || verdict === undefined || serial === undefined || !/\bNODE\b/.test(remedy)) return step
  const node = ownerOf?.(serial)
  if (node === undefined) return step
  const fix = placedRemedy(remedy, { node })
  return { ...step, remedy: fix, verdict: { ...verdict, fix } }
}

function isForLab(remedy: string): boolean {
  return /\b(?:NODE|PEER)\b|\bsiplab /.test(remedy)
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
