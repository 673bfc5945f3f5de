/** Whole messages from a datagram or a text. Streams are cut by `framer.ts`; both read heads through `head.ts`. */
import { readHead } from './head.ts'
import type { Message } from './message.ts'
import { MessageError, type MessageErrorCode } from './message-error.ts'
import { partialOf } from './partial.ts'
import { defaultLimits, type MessageLimits, type SipMessage } from './types.ts'

const CR = 13

/**
 * Reads one datagram: one message, whose body runs to the end when Content-Length is absent; octets behind the body are
 * dropped (RFC 3261 §18.3). Empty lines in front are skipped (§7.5).
 *
 * @throws MessageError
 */
export function parseDatagram(bytes: Buffer, limits: MessageLimits = defaultLimits): SipMessage {
  const text = bytes.toString('latin1')
  return bytes[0] === CR ? parseText(text, limits) : read(text, bytes, limits)
}

/**
 * The same from text: a WebSocket message (RFC 7118 §5), a test.
 *
 * @param text latin1, one character an octet
 */
export function parseText(text: string, limits: MessageLimits = defaultLimits): SipMessage {
  return read(text.charCodeAt(0) === CR ? dropEmptyLines(text) : text, undefined, limits)
}

/** What was added here may have brought a message beyond the limits for what peers send. */
const ownLimits: MessageLimits = {
  startLineBytes: 2 * defaultLimits.startLineBytes,
  headBytes: 2 * defaultLimits.headBytes,
  headerFields: 2 * defaultLimits.headerFields,
  bodyBytes: 2 * defaultLimits.bodyBytes,
}

/**
 * A message as it went out here.
 *
 * @throws MessageError where a peer's part of it is broken: what a proxy passes on it has not checked beyond its own
 * needs
 */
export function parseOwn(text: string): SipMessage {
  return parseText(text, ownLimits)
}

function read(text: string, octets: Buffer | undefined, limits: MessageLimits): SipMessage {
  const message = readHead(text, octets, limits)
  const rest = text.length - message.bodyStart
  const length = message.contentLength === -1 ? rest : message.contentLength
  if (length > limits.bodyBytes)
    throw bodyFault(message, 513, 'body-too-long', `a body of ${length} octets, at most ${limits.bodyBytes} are read`)
  if (length > rest)
    throw bodyFault(message, 400, 'body-incomplete', `Content-Length is ${length}, ${rest} octets came`)
  if (length < rest) message.text = text.slice(0, message.bodyStart + length)
  return message as SipMessage
}

function dropEmptyLines(text: string): string {
  let start = 0
  while (text.startsWith('\r\n', start)) start += 2
  return text.slice(start)
}

function bodyFault(message: Message, status: number, code: MessageErrorCode, text: string): MessageError {
  return new MessageError(status, code, text, message.bodyStart).with(partialOf(message.text))
}
