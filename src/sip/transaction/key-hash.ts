/** The hash that both tables of server transactions use. */
import { randomInt } from 'node:crypto'

/** Peers choose the keys: none shall know which of them share a bucket. */
const seed = randomInt(2 ** 32) | 0

/** FNV-1a, 32 bits. */
export function hashOf(key: string): number {
  let hash = seed
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  return hash
}
