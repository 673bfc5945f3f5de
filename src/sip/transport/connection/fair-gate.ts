/**
 * Lets a bounded number in at one time; the others wait their turn. As long as places are free, a source may have all
 * of them. When none is free, they are shared: who has fewer than its share goes in at once and the source with the
 * most gives up its oldest place, and who waits is called in the order of the places its source has.
 */

/** One place. `leave` may be called at any time, and again: only the first call counts. */
export interface Place {
  leave(): void
}

interface Source {
  readonly name: string
  /** The oldest first. */
  readonly held: Set<Place>
  readonly waiting: ((place: Place) => void)[]
}

export class FairGate {
  readonly #places: number
  readonly #sources = new Map<string, Source>()
  #taken = 0

  constructor(places: number) {
    this.#places = places
  }

  /** Calls `go` now or when a place is free for that source. */
  enter(name: string, go: (place: Place) => void): void {
    const source = this.#sourceOf(name)
    if (this.#taken < this.#places) return this.#admit(source, go)
    const richest = this.#mostHolding()
    // One more for this source must still leave it with no more than the other then has.
    if (richest === undefined || source.held.size + 1 > richest.held.size - 1) return void source.waiting.push(go)
    this.#giveUp(richest)
    this.#admit(source, go)
  }

  #admit(source: Source, go: (place: Place) => void): void {
    const place: Place = { leave: () => this.#leave(source, place) }
    source.held.add(place)
    this.#taken += 1
    go(place)
  }

  #leave(source: Source, place: Place): void {
    if (!source.held.delete(place)) return
    this.#taken -= 1
    this.#forget(source)
    this.#callNext()
  }

  /** Its connection goes on; only the place is another's. */
  #giveUp(source: Source): void {
    const [oldest] = source.held
    if (oldest === undefined) return
    source.held.delete(oldest)
    this.#taken -= 1
    this.#forget(source)
  }

  #callNext(): void {
    if (this.#taken >= this.#places) return
    let next: Source | undefined
    for (const source of this.#sources.values())
      if (source.waiting.length > 0 && (next === undefined || source.held.size < next.held.size)) next = source
    const go = next?.waiting.shift()
    if (next === undefined || go === undefined) return
    // Of sources that have as many places, the one that was called last is called last again.
    this.#sources.delete(next.name)
    this.#sources.set(next.name, next)
    this.#admit(next, go)
  }

  #mostHolding(): Source | undefined {
    let most: Source | undefined
    for (const source of this.#sources.values())
      if (most === undefined || source.held.size > most.held.size) most = source
    return most
  }

  #sourceOf(name: string): Source {
    const known = this.#sources.get(name)
    if (known !== undefined) return known
    const source: Source = { name, held: new Set(), waiting: [] }
    this.#sources.set(name, source)
    return source
  }

  #forget(source: Source): void {
    if (source.held.size === 0 && source.waiting.length === 0) this.#sources.delete(source.name)
  }
}
