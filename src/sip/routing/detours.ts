/**
 * Ways that were found anew for INVITEs inside dialogs. The ACK for their 2xx carries the same broken Route, and an
 * ACK has no answer: it must be known beforehand that it goes the other way (RFC 3261 §13.2.2.4, RFC 5626 §5.3).
 */
import type { SipMessage, SipRequest } from '../message/types.ts'
import type { Target } from './decision.ts'

/** Timer C, and the 64*T1 in which a 2xx is repeated until its ACK is there. */
const keptMs = 181_000 + 32_000
/** More at one time: the oldest is forgotten, and its ACK goes by its Route. */
const most = 1_000

interface Detour {
  readonly target: Target
  readonly until: number
}

export class Detours {
  private readonly ways = new Map<string, Detour>()

  /**
   * @param invite inside a dialog; or the 2xx that begins one
   * @param now milliseconds of the monotonic clock
   */
  note(invite: SipMessage, target: Target, now: number): void {
    const key = keyOf(invite)
    this.ways.delete(key)
    this.ways.set(key, { target, until: now + keptMs })
    this.forget(now)
  }

  /** The way of the INVITE that this ACK belongs to; undefined: its own Route. */
  of(ack: SipRequest, now: number): Target | undefined {
    if (this.ways.size === 0) return undefined
    this.forget(now)
    return this.ways.get(keyOf(ack))?.target
  }

  /** Oldest first, as they were noted. */
  private forget(now: number): void {
    for (const [key, { until }] of this.ways) {
      if (until > now && this.ways.size <= most) return
      this.ways.delete(key)
    }
  }
}

/** An ACK has the sequence number of its INVITE (RFC 3261 §13.2.2.4). */
function keyOf({ callId, fromTag, toTag, cseq }: SipMessage): string {
  return `${callId}|${fromTag ?? ''}|${toTag ?? ''}|${cseq}`
}
