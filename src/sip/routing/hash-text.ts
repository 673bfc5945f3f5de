/** Hashes as text for branches: lower-case letters and digits. */

/** Two digits of base 32 each. */
const pairs = Array.from({ length: 1024 }, (_, number) => (number >> 5).toString(32) + (number & 31).toString(32))

/** A 32-bit hash as four pairs of digits; `toString(36)` takes twenty times as long (bench/forward.ts). */
export function hashText(hash: number): string {
  return (
    (pairs[hash >>> 22] ?? '') +
    (pairs[(hash >>> 12) & 1023] ?? '') +
    (pairs[(hash >>> 2) & 1023] ?? '') +
    (pairs[hash & 3] ?? '')
  )
}
