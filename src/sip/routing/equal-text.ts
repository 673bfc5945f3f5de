/**
 * In a time that does not tell where they differ. Two Buffers for `timingSafeEqual` take five times as long
 * (bench/forward.ts).
 */
export function equalTexts(found: string, wanted: string): boolean {
  if (found.length !== wanted.length) return false
  let difference = 0
  for (let at = 0; at < found.length; at++) difference |= found.charCodeAt(at) ^ wanted.charCodeAt(at)
  return difference === 0
}
