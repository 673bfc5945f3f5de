/** What a person dials, as a URI: `sip:bob@lab.test`, `tel:+49-30-123`, `030 1234`, `4711`. */

/** Longer is no number of the world, dial prefixes included. */
const longestNumber = 40

/**
 * A number becomes a user of our domain with `user=phone` (RFC 3261 §19.1.6): which number of the world it is, the dial
 * plan of the home decides. Visual separators and blanks do not count (RFC 3966 §5.1.1).
 *
 * @returns undefined where it is neither a SIP URI nor a number
 */
export function dialledUri(text: string, domain: string): string | undefined {
  const dialled = text.trim()
  if (/^sips?:\S+$/i.test(dialled)) return dialled
  const [number = '', ...parameters] = dialled.replace(/^tel:/i, '').split(';')
  const digits = number.replace(/[-.()\s]/g, '')
  if (!/^\+?[\d*#]+$/.test(digits) || digits.length > longestNumber) return undefined
  const kept = parameters.filter((parameter) => /^(?:ext=[\d-]+|phone-context=[\w.+-]+)$/i.test(parameter))
  if (kept.length !== parameters.length) return undefined
  const user = [digits.replaceAll('#', '%23'), ...kept.map((parameter) => parameter.toLowerCase())].join(';')
  return `sip:${user}@${domain};user=phone`
}
