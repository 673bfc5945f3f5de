/**
 * Nonces that carry their time and a seal (RFC 7616 §5.4), and the counts that keep one from being used twice (§3.4
 * `nc`).
 *
 * The counts are in this process alone, so the key is too: a nonce of another front end, or of this one before it was
 * started again, could have been used there. It is not fresh here, and the client is told a new one (`stale=true`).
 */
import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto'

const timeOctets = 6
const randomOctets = 8
const sealOctets = 16

/** The clock of a machine may be set back by this much. */
const skewMs = 60_000

export interface Nonces {
  make(wall: number): string
  /** True when this process made it and it is not over. */
  isFresh(nonce: string, wall: number): boolean
  /** True once for each count: false when this nonce came with that count before, or with one far above it. */
  use(nonce: string, count: number, wall: number): boolean
}

export interface NonceOptions {
  readonly realm: string
  readonly lifetimeMs: number
  /** Nonces whose counts are remembered at most. */
  readonly limit: number
}

export interface Counts {
  highest: number
  /** Bit n: `highest - n` was used. */
  window: number
}

export function nonces({ realm, lifetimeMs, limit }: NonceOptions): Nonces {
  let young = new Map<string, Counts>()
  let old = new Map<string, Counts>()
  let turnedAt = 0
  // Made once: a Buffer as the key costs 7 µs more a seal (docs/performance.md).
  const sealKey = createSecretKey(randomBytes(32))

  function seal(head: Buffer): Buffer {
    return createHmac('sha256', sealKey).update(head).update(realm).digest().subarray(0, sealOctets)
  }

  /** Counts live between one and two lifetimes; no nonce outlives them unless the table is full. */
  function turn(wall: number): void {
    if (young.size < limit && Math.abs(wall - turnedAt) < lifetimeMs + skewMs) return
    old = young
    young = new Map()
    turnedAt = wall
  }

  return {
    make(wall) {
      const head = Buffer.alloc(timeOctets + randomOctets)
      head.writeUIntBE(wall, 0, timeOctets)
      randomBytes(randomOctets).copy(head, timeOctets)
      return Buffer.concat([head, seal(head)]).toString('base64url')
    },
    isFresh(nonce, wall) {
      const octets = Buffer.from(nonce, 'base64url')
      if (octets.length !== timeOctets + randomOctets + sealOctets) return false
      const head = octets.subarray(0, timeOctets + randomOctets)
      if (!timingSafeEqual(octets.subarray(head.length), seal(head))) return false
      const age = wall - head.readUIntBE(0, timeOctets)
      return age >= -skewMs && age < lifetimeMs
    },
    use(nonce, count, wall) {
      turn(wall)
      const known = young.get(nonce) ?? old.get(nonce)
      if (known === undefined) {
        young.set(nonce, { highest: count, window: 1 })
        return true
      }
      return useCount(known, count)
    },
  }
}

/** Requests may overtake each other on UDP: the last 32 counts are told apart, older ones are used up. */
export function useCount(counts: Counts, count: number): boolean {
  const ahead = count - counts.highest
  if (ahead > 0) {
    counts.window = ahead >= 32 ? 1 : ((counts.window << ahead) | 1) >>> 0
    counts.highest = count
    return true
  }
  const bit = -ahead
  if (bit >= 32 || ((counts.window >>> bit) & 1) === 1) return false
  counts.window = (counts.window | (1 << bit)) >>> 0
  return true
}
