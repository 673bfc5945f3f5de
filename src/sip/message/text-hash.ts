/** A hash for tables of our own over text that peers choose. */
import { randomInt } from 'node:crypto'

/** None shall know which texts share a bucket. */
const seed = randomInt(2 ** 32) | 0

/** FNV-1a, 32 bits; another one in each process. */
export function hashOf(text: string): number {
  let hash = seed
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}
