/** Writes the tree of steps while the check runs, and tells a watcher of each begin and end. */
import { outsideRemedy } from '../verdicts/remedy.ts'
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

export class Journal {
  readonly #steps: Step[] = []
  readonly #watcher: Watcher | undefined
  readonly #depth: number
  readonly #outside: string | undefined

  /** @param outside the host of a server outside the lab: its remedies name no command of siplab */
  constructor(watcher?: Watcher, { depth = 0, outside }: { readonly depth?: number; readonly outside?: string } = {}) {
    this.#watcher = watcher
    this.#depth = depth
    this.#outside = outside
  }

  get steps(): readonly Step[] {
    return this.#steps
  }

  /** Runs one step; `work` may run further steps inside it. */
  async step<T>(id: string, title: string, work: (inner: Journal) => Promise<Done<T>>): Promise<T> {
    const inner = new Journal(this.#watcher, {
      depth: this.#depth + 1,
      ...(this.#outside === undefined ? {} : { outside: this.#outside }),
    })
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
    const step = this.#outside === undefined ? found : withoutCommands(found, this.#outside)
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

function isForLab(remedy: string): boolean {
  return /\b(?:NODE|PEER)\b|\bsiplab /.test(remedy)
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
