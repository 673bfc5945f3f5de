/**
 * Server transactions that are under way, by their key. A Map that thousands of entries a second come to and go from is
 * rebuilt all the time, and each table it leaves behind keeps its entries alive until the next full collection
 * (bench/proxy.ts, UDP calls): here the entries are linked to each other, and nothing is left behind.
 */
import { emptyPlaces } from './empty-places.ts'
import type { Server } from './server.ts'

export class ServerTable {
  private buckets: (Server | undefined)[] = emptyPlaces(256)
  private count = 0

  get size(): number {
    return this.count
  }

  /** @param hash of the key */
  get(key: string, hash: number): Server | undefined {
    for (let tx = this.buckets[this.bucketOf(hash)]; tx !== undefined; tx = tx.sameBucket)
      if (tx.hash === hash && tx.key === key) return tx
    return undefined
  }

  /** Not for one that is here already. */
  add(tx: Server): void {
    if (this.count === this.buckets.length) this.grow()
    this.put(tx)
    this.count++
  }

  /** Safe for one that is not here. */
  remove(tx: Server): void {
    const bucket = this.bucketOf(tx.hash)
    let before: Server | undefined
    for (let one = this.buckets[bucket]; one !== undefined; one = one.sameBucket) {
      if (one === tx) {
        if (before === undefined) this.buckets[bucket] = tx.sameBucket
        else before.sameBucket = tx.sameBucket
        tx.sameBucket = undefined
        this.count--
        return
      }
      before = one
    }
  }

  /** All, in no order; a copy, so that they may go meanwhile. */
  all(): Server[] {
    const found: Server[] = []
    for (const first of this.buckets) for (let tx = first; tx !== undefined; tx = tx.sameBucket) found.push(tx)
    return found
  }

  private bucketOf(hash: number): number {
    return hash & (this.buckets.length - 1)
  }

  private put(tx: Server): void {
    const bucket = this.bucketOf(tx.hash)
    tx.sameBucket = this.buckets[bucket]
    this.buckets[bucket] = tx
  }

  private grow(): void {
    const all = this.all()
    this.buckets = emptyPlaces(2 * this.buckets.length)
    for (const tx of all) this.put(tx)
  }
}
