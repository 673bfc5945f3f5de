/** Text of peers, servers and stories inside HTML, SVG and XML. */

import { withoutMisleading } from './harmless.ts'

/** XML 1.0 §2.2 has no place for most control characters and none for half a surrogate pair, escaped or not. */
const notText = /[^\t\n\r\x20-\x7E\xA0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

/**
 * Escapes for content and for double-quoted attributes: `a "b" <c>` becomes `a &quot;b&quot; &lt;c&gt;`. Control
 * characters other than tab and line ends, and lone surrogates, become U+FFFD; what changes the direction of text is
 * shown as `\u202e`.
 */
export function escaped(text: string): string {
  return withoutMisleading(text)
    .replaceAll(notText, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
