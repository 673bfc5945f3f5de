/**
 * Nonces that carry their time and a seal (RFC 7616 §5.4), and the counts that keep one from being used twice (§3.4
 * `nc`).
 *
 * The counts are in this process alone, so the key is too: a nonce of another front end, or of this one before it was
 * started again, could have been used there. It is not fresh here, and the client gets a new one (`stale=true`).
 */
import { flat } from '../../sip/message/fast/flat.ts'
import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto'

const timeOctets = 6
const randomOctets = 8
const sealOctets = 16
/** In base64url, without padding. */
const nonceLength = Math.ceil(((timeOctets + randomOctets + sealOctets) * 4) / 3)

/** Times are on the scale of `Clock.now`, which no step of the calendar moves: a used nonce never gets young again. */
export interface Nonces {
  make(now: number): string
  /** True when this process made it and it is not over. */
  isFresh(nonce: string, now: number): boolean
  /** True once for each count: false when this nonce came with that count before, or with one far above it. */
  use(nonce: string, count: number, now: number): boolean
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

export function nonces(options: NonceOptions): Nonces {
  return new SealedNonces(options)
}

class SealedNonces implements Nonces {
  readonly #options: NonceOptions
  // Made once: a Buffer as the key costs 7 µs more a seal (docs/performance.md).
  readonly #sealKey = createSecretKey(randomBytes(32))
  #young = new Map<string, Counts>()
  #old = new Map<string, Counts>()
  #turnedAt = 0
  /** Of nonces made until then the counts may be forgotten: one that is not known could have been used. */
  #forgottenUntil = 0

  constructor(options: NonceOptions) {
    this.#options = options
  }

  make(now: number): string {
    const head = Buffer.alloc(timeOctets + randomOctets)
    head.writeUIntBE(Math.trunc(now), 0, timeOctets)
    randomBytes(randomOctets).copy(head, timeOctets)
    return Buffer.concat([head, this.#seal(head)]).toString('base64url')
  }

  isFresh(nonce: string, now: number): boolean {
    // What `Buffer` passes over while it decodes would make another nonce of the same octets, of any length.
    if (nonce.length !== nonceLength) return false
    const octets = Buffer.from(nonce, 'base64url')
    if (octets.length !== timeOctets + randomOctets + sealOctets) return false
    const head = octets.subarray(0, timeOctets + randomOctets)
    if (!timingSafeEqual(octets.subarray(head.length), this.#seal(head))) return false
    const age = now - head.readUIntBE(0, timeOctets)
    return age >= 0 && age < this.#options.lifetimeMs
  }

  use(nonce: string, count: number, now: number): boolean {
    this.#turn(now)
    const known = this.#young.get(nonce) ?? this.#old.get(nonce)
    if (known !== undefined) return useCount(known, count)
    if (madeAt(nonce) <= this.#forgottenUntil) return false
    this.#young.set(flat(nonce), { highest: count, window: 1 })
    return true
  }

  #seal(head: Buffer): Buffer {
    return createHmac('sha256', this.#sealKey).update(head).update(this.#options.realm).digest().subarray(0, sealOctets)
  }

  /**
   * Counts live between one and two lifetimes, less where the table is full: then nonces that would outlive them end.
   */
  #turn(now: number): void {
    const { limit, lifetimeMs } = this.#options
    if (this.#young.size < limit && now - this.#turnedAt < lifetimeMs) return
    this.#forgottenUntil = this.#turnedAt
    this.#old = this.#young
    this.#young = new Map()
    this.#turnedAt = now
  }
}

function madeAt(nonce: string): number {
  return Buffer.from(nonce.slice(0, (timeOctets * 4) / 3), 'base64url').readUIntBE(0, timeOctets)
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
