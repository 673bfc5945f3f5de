/**
 * In a time that does not tell where they differ. Two Buffers for `timingSafeEqual` take five times as long
 * (bench/forward.ts).
 *
 * @param start the text before it is not compared
 */
export function equalTexts(found: string, wanted: string, start = 0): boolean {
  if (found.length !== wanted.length) return false
  let difference = 0
  for (let at = start; at < found.length; at++) difference |= found.charCodeAt(at) ^ wanted.charCodeAt(at)
  return difference === 0
}
