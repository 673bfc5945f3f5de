/**
 * How long datagrams wait in the queue of a socket, which the system does not tell: while some may be left there, one
 * is sent to the socket itself now and then, behind all that waits. When it comes back, that was the wait; when a later
 * one does, it found no room, and others beside it.
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { TakesTurns, Turns } from '../connection/turns.ts'

export interface QueueProbeUse {
  readonly clock: Clock
  readonly turns: Pick<Turns, 'add'>
  /** Sends it from the socket to the socket. */
  readonly send: (octets: Buffer) => void
  /** Milliseconds that datagrams wait; 0: none are left; 250: that or more; Infinity: some are lost. */
  readonly onWait: (ms: number) => void
}

/** What Node reads of one datagram socket in a turn of the event loop, at most (libuv, `uv__udp_recvmsg`). */
export const datagramsInTurn = 32
const everyMs = 5
/** The guard needs to know no more than that it is this or more. */
const patienceMs = 250
const markOctets = 16
/** The mark, the number, the time it was sent. */
const probeOctets = markOctets + 16

export class QueueProbe implements TakesTurns {
  readonly #use: QueueProbeUse
  /** No one else knows how a probe of this socket begins. */
  readonly #mark = randomBytes(markOctets)
  /** When the first datagram of this turn was seen. */
  turnBeganAt = 0
  #inTurn = 0
  /** Sent so far. */
  #sent = 0
  #sentAt = 0
  /** Of those: came back, or are not waited for. */
  #settled = 0
  /** The eldest that is waited for was not sent before this time. */
  #since = 0
  /**
   * The first one did, when the socket was opened: where a firewall or the system drops the probes, nothing is
   * measured.
   */
  #comesBack = false
  #told = 0

  constructor(use: QueueProbeUse) {
    this.#use = use
  }

  /** The socket is open. */
  begin(): void {
    this.#send(this.#use.clock.now())
  }

  /** Sees each datagram that was read. True: it is a probe, and no message. */
  saw(octets: Buffer): boolean {
    if (this.#inTurn++ === 0) this.#beginTurn()
    if (octets.length !== probeOctets || this.#mark.compare(octets, 0, markOctets) !== 0) return false
    this.#back(octets.readDoubleLE(markOctets), octets.readDoubleLE(markOctets + 8))
    return true
  }

  work(): void {}

  endTurn(): void {
    const isEmpty = this.#inTurn < datagramsInTurn
    this.#inTurn = 0
    if (isEmpty) {
      this.#settled = this.#sent
      return this.#tell(0)
    }
    if (!this.#comesBack) return
    const now = this.#use.clock.now()
    if (this.#settled < this.#sent && now - this.#since > patienceMs) {
      this.#settled = this.#sent
      this.#tell(patienceMs)
    }
    if (now - this.#sentAt >= everyMs) this.#send(now)
  }

  #beginTurn(): void {
    this.turnBeganAt = this.#use.clock.now()
    this.#use.turns.add(this)
  }

  #send(now: number): void {
    if (this.#settled === this.#sent) this.#since = now
    this.#sentAt = now
    const probe = Buffer.allocUnsafe(probeOctets)
    this.#mark.copy(probe)
    probe.writeDoubleLE(this.#sent++, markOctets)
    probe.writeDoubleLE(now, markOctets + 8)
    this.#use.send(probe)
  }

  #back(number: number, sentAt: number): void {
    this.#comesBack = true
    if (number < this.#settled) return
    const isNext = number === this.#settled
    this.#settled = number + 1
    this.#since = sentAt
    // The first one waited for the socket to open, not in a queue.
    if (number > 0) this.#tell(isNext ? this.#use.clock.now() - sentAt : Infinity)
  }

  #tell(ms: number): void {
    if (ms === 0 && this.#told === 0) return
    this.#told = ms
    this.#use.onWait(ms)
  }
}
