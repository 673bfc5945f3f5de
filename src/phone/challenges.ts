/**
 * sip.js reads only the last challenge of a response and knows only MD5; a registrar offers several (RFC 8760 §2.4).
 */

const challenge = /^(?:www|proxy)-authenticate[ \t]*:(?:[^\r\n]|\r\n[ \t])*\r\n/gim

/**
 * Leaves a 401 or 407 the challenges that sip.js can answer, so that it finds MD5 whatever the order. When there is
 * none, all stay.
 *
 * @param text one message; anything else than a challenge comes back as it is
 */
export function readableChallenges(text: string): string {
  if (!/^SIP\/2\.0 40[17] /.test(text)) return text
  const headEnd = text.indexOf('\r\n\r\n') + 2
  const head = text.slice(0, headEnd)
  const readable = head.replace(challenge, (line) => (isReadable(line) ? line : ''))
  return readable.search(challenge) >= 0 ? readable + text.slice(headEnd) : text
}

function isReadable(line: string): boolean {
  const algorithm = /[\s,]algorithm\s*=\s*"?([\w-]+)/i.exec(line)?.[1] ?? 'MD5'
  return /:\s*digest\s/i.test(line) && algorithm.toUpperCase() === 'MD5'
}
