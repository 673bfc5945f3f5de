/**
 * The 2xx of a callee is repeated until its ACK arrives, over every transport: it answers end to end (RFC 3261
 * §13.3.1.4).
 */
import type { Clock, Timer } from '../clock.ts'
import { flat } from '../message/fast/flat.ts'
import type { SipRequest } from '../message/types.ts'
import type { TimerSettings } from '../transaction/types.ts'

export class Acceptances {
  private readonly clock: Clock
  private readonly timers: TimerSettings
  /** By Call-ID, our tag and CSeq number. */
  private readonly waiting = new Map<string, Timer>()

  constructor(clock: Clock, timers: TimerSettings) {
    this.clock = clock
    this.timers = timers
  }

  /** @param onSilence no ACK came in 64*T1; the dialog should be ended with BYE */
  add(invite: SipRequest, localTag: string, send: () => void, onSilence: () => void): void {
    const key = flat(keyOf(invite, localTag))
    const end = this.clock.now() + 64 * this.timers.t1
    const again = (interval: number): void => {
      this.waiting.set(
        key,
        this.clock.after(Math.min(interval, end - this.clock.now()), () => {
          if (this.clock.now() >= end) {
            this.waiting.delete(key)
            return onSilence()
          }
          send()
          again(Math.min(2 * interval, this.timers.t2))
        }),
      )
    }
    this.waiting.get(key)?.cancel()
    again(this.timers.t1)
  }

  onAck(ack: SipRequest): void {
    const key = keyOf(ack, ack.toTag ?? '')
    this.waiting.get(key)?.cancel()
    this.waiting.delete(key)
  }

  close(): void {
    for (const timer of this.waiting.values()) timer.cancel()
    this.waiting.clear()
  }
}

function keyOf({ callId, cseq }: SipRequest, localTag: string): string {
  return `${callId}|${localTag}|${cseq}`
}
