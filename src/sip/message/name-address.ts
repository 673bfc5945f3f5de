/** From, To, Contact, Route and their like: `"Alice" <sip:alice@lab.test>;tag=8f1c` (RFC 3261 §20.10, §25.1 `name-addr`, `addr-spec`). */
import type { MessageErrorCode } from './message-error.ts'
import { found, foundIs, nextParameter, readParameters } from './parameters.ts'
import { page, scanner, unfold, unquote } from './scanner.ts'
import type { NameAddress } from './types.ts'
import { checkUri, makeUri } from './uri.ts'

const octets = page
const scan = scanner

const HT = 9, CR = 13, SP = 32, QUOTE = 34, COMMA = 44, COLON = 58, SEMICOLON = 59, LESS = 60, GREATER = 62, QUESTION = 63

/** Where the display name of the address just read stands; start -1: none. */
const display = { start: -1, end: -1 }

/** Where the tag of the value just checked stands; start -1: none. */
export const tag = { start: -1, end: -1 }

/**
 * Checks a whole From or To value and leaves the offsets of its tag in `tag`.
 *
 * @throws MessageError with the scanner's code
 */
export function checkTagged(): void {
  readAddress()
  tag.start = -1
  while (nextParameter()) {
    if (!foundIs('tag')) continue
    if (tag.start !== -1 || found.valueStart === -1) scan.fail('one tag with a value')
    tag.start = found.valueStart
    tag.end = found.valueEnd
  }
  scan.finish('the end of the address')
}

/** Moves behind the URI and its bracket; `makeUri` can make the URI afterwards. */
function readAddress(): void {
  const start = scan.spaces().position
  display.start = -1
  if (scan.peek() === QUOTE) {
    display.start = start
    display.end = scan.quotedString().position
    scan.spaces()
    if (scan.peek() !== LESS) scan.fail('"<" behind the display name')
  } else {
    while (scan.tokenRun() > 0) {
      display.end = scan.position
      scan.spaces()
    }
    if (scan.peek() !== LESS) return readBareUri(start)
    if (scan.position > start) display.start = start
  }
  scan.position++
  checkUri()
  if (!scan.take(GREATER)) scan.fail('">" behind the URI')
}

/** Without brackets the parameters belong to the header field, and a `?` may not stand in the URI (RFC 3261 §20.10). */
function readBareUri(start: number): void {
  if (scan.peek() !== COLON) scan.fail('a URI or "<"')
  const { end } = scan
  scan.end = bareEnd(end)
  scan.position = start
  checkUri()
  scan.finish('the end of the URI')
  scan.end = end
}

function bareEnd(end: number): number {
  for (let at = scan.position; at < end; at++) {
    const code = (octets[at] as number)
    if (code === SEMICOLON || code === COMMA || code === SP || code === HT || code === CR) return at
    if (code !== QUESTION && code !== QUOTE && code !== LESS && code !== GREATER) continue
    scan.position = at
    scan.fail('"<" around a URI with this character')
  }
  return end
}

/**
 * Reads one whole value.
 *
 * @param code fault to report, `address-syntax` unless the header field has its own
 * @throws MessageError
 */
export function parseNameAddress(value: string, code: MessageErrorCode = 'address-syntax'): NameAddress {
  scan.open(value, code)
  const address = readNameAddress()
  scan.finish('the end of the address')
  return address
}

/** Reads the values of one header field line, split at commas, into `into`. */
export function readAddressList(value: string, into: NameAddress[]): void {
  scan.open(value, 'address-syntax')
  do into.push(readNameAddress())
  while (scan.spaces().take(COMMA))
  scan.finish('"," or the end of the addresses')
}

function readNameAddress(): NameAddress {
  const start = scan.spaces().position
  readAddress()
  const uri = makeUri()
  const displayName = display.start === -1 ? undefined : unquote(unfold(scan.text, display.start, display.end))
  const parameters = readParameters()
  return { displayName, uri, parameters, text: unfold(scan.text, start, scan.position) }
}
