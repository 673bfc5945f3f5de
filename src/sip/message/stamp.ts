/** `received` and `rport` in the top Via: what the next hop back needs to know about where the request came from (RFC 3261 §18.2.1, RFC 3581 §4). */
import { isIPv6 } from 'node:net'
import type { Message } from './message.ts'
import { unfold } from './scanner.ts'
import { parseVia } from './via.ts'

/**
 * The header field text from `start` to `end`, whose first value is the top Via, with the stamp in that value.
 * `received` is there when the sent-by is not the source address or `rport` was asked for; `rport` is filled in only
 * where it stood without a value. What the peer itself claimed in either is replaced.
 */
export function stampVia(message: Pick<Message, 'text' | 'stampReceived' | 'stampPort' | 'branchStart'>, start: number, end: number): string {
  const value = unfold(message.text, start, end)
  const received = message.stampReceived
  if (received === undefined) return value
  const comma = value.indexOf(',')
  const top = comma === -1 ? value : value.slice(0, comma)
  const rest = comma === -1 ? '' : value.slice(comma)
  return stampValue(top.trimEnd(), received, message.stampPort) + rest
}

function stampValue(top: string, received: string, port: number): string {
  const via = parseVia(top)
  const asked = via.parameters.has('rport')
  const needed = asked || via.host !== (isIPv6(received) ? `[${received.toLowerCase()}]` : received.toLowerCase())
  let text = top.replace(/\s*;\s*received\s*(=\s*("[^"]*"|[^\s;,]*))?/gi, '')
  if (asked) text = text.replace(/;\s*rport\s*(=\s*[^\s;,]*)?/i, () => `;rport=${port}`)
  return needed ? `${text};received=${received}` : text
}
