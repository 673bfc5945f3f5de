/**
 * The octets that one end of a connection sent, put into order (RFC 9293 §3.4): repeated and early segments, and
 * holes, which are told apart by what the other end acknowledged.
 */
import type { Segment } from './network.ts'

export interface StreamEvents {
  /** In order, each octet once. `octets` is not kept by the stream. */
  data(octets: Buffer, frame: number, at: number): void
  /** `missing` octets are not in the capture; the next data come behind them. */
  gap(missing: number, frame: number, at: number): void
}

/** Octets that wait for an earlier segment, over all connections of a capture. */
export class PendingBudget {
  left = 32 * 1_048_576
}

const maxPendingOctets = 262_144
const maxPendingSegments = 256
/** A hole that is acknowledged is closed after so many later segments: a capture may reorder neighbours. */
const patience = 16
/** No stack gives a segment up for lost sooner: RFC 6298 §2.4 has 1 s, Linux 200 ms. */
const resendMilliseconds = 100

interface Early {
  readonly sequence: number
  readonly octets: Buffer
  /** What the packet carried; more than `octets.length` where the capture cut it. */
  readonly length: number
  readonly frame: number
  readonly at: number
}

export class TcpStream {
  /** Segments that carried nothing new. */
  repeated = 0
  /** Octets in order, holes included. */
  octets = 0
  /** Octets that the other end acknowledged and that are not in the capture. */
  notCaptured = 0
  /** Of them those that were sent again; a capture on two interfaces has each segment twice at once. */
  resent = 0
  /** The largest segment, and the largest one that had to be sent again. */
  largest = 0
  largestResent = 0
  /** Behind the last octet that the other end acknowledged; absent before the first acknowledgement. */
  acknowledged: number | undefined = undefined
  /** Octets are missing that the other end never acknowledged. */
  hole = false
  readonly #events: StreamEvents
  readonly #budget: PendingBudget
  #next: number | undefined = undefined
  #early: Early[] = []
  #earlyOctets = 0
  #newestAt = 0

  constructor(events: StreamEvents, budget: PendingBudget) {
    this.#events = events
    this.#budget = budget
  }

  /** The sequence number of the first octet, known from SYN. */
  start(sequence: number): void {
    this.#next ??= sequence
  }

  /** Octets that were sent and, as far as the capture shows, never acknowledged. */
  get unacknowledged(): number {
    if (this.#next === undefined || this.acknowledged === undefined) return 0
    const last = this.#early.at(-1)
    const end = last === undefined ? this.#next : last.sequence + last.length
    return Math.max(0, (end - this.acknowledged) | 0)
  }

  /** Octets that the other end acknowledged, behind the last one in the capture. FIN has a number of its own. */
  get unseen(): number {
    if (this.#next === undefined || this.acknowledged === undefined) return 0
    return Math.max(0, ((this.acknowledged - this.#next) | 0) - 1)
  }

  push({ sequence, payload, length, frame, at }: Segment): void {
    if (length <= 0) return
    this.#next ??= sequence
    const ahead = (sequence - this.#next) | 0
    this.largest = Math.max(this.largest, length)
    if (ahead + length <= 0) return this.#seenBefore(length, at)
    this.#newestAt = at
    if (ahead > 0) return this.#wait({ sequence, octets: payload, length, frame, at })
    this.#deliver(payload.subarray(-ahead), length + ahead, frame, at)
    this.#drain()
  }

  /** The other end says that everything before `number` arrived. */
  acknowledge(number: number, frame: number, at: number): void {
    if (this.acknowledged === undefined || ((number - this.acknowledged) | 0) > 0) this.acknowledged = number
    const [first] = this.#early
    if (first === undefined || this.#next === undefined || this.#early.length < patience) return
    if (((number - this.#next) | 0) > 0) this.#jump(first, frame, at)
  }

  /** Nothing more comes: what waits is given out behind its holes. */
  finish(): void {
    for (let [first] = this.#early; first !== undefined; [first] = this.#early) this.#jump(first, first.frame, first.at)
  }

  #seenBefore(length: number, at: number): void {
    // A keep-alive repeats one octet (RFC 9293 §3.8.4).
    if (length <= 1) return
    this.repeated += 1
    if (at - this.#newestAt < resendMilliseconds) return
    this.resent += 1
    this.largestResent = Math.max(this.largestResent, length)
  }

  #deliver(octets: Buffer, length: number, frame: number, at: number): void {
    this.#next = ((this.#next ?? 0) + length) | 0
    this.octets += length
    if (octets.length > 0) this.#events.data(octets, frame, at)
    if (octets.length >= length) return
    this.notCaptured += length - octets.length
    this.#events.gap(length - octets.length, frame, at)
  }

  #wait(early: Early): void {
    const place = this.#early.findLastIndex(({ sequence }) => ((sequence - early.sequence) | 0) <= 0) + 1
    const before = this.#early[place - 1]
    if (before !== undefined && before.sequence === early.sequence && before.length >= early.length)
      return this.#seenBefore(early.length, early.at)
    this.#early.splice(place, 0, { ...early, octets: Buffer.from(early.octets) })
    this.#count(early.octets.length)
    const full =
      this.#earlyOctets > maxPendingOctets || this.#early.length > maxPendingSegments || this.#budget.left < 0
    const [first] = this.#early
    if (full && first !== undefined) this.#jump(first, early.frame, early.at)
  }

  #count(octets: number): void {
    this.#earlyOctets += octets
    this.#budget.left -= octets
  }

  /** Gives up the octets before a segment that waits. */
  #jump(first: Early, frame: number, at: number): void {
    const missing = Math.max(0, (first.sequence - (this.#next ?? first.sequence)) | 0)
    if (missing > 0) {
      const known = this.acknowledged !== undefined && ((this.acknowledged - first.sequence) | 0) >= 0
      if (known) this.notCaptured += missing
      else this.hole = true
      this.#next = first.sequence
      this.octets += missing
      this.#events.gap(missing, frame, at)
    }
    this.#drain()
  }

  #drain(): void {
    for (let [first] = this.#early; first !== undefined; [first] = this.#early) {
      const ahead = (first.sequence - (this.#next ?? 0)) | 0
      if (ahead > 0) return
      this.#early.shift()
      this.#count(-first.octets.length)
      if (ahead + first.length > 0)
        this.#deliver(first.octets.subarray(-ahead), first.length + ahead, first.frame, first.at)
    }
  }
}
