/** Lets a bounded number in at one time; the others wait their turn. */

export class Gate {
  readonly #places: number
  readonly #waiting: (() => boolean)[] = []
  #inside = 0

  constructor(places: number) {
    this.#places = places
  }

  /** Calls `go` now or when a place is free: true, and the caller calls `leave` once; false, and it wants no place. */
  enter(go: () => boolean): void {
    if (this.#inside >= this.#places) {
      this.#waiting.push(go)
      return
    }
    this.#inside += 1
    if (!go()) this.leave()
  }

  leave(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) if (next()) return
    this.#inside -= 1
  }
}
