/**
 * Transactions that only absorb repetitions until their time is over (Timers J, K, L, M). At any time they are most of all, so one
 * timer of the wheel serves a whole line of them: all in a line stay equally long, and the first to come is the first to go.
 */
import type { Clock } from '../clock.ts'
import { type TimerName, type TimerOwner, type TimerWheel, WheelTimer } from './timer-wheel.ts'

/** Stands in one line, once. */
export interface InLine {
  /** By the clock's `now`. */
  endsAt: number
  after: InLine | undefined
  /** Its time is over, or it had to make room. May be called when it has ended already. */
  expire(): void
}

export class Line implements TimerOwner {
  private readonly clock: Clock
  private readonly wheel: TimerWheel
  private readonly name: TimerName
  private readonly stayMs: number
  private readonly timer = new WheelTimer(this)
  private first: InLine | undefined = undefined
  private last: InLine | undefined = undefined
  private count = 0

  constructor(clock: Clock, wheel: TimerWheel, name: TimerName, stayMs: number) {
    this.clock = clock
    this.wheel = wheel
    this.name = name
    this.stayMs = stayMs
  }

  get size(): number {
    return this.count
  }

  add(one: InLine): void {
    one.endsAt = Math.ceil(this.clock.now() + this.stayMs)
    if (this.last === undefined) {
      this.first = one
      this.wheel.arm(this.timer, this.name, this.stayMs)
    } else this.last.after = one
    this.last = one
    this.count++
  }

  /** The one that came first goes before its time. */
  shift(): void {
    const { first } = this
    if (first === undefined) return
    this.first = first.after
    if (this.first === undefined) this.last = undefined
    first.after = undefined
    this.count--
    first.expire()
  }

  onTimer(): void {
    const now = this.clock.now()
    while (this.first !== undefined && this.first.endsAt <= now) this.shift()
    if (this.first !== undefined) this.wheel.arm(this.timer, this.name, this.first.endsAt - now)
  }

  /** Forgets all without a word. */
  close(): void {
    this.wheel.cancel(this.timer)
    this.first = undefined
    this.last = undefined
    this.count = 0
  }
}
