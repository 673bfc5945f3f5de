/**
 * What stays of server transactions with their final answer, for 64*T1: Completed of RFC 3261 figure 8 (Timer J),
 * Accepted of RFC 6026 §7.1 (Timer L). These are most of all transactions, and a quarter of a million objects that live
 * for half a minute kept the collector busy (bench/proxy.ts, UDP calls): so typed arrays hold the numbers, pages
 * the text, and no transaction has an object. All stay equally long, so the first to come is the first to go.
 */
import type { Clock } from '../../clock.ts'
import type { Flow } from '../../transport/flow.ts'
import { emptyPlaces } from '../empty-places.ts'
import { type TimerOwner, type TimerWheel, WheelTimer } from '../timer-wheel.ts'

/** All text together, octets. Beyond it the oldest goes before its time. */
const mostOctets = 64 * 1024 * 1024
const pageOctets = 64 * 1024
/** Emptied pages that are kept for what comes next. */
const sparePages = 16
const none = -1

interface Page {
  readonly octets: Buffer
  used: number
  /** Records in it that have not ended. */
  live: number
}

/** Numbers of one record each, by its place in the ring. */
interface Columns {
  readonly hash: Int32Array
  /** Place of the next record with the same bucket; `none`: it is the last. */
  readonly next: Int32Array
  readonly endsAt: Float64Array
  /** Where its key begins in its page; the answer follows the key. */
  readonly start: Int32Array
  readonly keyLength: Int32Array
  readonly textLength: Int32Array
  /** First record of each bucket. */
  readonly heads: Int32Array
}

export class Absorbers implements TimerOwner {
  private readonly clock: Clock
  private readonly wheel: TimerWheel
  private readonly stayMs: number
  private readonly timer = new WheelTimer(this)
  private columns = columnsOf(1024)
  private flows: (Flow | undefined)[] = emptyPlaces(1024)
  private pages: (Page | undefined)[] = emptyPlaces(1024)
  private readonly spare: Page[] = []
  private page: Page | undefined = undefined
  private octets = 0
  /** Place of the oldest. */
  private first = 0
  private count = 0

  constructor(clock: Clock, wheel: TimerWheel, stayMs: number) {
    this.clock = clock
    this.wheel = wheel
    this.stayMs = stayMs
  }

  get size(): number {
    return this.count
  }

  /**
   * @param key latin1; names one transaction
   * @param hash of the key
   * @param text the answer that each repetition gets; empty: the repetition is dropped
   */
  add(key: string, hash: number, flow: Flow, text: string): void {
    if (this.count === this.flows.length) this.grow()
    const at = this.place(this.count)
    const page = this.pageFor(key.length + text.length)
    const { columns } = this
    const bucket = hash & (columns.heads.length - 1)
    columns.hash[at] = hash
    columns.next[at] = columns.heads[bucket] as number
    columns.heads[bucket] = at
    columns.endsAt[at] = Math.ceil(this.clock.now() + this.stayMs)
    columns.start[at] = page.used
    columns.keyLength[at] = key.length
    columns.textLength[at] = text.length
    page.used += page.octets.write(key, page.used, 'latin1')
    if (text !== '') page.used += page.octets.write(text, page.used, 'latin1')
    page.live++
    this.pages[at] = page
    this.flows[at] = flow
    if (this.count++ === 0) this.wheel.arm(this.timer, 'J', this.stayMs)
    while (this.octets > mostOctets && this.count > 1) this.shift()
  }

  has(key: string, hash: number): boolean {
    return this.find(key, hash) !== none
  }

  /** The flow that the request with this key came by; undefined: there is none. */
  flowOf(key: string, hash: number): Flow | undefined {
    const at = this.find(key, hash)
    return at === none ? undefined : this.flows[at]
  }

  /**
   * The flow it came by and the answer it gets again, when a request with this key was answered; undefined: it is new.
   */
  answerTo(key: string, hash: number): { readonly flow: Flow; readonly text: string } | undefined {
    const at = this.find(key, hash)
    if (at === none) return undefined
    const flow = this.flows[at]
    const octets = this.pages[at]?.octets
    if (flow === undefined || octets === undefined) return undefined
    const start = (this.columns.start[at] as number) + (this.columns.keyLength[at] as number)
    return { flow, text: octets.toString('latin1', start, start + (this.columns.textLength[at] as number)) }
  }

  /** The one that came first goes before its time. */
  shift(): void {
    if (this.count === 0) return
    const at = this.first
    this.unlink(at)
    this.letGo(this.pages[at])
    this.pages[at] = undefined
    this.flows[at] = undefined
    this.first = this.place(1)
    this.count--
  }

  onTimer(): void {
    const now = this.clock.now()
    while (this.count > 0 && this.endOfFirst <= now) this.shift()
    if (this.count > 0) this.wheel.arm(this.timer, 'J', this.endOfFirst - now)
  }

  /** Forgets all. */
  close(): void {
    this.wheel.cancel(this.timer)
    while (this.count > 0) this.shift()
  }

  private get endOfFirst(): number {
    return this.columns.endsAt[this.first] as number
  }

  /** Of the record that came `nth` after the oldest. */
  private place(nth: number): number {
    return (this.first + nth) & (this.flows.length - 1)
  }

  private find(key: string, hash: number): number {
    const { hash: hashes, next, heads, keyLength, start } = this.columns
    for (let at = heads[hash & (heads.length - 1)] as number; at !== none; at = next[at] as number) {
      if (hashes[at] !== hash || keyLength[at] !== key.length) continue
      const from = start[at] as number
      if (this.pages[at]?.octets.toString('latin1', from, from + key.length) === key) return at
    }
    return none
  }

  private unlink(at: number): void {
    const { hash, next, heads } = this.columns
    const bucket = (hash[at] as number) & (heads.length - 1)
    let before = none
    for (let one = heads[bucket] as number; one !== at; one = next[one] as number) before = one
    if (before === none) heads[bucket] = next[at] as number
    else next[before] = next[at] as number
  }

  private pageFor(octets: number): Page {
    const { page } = this
    if (page !== undefined && page.used + octets <= page.octets.length) return page
    const fresh = octets > pageOctets ? pageOf(octets) : (this.spare.pop() ?? pageOf(pageOctets))
    this.octets += fresh.octets.length
    this.page = fresh
    if (page?.live === 0) this.retire(page)
    return fresh
  }

  private letGo(page: Page | undefined): void {
    if (page === undefined || --page.live > 0) return
    if (page === this.page) page.used = 0
    else this.retire(page)
  }

  private retire(page: Page): void {
    this.octets -= page.octets.length
    page.used = 0
    if (page.octets.length === pageOctets && this.spare.length < sparePages) this.spare.push(page)
  }

  private grow(): void {
    const { columns: old, flows, pages, count } = this
    const made = columnsOf(2 * count)
    const madeFlows = emptyPlaces<Flow>(2 * count)
    const madePages = emptyPlaces<Page>(2 * count)
    for (let nth = 0; nth < count; nth++) {
      const at = this.place(nth)
      const hash = old.hash[at] as number
      const bucket = hash & (made.heads.length - 1)
      made.hash[nth] = hash
      made.next[nth] = made.heads[bucket] as number
      made.heads[bucket] = nth
      made.endsAt[nth] = old.endsAt[at] as number
      made.start[nth] = old.start[at] as number
      made.keyLength[nth] = old.keyLength[at] as number
      made.textLength[nth] = old.textLength[at] as number
      madeFlows[nth] = flows[at]
      madePages[nth] = pages[at]
    }
    this.columns = made
    this.flows = madeFlows
    this.pages = madePages
    this.first = 0
  }
}

/** @param capacity a power of two */
function columnsOf(capacity: number): Columns {
  return {
    hash: new Int32Array(capacity),
    next: new Int32Array(capacity),
    endsAt: new Float64Array(capacity),
    start: new Int32Array(capacity),
    keyLength: new Int32Array(capacity),
    textLength: new Int32Array(capacity),
    heads: new Int32Array(2 * capacity).fill(none),
  }
}

function pageOf(octets: number): Page {
  return { octets: Buffer.allocUnsafeSlow(octets), used: 0, live: 0 }
}
