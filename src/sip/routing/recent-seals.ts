/**
 * The last sealed user parts made here, by Call-ID. The ACK, and often the BYE, come while they are still known: that
 * spares two of the three hashes of a call (bench/proxy.ts, UDP and TCP calls).
 */
import { flat } from '../message/flat.ts'
import { hashOf } from '../message/text-hash.ts'

/** A power of two. */
const places = 1024

export class RecentSeals {
  /** One Call-ID a place: a later one takes it over. */
  private readonly callIds: string[] = Array.from({ length: places }, () => '')
  private readonly users: string[] = Array.from({ length: places }, () => '')

  note(callId: string, user: string): void {
    const at = placeOf(callId)
    // Both would keep the message alive they were cut from.
    this.callIds[at] = flat(callId)
    this.users[at] = flat(user)
  }

  of(callId: string): string | undefined {
    const at = placeOf(callId)
    return this.callIds[at] === callId ? this.users[at] : undefined
  }
}

function placeOf(callId: string): number {
  return hashOf(callId) & (places - 1)
}
