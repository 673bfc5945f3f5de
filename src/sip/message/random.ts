/** Random tokens for tags, branches and Call-IDs, cut from a block: one call into OpenSSL serves a thousand of them. */
import { randomFillSync } from 'node:crypto'

const block = Buffer.alloc(16 * 1024)
let used = block.length

/** A look-up costs less than a call into Node for four octets (bench/forward.ts). */
const hex = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'))

/**
 * A fresh token of `bytes` random octets in lower-case hex: `randomToken(4)` gives e.g. `9f86d081`.
 * RFC 3261 §19.3 wants at least 32 bits of randomness in a tag.
 */
export function randomToken(bytes: number): string {
  if (!(bytes > 0 && bytes <= block.length))
    throw new RangeError(`a token has 1 to ${block.length} random octets, asked for ${bytes}`)
  if (used + bytes > block.length) {
    randomFillSync(block)
    used = 0
  }
  let token = ''
  for (const end = used + bytes; used < end; used++) token += hex[block[used] ?? 0] ?? ''
  return token
}
