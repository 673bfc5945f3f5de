/**
 * A forwarded message is the old text with a few edits, spliced in order of position (RFC 3261 §16.6, §16.7);
 * every octet no edit names goes out as it came in.
 */
import { fieldName, MAX_FORWARDS, ROUTE, VIA } from './header-names.ts'
import { internals, type Message, nextComma } from './message.ts'
import { trim } from './fast/scanner.ts'
import { stampedVia, stampOf, stampPlace } from './stamp.ts'
import type { HeaderField, RequestEdits, ResponseEdits, SipRequest, SipResponse } from './types.ts'

/** The request as the next hop shall see it. */
export function writeRequest(request: SipRequest, edits: RequestEdits): string {
  const message = internals(request)
  const { text } = message
  const below = insertionLine(message)
  const lastRoute = edits.appendRoute === undefined ? -1 : lastLine(message, ROUTE)
  let out = `${request.method} ${edits.requestUri ?? request.requestUri} SIP/2.0\r\nVia: ${edits.via}\r\n`
  let copied = message.lineStart(0)
  let toDrop = edits.dropRoutes
  let viaSeen = message.stampReceived === undefined
  for (let line = 0; line < message.lineCount; line++) {
    if (line === below) {
      out += text.slice(copied, message.lineStart(line)) + fieldsBelowVia(message, edits)
      copied = message.lineStart(line)
    }
    const number = message.numberOf(line)
    let replacement: string | undefined
    if (number === MAX_FORWARDS) replacement = `Max-Forwards: ${edits.maxForwards}\r\n`
    else if (number === VIA && !viaSeen) {
      viaSeen = true
      if (message.viaClaimed || message.isOdd(line)) replacement = `Via: ${stampedVia(message)}\r\n`
      else {
        const place = stampPlace(message)
        out += text.slice(copied, place) + stampOf(message)
        copied = place
      }
    } else if (number === ROUTE && toDrop > 0) {
      toDrop -= dropValues(message, line, toDrop)
      replacement = kept.rest === '' ? '' : `Route: ${kept.rest}\r\n`
    }
    if (isRemoved(message, line, edits.remove)) replacement = ''
    if (line === lastRoute)
      replacement =
        `${replacement ?? text.slice(message.lineStart(line), message.lineEnd(line) + 2)}Route: ` +
        `${edits.appendRoute}\r\n`
    if (replacement === undefined) continue
    out += text.slice(copied, message.lineStart(line)) + replacement
    copied = message.lineEnd(line) + 2
  }
  const empty = message.bodyStart - 2
  out += text.slice(copied, empty)
  if (below === message.lineCount) out += fieldsBelowVia(message, edits)
  return out + contentLength(message) + text.slice(empty)
}

/** The response as the next hop back shall see it. */
export function writeResponse(response: SipResponse, edits: ResponseEdits): string {
  const message = internals(response)
  const { text } = message
  let out = ''
  let copied = 0
  let toDrop = edits.dropTopVia ? 1 : 0
  for (let line = 0; line < message.lineCount; line++) {
    let replacement: string | undefined
    if (toDrop > 0 && message.numberOf(line) === VIA) {
      toDrop -= dropValues(message, line, toDrop)
      replacement = kept.rest === '' ? '' : `Via: ${kept.rest}\r\n`
    } else if (isRemoved(message, line, edits.remove)) replacement = ''
    if (replacement === undefined) continue
    out += text.slice(copied, message.lineStart(line)) + replacement
    copied = message.lineEnd(line) + 2
    if (toDrop === 0 && edits.remove.length === 0) break
  }
  const empty = message.bodyStart - 2
  return out + text.slice(copied, empty) + fields(edits.add) + contentLength(message) + text.slice(empty)
}

/**
 * The line after the Via block where that block comes first, as it should; else the first line. A field added there is
 * above the others of its name.
 */
function insertionLine(message: Message): number {
  let line = 0
  while (line < message.lineCount && message.numberOf(line) === VIA) line++
  return line
}

function fieldsBelowVia(message: Message, edits: RequestEdits): string {
  let text = ''
  for (const value of edits.recordRoutes) text += `Record-Route: ${value}\r\n`
  for (const value of edits.pushRoutes) text += `Route: ${value}\r\n`
  if (edits.appendRoute !== undefined && lastLine(message, ROUTE) === -1) text += `Route: ${edits.appendRoute}\r\n`
  if (message.maxForwardsOrAbsent === -1) text += `Max-Forwards: ${edits.maxForwards}\r\n`
  return text + fields(edits.add)
}

function fields(add: readonly HeaderField[]): string {
  let text = ''
  for (const [name, value] of add) text += `${name}: ${value}\r\n`
  return text
}

/** A datagram may come without Content-Length; the next hop may be a stream, which needs it as the boundary. */
function contentLength(message: Message): string {
  return message.contentLength === -1 ? `Content-Length: ${message.text.length - message.bodyStart}\r\n` : ''
}

function lastLine(message: Message, number: number): number {
  for (let line = message.lineCount - 1; line >= 0; line--) if (message.numberOf(line) === number) return line
  return -1
}

/** What the last `dropValues` left of its line. */
const kept = { rest: '' }

/** Drops up to `count` values of a comma-separated line; gives how many, and the others in `kept`. */
function dropValues(message: Message, line: number, count: number): number {
  const { text } = message
  const end = message.lineEnd(line)
  let start = message.valueStart(line)
  for (let dropped = 1; dropped <= count; dropped++) {
    const comma = nextComma(text, start, end)
    if (comma === -1) {
      kept.rest = ''
      return dropped
    }
    start = comma + 1
  }
  kept.rest = trim(text, start, end)
  return count
}

function isRemoved(message: Message, line: number, names: readonly string[]): boolean {
  for (const name of names) if (message.isLine(line, fieldName(name))) return true
  return false
}
