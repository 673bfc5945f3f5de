/** Writes the tree of steps while the check runs, and tells a watcher of each begin and end. */
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

  constructor(watcher?: Watcher, depth = 0) {
    this.#watcher = watcher
    this.#depth = depth
  }

  get steps(): readonly Step[] {
    return this.#steps
  }

  /** Runs one step; `work` may run further steps inside it. */
  async step<T>(id: string, title: string, work: (inner: Journal) => Promise<Done<T>>): Promise<T> {
    const inner = new Journal(this.#watcher, this.#depth + 1)
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

  #add(step: Step): void {
    this.#steps.push(step)
    this.#watcher?.end(step, this.#depth)
  }
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
