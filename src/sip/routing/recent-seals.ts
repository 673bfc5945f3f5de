/**
 * The last sealed user parts made here, by Call-ID. The ACK, and often the BYE, come while they are still known: that
 * spares two of the three hashes of a call (bench/proxy.ts, UDP and TCP calls).
 */
import { flat } from '../message/fast/flat.ts'
import { hashOf } from '../message/text-hash.ts'
import type { DialogRecord } from './dialog-record.ts'
import { equalTexts } from './equal-text.ts'

/** Characters of a MAC; a user part ends with it. */
export const macLength = 16

/** A power of two. */
const places = 1024

interface Made {
  callId: string
  /** Of the caller. */
  tag: string
  /** The last one, and the one before it: a request whose sides differ has two values (RFC 5658). */
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
    const known = (this.made[at] ??= { callId: '', tag: '', user: '', record, userBefore: '', recordBefore: record })
    const isNext = known.callId === callId && known.tag === tag
    known.userBefore = isNext ? known.user : ''
    known.recordBefore = isNext ? known.record : record
    // All of it would keep the message alive it was cut from.
    if (!isNext) {
      known.callId = flat(callId)
      known.tag = flat(tag)
    }
    known.user = flat(user)
    known.record = record
  }

  /** undefined: made longer ago or elsewhere, or forged. */
  find(callId: string, user: string): RecentSeal | undefined {
    const known = this.made[placeOf(callId)]
    if (known === undefined || known.callId !== callId) return undefined
    if (isSame(user, known.user)) return { tag: known.tag, record: known.record }
    return isSame(user, known.userBefore) ? { tag: known.tag, record: known.recordBefore } : undefined
  }
}

/** A sender with the right MAC at the end has nothing left to find out: only there the time must not tell. */
function isSame(found: string, wanted: string): boolean {
  return equalTexts(found, wanted, Math.max(0, wanted.length - macLength)) && found === wanted
}

function placeOf(callId: string): number {
  return hashOf(callId) & (places - 1)
}
