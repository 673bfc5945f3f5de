/**
 * One link fault at work on one dialled flow: holds octets back, lets them through slowly, swallows them, or breaks the
 * flow.
 */
import type { Clock, Timer } from '../../clock.ts'
import type { LinkFault } from '../types.ts'

/** The flow a fault works on. */
export interface FaultyFlow {
  write(text: string): void
  deliver(chunk: Buffer): void
  pause(): void
  resume(): void
  abort(because: string): void
}

/** How finely `slow` cuts the time. */
const tickMs = 50

interface Held {
  readonly timer: Timer
  readonly letGo: () => void
}

export class ActedFault {
  readonly #fault: LinkFault
  readonly #framed: boolean
  readonly #flow: FaultyFlow
  readonly #clock: Clock
  /** What `delay` and `slow` hold back, oldest first. */
  #held: Held[] = []
  /** Octets still to be sent by `slow`. */
  #text = ''
  #slowTimer: Timer | undefined
  #octets = 0
  /** Octets to be sent that `delay` holds back. */
  #delayed = 0

  /** @param framed messages must stay whole: `slow` then delays each by its size */
  constructor(fault: LinkFault, flow: FaultyFlow, clock: Clock, framed: boolean) {
    this.#framed = framed
    this.#fault = fault
    this.#flow = flow
    this.#clock = clock
  }

  /** Octets waiting here to be sent: they count against the send queue of the flow. */
  get held(): number {
    return this.#text.length + this.#delayed
  }

  send(text: string): void {
    const { kind, amount } = this.#fault
    if (kind === 'silent') return
    if (kind === 'delay') return this.#sendLater(amount, text)
    if (kind === 'slow')
      return this.#framed ? this.#sendLater(this.#timeFor(text.length), text) : this.#sendSlowly(text)
    if (this.#breaksAfter(text.length)) return
    this.#flow.write(text)
  }

  receive(chunk: Buffer): void {
    const { kind, amount } = this.#fault
    if (kind === 'silent') return
    if (kind === 'delay') return this.#later(amount, () => this.#flow.deliver(chunk))
    if (kind === 'slow') return this.#receiveSlowly(chunk)
    if (this.#breaksAfter(chunk.length)) return
    this.#flow.deliver(chunk)
  }

  /** What was held back goes out at once, in its order. */
  release(): void {
    this.#slowTimer?.cancel()
    this.#slowTimer = undefined
    const held = this.#held
    this.#held = []
    for (const { timer, letGo } of held) {
      timer.cancel()
      letGo()
    }
    if (this.#text !== '') this.#flow.write(this.#text)
    this.#text = ''
  }

  #sendLater(delayMs: number, text: string): void {
    this.#delayed += text.length
    this.#later(delayMs, () => {
      this.#delayed -= text.length
      this.#flow.write(text)
    })
  }

  #sendSlowly(text: string): void {
    this.#text += text
    this.#slowTimer ??= this.#clock.after(tickMs, () => this.#tick())
  }

  /** What so many octets take at the speed of the fault; a minute at most. */
  #timeFor(octets: number): number {
    return Math.min(60_000, (octets * 1000) / Math.max(1, this.#fault.amount))
  }

  #later(delayMs: number, letGo: () => void): void {
    const held: Held = {
      letGo,
      timer: this.#clock.after(delayMs, () => {
        this.#held = this.#held.filter((other) => other !== held)
        letGo()
      }),
    }
    this.#held.push(held)
  }

  #tick(): void {
    const octets = Math.max(1, Math.round((this.#fault.amount * tickMs) / 1000))
    this.#flow.write(this.#text.slice(0, octets))
    this.#text = this.#text.slice(octets)
    this.#slowTimer = this.#text === '' ? undefined : this.#clock.after(tickMs, () => this.#tick())
  }

  /** The time the octets would have taken passes before they are delivered and more is read. */
  #receiveSlowly(chunk: Buffer): void {
    this.#flow.pause()
    this.#later(this.#timeFor(chunk.length), () => {
      this.#flow.deliver(chunk)
      this.#flow.resume()
    })
  }

  #breaksAfter(octets: number): boolean {
    if (this.#fault.kind !== 'reset') return false
    this.#octets += octets
    if (this.#octets <= this.#fault.amount) return false
    this.#flow.abort('link.reset')
    return true
  }
}
