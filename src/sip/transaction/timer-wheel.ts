/**
 * One wheel for every timer of the transaction layer and the proxy core: arming costs a list insertion and no
 * allocation. A timer never fires early and at most 20 ms late. The wheel sleeps until the next slot that holds
 * something, and wakes up once in vain when that was taken out meanwhile: a timer of the system for each request would
 * cost more (bench/proxy.ts, REGISTER).
 */
import type { Clock, Timer } from '../clock.ts'

/** RFC 3261 table 4, RFC 6026 (L, M); `trying`: the 100 of §17.2.1 and RFC 4320; `limit`: an end we set ourselves. */
export type TimerName = 'A' | 'B' | 'C' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M' | 'trying' | 'limit'

export interface TimerOwner {
  onTimer(name: TimerName): void
}

/** Half of the 20 ms allowed: the clock below rounds to whole milliseconds. */
const tickMs = 10

/** One revolution holds the 32 s timers; longer ones are passed over until they are due. */
const slotCount = 4096
const slotMask = slotCount - 1

/**
 * One timer, part of what it times; armed again and again. It is its own place in a list; alone it points at itself.
 */
export class WheelTimer {
  readonly owner: TimerOwner
  name: TimerName = 'limit'
  /** Tick it fires at; -1 while it is not armed. */
  due = -1
  next: WheelTimer = this
  previous: WheelTimer = this

  constructor(owner: TimerOwner) {
    this.owner = owner
  }

  get armed(): boolean {
    return this.due !== -1
  }

  get alone(): boolean {
    return this.next === this
  }

  unlink(): void {
    this.previous.next = this.next
    this.next.previous = this.previous
    this.next = this
    this.previous = this
  }

  /** Puts `timer` last in the list that this one heads. */
  append(timer: WheelTimer): void {
    timer.previous = this.previous
    timer.next = this
    this.previous.next = timer
    this.previous = timer
  }
}

/** Owner of list heads, which never fire. */
const headOwner: TimerOwner = { onTimer() {} }

export class TimerWheel {
  private readonly clock: Clock
  /** A head for each slot that ever held something. */
  private readonly slots: (WheelTimer | undefined)[] = Array.from({ length: slotCount })
  /** Due ones of the tick that is being worked on. */
  private readonly firing = new WheelTimer(headOwner)
  private count = 0
  private tick: number
  private sleep: Timer | undefined
  private wakeTick = Infinity
  private readonly wake = (): void => this.advance()
  private readonly onFailure: ((error: unknown) => void) | undefined

  /**
   * @param onFailure told what a timer threw, which ends no more than itself then; absent: it is thrown, and those due
   * with it fire a moment later
   */
  constructor(clock: Clock, onFailure?: (error: unknown) => void) {
    this.clock = clock
    this.onFailure = onFailure
    this.tick = Math.floor(clock.now() / tickMs)
  }

  /** Timers armed now. */
  get size(): number {
    return this.count
  }

  /** Arms `timer` anew; an armed one is moved. */
  arm(timer: WheelTimer, name: TimerName, delayMs: number): void {
    this.cancel(timer)
    if (this.count === 0) this.tick = Math.max(this.tick, Math.floor(this.clock.now() / tickMs))
    timer.name = name
    timer.due = Math.max(this.tick + 1, Math.ceil((this.clock.now() + delayMs) / tickMs))
    this.headOf(timer.due).append(timer)
    this.count++
    if (timer.due < this.wakeTick) this.sleepUntil(timer.due)
  }

  /** Safe for a timer that is not armed. */
  cancel(timer: WheelTimer): void {
    if (timer.due === -1) return
    timer.due = -1
    timer.unlink()
    this.count--
  }

  /** Forgets every timer. */
  close(): void {
    for (const slot of this.slots) while (slot?.alone === false) this.cancel(slot.next)
    while (!this.firing.alone) this.cancel(this.firing.next)
    this.rest()
  }

  private advance(): void {
    this.sleep = undefined
    this.wakeTick = Infinity
    const now = Math.floor(this.clock.now() / tickMs)
    try {
      this.fire()
      // After a long stop of the process one revolution finds everything that is due.
      if (now - this.tick > slotCount) this.tick = now - slotCount
      while (this.tick < now) {
        this.tick++
        this.collect(this.tick, now)
        this.fire()
      }
    } finally {
      if (this.count > 0) this.sleepUntil(this.nextTick())
    }
  }

  private collect(tick: number, now: number): void {
    const slot = this.slots[tick & slotMask]
    if (slot === undefined) return
    for (let timer = slot.next; timer !== slot; ) {
      const following = timer.next
      if (timer.due <= now) {
        timer.unlink()
        this.firing.append(timer)
      }
      timer = following
    }
  }

  private fire(): void {
    while (!this.firing.alone) {
      const timer = this.firing.next
      this.cancel(timer)
      try {
        timer.owner.onTimer(timer.name)
      } catch (error) {
        if (this.onFailure === undefined) throw error
        this.onFailure(error)
      }
    }
  }

  private nextTick(): number {
    if (!this.firing.alone) return this.tick + 1
    for (let tick = this.tick + 1; tick <= this.tick + slotCount; tick++)
      if (this.slots[tick & slotMask]?.alone === false) return tick
    return this.tick + slotCount
  }

  private sleepUntil(tick: number): void {
    if (tick >= this.wakeTick) return
    this.sleep?.cancel()
    this.wakeTick = tick
    this.sleep = this.clock.after(Math.max(0, Math.ceil(tick * tickMs - this.clock.now())), this.wake)
  }

  private rest(): void {
    this.sleep?.cancel()
    this.sleep = undefined
    this.wakeTick = Infinity
  }

  private headOf(tick: number): WheelTimer {
    return (this.slots[tick & slotMask] ??= new WheelTimer(headOwner))
  }
}
