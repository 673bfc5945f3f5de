/** Octets that arrive in chunks and are read in pieces of other lengths. */
const nothing = Buffer.alloc(0)

export class OctetQueue {
  #held: Buffer = nothing
  #at = 0
  #toSkip = 0

  get length(): number {
    return this.#held.length - this.#at
  }

  push(chunk: Buffer): void {
    const skipped = Math.min(this.#toSkip, chunk.length)
    this.#toSkip -= skipped
    const rest = skipped === 0 ? chunk : chunk.subarray(skipped)
    this.#held = this.length === 0 ? rest : Buffer.concat([this.#held.subarray(this.#at), rest])
    this.#at = 0
  }

  /** The next octets without taking them; absent when there are not enough yet. */
  peek(count: number): Buffer | undefined {
    return count > this.length ? undefined : this.#held.subarray(this.#at, this.#at + count)
  }

  take(count: number): Buffer | undefined {
    const octets = this.peek(count)
    if (octets !== undefined) this.#at += count
    return octets
  }

  /** Leaves out octets, those that have not arrived yet as well. */
  skip(count: number): void {
    const here = Math.min(count, this.length)
    this.#at += here
    this.#toSkip += count - here
  }

  clear(): void {
    this.#held = nothing
    this.#at = 0
  }
}
