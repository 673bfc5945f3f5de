/**
 * A forwarded message is the old text with a few edits, spliced in order of position (RFC 3261 §16.6, §16.7);
 * every octet no edit names goes out as it came in.
 */
import { fieldName, MAX_FORWARDS, ROUTE, VIA } from './header-names.ts'
import { internals, type Message, nextComma } from './message.ts'
import { stampVia } from './stamp.ts'
import type { HeaderField, RequestEdits, ResponseEdits, SipRequest, SipResponse } from './types.ts'

/** The request as the next hop shall see it. */
export function writeRequest(request: SipRequest, edits: RequestEdits): string {
  const message = internals(request)
  const head = insertionPoint(message)
  let out = `${request.method} ${edits.requestUri ?? request.requestUri} SIP/2.0\r\n`
  let inserted = `Via: ${edits.via}\r\n`
  const below = fieldsBelowVia(message, edits)
  if (head === 0) inserted += below
  out += inserted
  let copied = message.lineStart(0)
  let toDrop = edits.dropRoutes
  let viaSeen = false
  const lastRoute = edits.appendRoute === undefined ? -1 : lastLine(message, ROUTE)
  for (let line = 0; line < message.lineCount; line++) {
    const start = message.lineStart(line)
    const next = message.lineEnd(line) + 2
    if (head !== 0 && line === head) {
      out += message.text.slice(copied, start) + below
      copied = start
    }
    const replacement = replaceLine(line)
    if (replacement !== undefined) {
      out += message.text.slice(copied, start) + replacement
      copied = next
    }
    if (line === lastRoute) {
      out += message.text.slice(copied, next) + `Route: ${edits.appendRoute}\r\n`
      copied = next
    }
  }
  const bodyStart = message.bodyStart - 2
  out += message.text.slice(copied, bodyStart)
  if (head === message.lineCount && head !== 0) out += below
  return out + contentLength(message) + message.text.slice(bodyStart)

  /** undefined: the line stays. */
  function replaceLine(line: number): string | undefined {
    const number = message.numberOf(line)
    if (number === MAX_FORWARDS) return `Max-Forwards: ${edits.maxForwards}\r\n`
    if (number === VIA && !viaSeen) {
      viaSeen = true
      if (message.stampReceived !== undefined) return `Via: ${stampVia(message, message.viaStart, message.viaEnd)}\r\n`
    }
    if (number === ROUTE && toDrop > 0) {
      const { rest, dropped } = dropValues(message, line, toDrop)
      toDrop -= dropped
      return rest === undefined ? '' : `Route: ${rest}\r\n`
    }
    return isRemoved(message, line, edits.remove) ? '' : undefined
  }
}

/** The response as the next hop back shall see it. */
export function writeResponse(response: SipResponse, edits: ResponseEdits): string {
  const message = internals(response)
  let out = ''
  let copied = 0
  let toDrop = edits.dropTopVia ? 1 : 0
  for (let line = 0; line < message.lineCount; line++) {
    let replacement: string | undefined
    if (toDrop > 0 && message.numberOf(line) === VIA) {
      const { rest, dropped } = dropValues(message, line, toDrop)
      toDrop -= dropped
      replacement = rest === undefined ? '' : `Via: ${rest}\r\n`
    } else if (isRemoved(message, line, edits.remove)) replacement = ''
    if (replacement === undefined) continue
    out += message.text.slice(copied, message.lineStart(line)) + replacement
    copied = message.lineEnd(line) + 2
  }
  const bodyStart = message.bodyStart - 2
  return out + message.text.slice(copied, bodyStart) + fields(edits.add) + contentLength(message) + message.text.slice(bodyStart)
}

/** Behind the Via block when that stands on top, as it should; else right below the start line (0). */
function insertionPoint(message: Message): number {
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

/** A datagram may come without Content-Length; on the next hop the boundary must be told. */
function contentLength(message: Message): string {
  return message.contentLength === -1 ? `Content-Length: ${message.text.length - message.bodyStart}\r\n` : ''
}

function lastLine(message: Message, number: number): number {
  for (let line = message.lineCount - 1; line >= 0; line--) if (message.numberOf(line) === number) return line
  return -1
}

/** Drops up to `count` values of a comma-separated line; `rest` undefined: none is left. */
function dropValues(message: Message, line: number, count: number): { readonly rest: string | undefined; readonly dropped: number } {
  const end = message.lineEnd(line)
  let start = message.valueStart(line)
  for (let dropped = 0; dropped < count; dropped++) {
    const comma = nextComma(message.text, start, end)
    if (comma === -1) return { rest: undefined, dropped: dropped + 1 }
    start = comma + 1
  }
  return { rest: message.text.slice(start, end).trimStart(), dropped: count }
}

function isRemoved(message: Message, line: number, names: readonly string[]): boolean {
  for (const name of names) if (message.isLine(line, fieldName(name))) return true
  return false
}
