/**
 * From, To, Contact, Route and their like: `"Alice" <sip:alice@lab.test>;tag=8f1c` (RFC 3261 §20.10, §25.1 `name-addr`,
 * `addr-spec`).
 */
import type { MessageErrorCode } from './message-error.ts'
import { found, foundIs, nextParameter, readParameters } from './parameters.ts'
import { blanksEnd, page, scanner, tokenEnd, unfold, unquote } from './fast/scanner.ts'
import type { NameAddress } from './types.ts'
import { checkUri, makeUri } from './uri.ts'

const octets = page
const scan = scanner

const QUOTE = 34,
  COMMA = 44,
  COLON = 58,
  LESS = 60,
  GREATER = 62

/** Offsets of the display name of the address just read; start -1: none. */
const display = { start: -1, end: -1 }

/** Offsets of the tag of the value just checked; start -1: none. */
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
  const start = blanksEnd(scan.position)
  let at = start
  display.start = -1
  if (octets[at] === QUOTE) {
    scan.position = at
    display.start = start
    display.end = scan.quotedString().position
    at = blanksEnd(display.end)
  } else {
    for (let end = tokenEnd(at); end !== at; end = tokenEnd(at)) {
      display.start = start
      display.end = end
      at = blanksEnd(end)
    }
    if (octets[at] === COLON) return readBareUri(start)
  }
  scan.position = at
  if (octets[at] !== LESS) scan.fail('a URI or "<"')
  scan.position = at + 1
  checkUri()
  if (octets[scan.position] !== GREATER) scan.fail('">" behind the URI')
  scan.position++
}

/** Without brackets the parameters belong to the header field, and the URI may not have a `?` (RFC 3261 §20.10). */
function readBareUri(start: number): void {
  display.start = -1
  scan.position = start
  checkUri(true)
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
