/** One hash for tables of our own over text that peers choose, and for what is compared by its hash alone. */
import { randomInt } from 'node:crypto'

/** None shall know which texts share a bucket. */
const seed = randomInt(2 ** 32) | 0

/** 32 bits; another one in each process. */
export function hashOf(text: string): number {
  return hashOn(seed, text)
}

/**
 * Goes on from the hash of the text before: `hashOn(hashOf('a'), 'b')` is not the hash of `ab`. FNV-1a over four
 * characters at a stride, with the upper half brought down each time (bench/forward.ts).
 *
 * @param text latin1
 */
export function hashOn(before: number, text: string): number {
  const { length } = text
  let hash = before ^ length
  let at = 0
  for (; at + 3 < length; at += 4) {
    const four =
      text.charCodeAt(at) |
      (text.charCodeAt(at + 1) << 8) |
      (text.charCodeAt(at + 2) << 16) |
      (text.charCodeAt(at + 3) << 24)
    hash = Math.imul(hash ^ four, prime)
    hash ^= hash >>> 15
  }
  for (; at < length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), prime)
  return hash ^ (hash >>> 15)
}

const prime = 0x01000193
