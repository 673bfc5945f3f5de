/** `received` and `rport` in the top Via: what the next hop back needs to know about where the request came from (RFC 3261 §18.2.1, RFC 3581 §4). */
import type { Message } from './message.ts'
import { trim, unfold } from './scanner.ts'

/** What the stamp reads of a message. */
type Stamped = Pick<Message, 'text' | 'viaStart' | 'viaEnd' | 'topViaEnd' | 'viaHostStart' | 'viaHostEnd' | 'viaRport' | 'viaClaimed' | 'stampReceived' | 'stampPort'>

/**
 * The value of the header field line with the top Via, with the stamp in its first value; unchanged while there is no stamp.
 * `received` is there when the sent-by is not the source address or `rport` was asked for; `rport` is filled in where it
 * was asked for. What the peer itself claimed in either is replaced: only this end knows.
 */
export function stampedVia(message: Stamped): string {
  const { text, viaStart, viaEnd, viaRport, topViaEnd, stampReceived: received } = message
  if (received === undefined) return unfold(text, viaStart, viaEnd)
  if (message.viaClaimed) return replaceClaims(message, received)
  const rest = unfold(text, topViaEnd, viaEnd)
  if (viaRport !== -1) return `${trim(text, viaStart, viaRport)}=${message.stampPort}${text.slice(viaRport, topViaEnd)};received=${received}${rest}`
  const top = trim(text, viaStart, topViaEnd)
  return isSource(message, received) ? top + rest : `${top};received=${received}${rest}`
}

function isSource({ text, viaHostStart, viaHostEnd }: Stamped, received: string): boolean {
  const host = text.slice(viaHostStart, viaHostEnd)
  return host === received || host.toLowerCase() === `[${received.toLowerCase()}]`
}

function replaceClaims(message: Stamped, received: string): string {
  const { text, viaStart, viaEnd, topViaEnd } = message
  const top = unfold(text, viaStart, topViaEnd).replace(/[ \t]*;[ \t]*(received|rport)(?![A-Za-z0-9\-.!%*_+`'~])[ \t]*(=[ \t]*("(\\.|[^"\\])*"|[^ \t;,]*))?/gi, '')
  const port = message.viaRport === -1 ? '' : `;rport=${message.stampPort}`
  const source = port === '' && isSource(message, received) ? '' : `;received=${received}`
  return top + port + source + unfold(text, topViaEnd, viaEnd)
}
