/**
 * The last sealed user parts made here, by Call-ID. The ACK, and often the BYE, come while they are still known: that
 * spares two of the three hashes of a call (bench/proxy.ts, UDP and TCP calls).
 */
import { flat } from '../message/fast/flat.ts'
import { hashOf } from '../message/text-hash.ts'
import type { DialogRecord } from './dialog-record.ts'
import { equalTexts } from './equal-text.ts'

/** A power of two. */
const places = 1024

interface Made {
  readonly callId: string
  /** Of the caller. */
  readonly tag: string
  /** The last one, and the one before it: two values stand where the sides of a request differ (RFC 5658). */
  user: string
  record: DialogRecord
  userBefore: string
  recordBefore: DialogRecord
}

export interface RecentSeal {
  /** Of the caller. */
  readonly tag: string
  readonly record: DialogRecord
}

export class RecentSeals {
  /** One Call-ID a place: a later one takes it over. */
  private readonly made: (Made | undefined)[] = Array.from({ length: places }, () => undefined)

  note(callId: string, tag: string, user: string, record: DialogRecord): void {
    const at = placeOf(callId)
    const known = this.made[at]
    // All of it would keep the message alive it was cut from.
    if (known === undefined || known.callId !== callId || known.tag !== tag) {
      const kept = { callId: flat(callId), tag: flat(tag), user: flat(user), record }
      this.made[at] = { ...kept, userBefore: '', recordBefore: record }
      return
    }
    known.userBefore = known.user
    known.recordBefore = known.record
    known.user = flat(user)
    known.record = record
  }

  /** undefined: made longer ago, elsewhere, or by nobody. */
  find(callId: string, user: string): RecentSeal | undefined {
    const known = this.made[placeOf(callId)]
    if (known === undefined || known.callId !== callId) return undefined
    if (equalTexts(user, known.user)) return { tag: known.tag, record: known.record }
    return equalTexts(user, known.userBefore) ? { tag: known.tag, record: known.recordBefore } : undefined
  }
}

function placeOf(callId: string): number {
  return hashOf(callId) & (places - 1)
}
