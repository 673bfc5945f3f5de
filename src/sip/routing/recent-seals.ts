/**
 * The last sealed user parts made here, by Call-ID. The ACK, and often the BYE, come while they are still known: that
 * spares two of the three hashes of a call (bench/proxy.ts, UDP and TCP calls).
 */
import { flat } from '../message/fast/flat.ts'
import { hashOf } from '../message/text-hash.ts'
import { equalTexts } from './equal-text.ts'

/** A power of two. */
const places = 1024

interface Made {
  readonly callId: string
  readonly tag: string
  /** The last one, and the one before it: two values stand where the sides of a request differ (RFC 5658). */
  user: string
  before: string
}

export class RecentSeals {
  /** One Call-ID a place: a later one takes it over. */
  private readonly made: (Made | undefined)[] = Array.from({ length: places }, () => undefined)

  note(callId: string, tag: string, user: string): void {
    const at = placeOf(callId)
    const known = this.made[at]
    // All of it would keep the message alive it was cut from.
    if (known === undefined || known.callId !== callId || known.tag !== tag) {
      this.made[at] = { callId: flat(callId), tag: flat(tag), user: flat(user), before: '' }
      return
    }
    known.before = known.user
    known.user = flat(user)
  }

  has(callId: string, tag: string, user: string): boolean {
    const known = this.made[placeOf(callId)]
    if (known === undefined || known.callId !== callId || known.tag !== tag) return false
    return equalTexts(user, known.user) || equalTexts(user, known.before)
  }
}

function placeOf(callId: string): number {
  return hashOf(callId) & (places - 1)
}
