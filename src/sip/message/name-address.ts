/** From, To, Contact, Route and their like: `"Alice" <sip:alice@lab.test>;tag=8f1c` (RFC 3261 §20.10, §25.1 `name-addr`, `addr-spec`). */
import { MessageError, type MessageErrorCode } from './message-error.ts'
import { found, foundIs, nextParameter, readParameters } from './parameters.ts'
import { CR, HT, Scanner, SP, TOKEN, unfold, unquote } from './scanner.ts'
import type { NameAddress } from './types.ts'
import { checkUri, parseUri } from './uri.ts'

const QUOTE = 34, COMMA = 44, COLON = 58, SEMICOLON = 59, LESS = 60, GREATER = 62, QUESTION = 63

/** Where the parts of the address just read stand; displayStart -1: no display name; tagStart -1: no tag. */
const parts = { displayStart: -1, displayEnd: -1, uriStart: 0, uriEnd: 0 }
export const tagOf = { start: -1, end: -1 }

/**
 * Checks a whole From or To value and leaves the offsets of its tag in `tagOf` (-1: none).
 *
 * @throws MessageError with the scanner's code
 */
export function checkTagged(scan: Scanner): void {
  readAddress(scan)
  const { end } = scan
  const behind = scan.position
  scan.position = parts.uriStart
  scan.end = parts.uriEnd
  checkUri(scan)
  scan.position = behind
  scan.end = end
  tagOf.start = -1
  while (nextParameter(scan)) {
    if (!foundIs(scan, 'tag')) continue
    if (tagOf.start !== -1 || found.valueStart === -1) scan.fail('one tag with a value')
    tagOf.start = found.valueStart
    tagOf.end = found.valueEnd
  }
  if (!scan.atEnd()) scan.fail('the end of the address')
}

/** Reads up to the end of the URI and its bracket; offsets go to `parts`. */
function readAddress(scan: Scanner): void {
  const start = scan.spaces().position
  parts.displayStart = -1
  if (scan.peek() === QUOTE) {
    parts.displayStart = start
    parts.displayEnd = scan.quotedString().position
    scan.spaces()
    if (scan.peek() !== LESS) scan.fail('"<" behind the display name')
  } else {
    while (scan.run(TOKEN) > 0) {
      parts.displayEnd = scan.position
      scan.spaces()
    }
    if (scan.peek() !== LESS) return readBareUri(scan, start)
    if (scan.position > start) parts.displayStart = start
  }
  readBracketed(scan)
}

function readBracketed(scan: Scanner): void {
  scan.position++
  parts.uriStart = scan.position
  for (;;) {
    const code = scan.peek()
    if (code === GREATER) break
    if (code === -1 || code === SP || code === HT || code === CR || code === LESS || code === QUOTE) scan.fail('">" behind the URI')
    scan.position++
  }
  parts.uriEnd = scan.position++
}

/** Without brackets the parameters belong to the header field, and a `?` may not stand in the URI (RFC 3261 §20.10). */
function readBareUri(scan: Scanner, start: number): void {
  if (scan.peek() !== COLON) scan.fail('a URI or "<"')
  scan.position = parts.uriStart = start
  for (;;) {
    const code = scan.peek()
    if (code === -1 || code === SEMICOLON || code === COMMA || code === SP || code === HT || code === CR) break
    if (code === QUESTION || code === QUOTE || code === LESS || code === GREATER) scan.fail('"<" around a URI with this character')
    scan.position++
  }
  parts.uriEnd = scan.position
}

/**
 * Reads one whole value.
 *
 * @param code fault to report, `address-syntax` unless the header field has its own
 * @throws MessageError
 */
export function parseNameAddress(value: string, code: MessageErrorCode = 'address-syntax'): NameAddress {
  const scan = new Scanner(value, code)
  const address = readNameAddress(scan)
  if (!scan.atEnd()) scan.fail('the end of the address')
  return address
}

/** Reads the values of one header field line, split at commas, into `into`. */
export function readAddressList(value: string, into: NameAddress[]): void {
  const scan = new Scanner(value, 'address-syntax')
  do into.push(readNameAddress(scan))
  while (scan.spaces().take(COMMA))
  if (!scan.atEnd()) scan.fail('"," or the end of the addresses')
}

function readNameAddress(scan: Scanner): NameAddress {
  const start = scan.spaces().position
  readAddress(scan)
  const { displayStart, displayEnd, uriStart, uriEnd } = parts
  const displayName = displayStart === -1 ? undefined : unquote(unfold(scan.text, displayStart, displayEnd))
  const uri = uriAt(scan.text.slice(uriStart, uriEnd), uriStart, scan.code)
  const parameters = readParameters(scan)
  return { displayName, uri, parameters, text: unfold(scan.text, start, scan.position) }
}

function uriAt(text: string, offset: number, code: MessageErrorCode): NameAddress['uri'] {
  try {
    return parseUri(text)
  } catch (error) {
    if (!(error instanceof MessageError)) throw error
    throw new MessageError(error.status, code, error.message, offset + error.offset)
  }
}
