/**
 * `received` and `rport` in the top Via: what the next hop back needs to know about where the request came from (RFC
 * 3261 §18.2.1, RFC 3581 §4).
 */
import { flat } from './fast/flat.ts'
import { unfold } from './fast/scanner.ts'

/** What the stamp reads of a message: offsets into its text, see `Message`. */
interface Stamped {
  readonly text: string
  readonly viaStart: number
  readonly viaEnd: number
  readonly topViaEnd: number
  readonly viaHostStart: number
  readonly viaHostEnd: number
  readonly viaRport: number
  readonly viaClaimed: boolean
  readonly stampReceived: string | undefined
  readonly stampPort: number
}

/**
 * The value of the header field line with the top Via, with the stamp in its first value; unchanged while there is no
 * stamp. `received` is there when the sent-by is not the source address or `rport` was asked for; `rport` is filled in
 * where it was asked for. What the peer itself claimed in either is replaced: only this end knows.
 */
export function stampedVia(message: Stamped): string {
  const { text, viaStart, viaEnd, stampReceived: received } = message
  if (message.viaClaimed && received !== undefined) return replaceClaims(message, received)
  const place = stampPlace(message)
  return unfold(text, viaStart, place) + stampOf(message) + unfold(text, place, viaEnd)
}

/** Where the stamp goes into a line in which nothing was claimed. */
export function stampPlace({ viaRport, topViaEnd }: Stamped): number {
  return viaRport === -1 ? topViaEnd : viaRport
}

/** What goes there; empty: nothing. */
export function stampOf(message: Stamped): string {
  const { viaRport, stampReceived: received, stampPort } = message
  if (received === undefined) return ''
  if (viaRport === -1) return isSource(message, received) ? '' : `;received=${received}`
  if (received !== last.received || stampPort !== last.port) {
    last.received = received
    last.port = stampPort
    last.stamp = flat(`=${stampPort};received=${received}`)
  }
  return last.stamp
}

/** Mostly many requests come from one place. */
const last = { received: '', port: 0, stamp: '' }

/** Whether sent-by names the source. */
export function isSource(
  { text, viaHostStart, viaHostEnd }: Pick<Stamped, 'text' | 'viaHostStart' | 'viaHostEnd'>,
  received: string,
): boolean {
  const host = text.slice(viaHostStart, viaHostEnd)
  return host === received || host.toLowerCase() === `[${received.toLowerCase()}]`
}

function replaceClaims(message: Stamped, received: string): string {
  const { text, viaStart, viaEnd, topViaEnd } = message
  const top = unfold(text, viaStart, topViaEnd).replace(
    /[ \t]*;[ \t]*(received|rport)(?![A-Za-z0-9\-.!%*_+`'~])[ \t]*(=[ \t]*("(\\.|[^"\\])*"|[^ \t;,]*))?/gi,
    '',
  )
  const port = message.viaRport === -1 ? '' : `;rport=${message.stampPort}`
  const source = port === '' && isSource(message, received) ? '' : `;received=${received}`
  return top + port + source + unfold(text, topViaEnd, viaEnd)
}
