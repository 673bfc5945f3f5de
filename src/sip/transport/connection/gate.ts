/** Lets a bounded number in at one time; the others wait their turn. */

export class Gate {
  readonly #places: number
  readonly #waiting: (() => void)[] = []
  #inside = 0

  constructor(places: number) {
    this.#places = places
  }

  /** Calls `go` now or when a place is free; the caller then calls `leave` once. */
  enter(go: () => void): void {
    if (this.#inside >= this.#places) {
      this.#waiting.push(go)
      return
    }
    this.#inside += 1
    go()
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#inside -= 1
    else next()
  }
}
