/**
 * One forward reader in the words of RFC 3261 §25.1. It makes no strings: it moves, checks and remembers offsets.
 *
 * The text that is being read exists twice: as `scan.text`, from which strings are cut, and octet for octet on one
 * fixed page, which the reader looks at. Octets of an array that never changes place are read twice as fast as
 * characters of a string (bench/parse.ts). Reading never waits and readers do not call each other with other text, so
 * one page serves all.
 */
import { isIPv6 } from 'node:net'
import { isNumeric, numericHost, unusualHost, withoutTripleColon } from '../host-name.ts'
import { MessageError, type MessageErrorCode } from '../message-error.ts'

const HT = 9,
  LF = 10,
  CR = 13,
  SP = 32,
  QUOTE = 34,
  PERCENT = 37,
  DOT = 46,
  SLASH = 47,
  COLON = 58,
  OPEN = 91,
  BACKSLASH = 92,
  CLOSE = 93

/** Longest head or value that can be read, whatever the limits say. */
export const pageBytes = 256 * 1024
/** Words may be read a little behind the end. */
const octets = new Uint8Array(pageBytes + 64)
const writable = Buffer.from(octets.buffer)

/**
 * The page itself, for the inner loops of this folder. They give it a name of their own (`const octets = page`): a
 * constant of its own module is folded by the compiler, an imported one is looked up each time (bench/parse.ts, a third
 * of the parse).
 */
export const page: Readonly<Uint8Array> = octets

/**
 * Four octets of the page at a time: `words.getInt32(at, true) === wordOf('tag=')` compares them at the cost of one.
 */
export const words = new DataView(octets.buffer)

export function wordOf(four: string): number {
  return Buffer.from(four, 'latin1').readInt32LE(0)
}

/** Bits of `octetClasses`: which productions of the grammar an octet may be part of. */
export const TOKEN = 1,
  HOST = 2,
  USER = 8,
  VISIBLE = 256
const DIGIT = 4,
  URI_PARAM = 16,
  HEX = 32,
  VALUE = 64,
  URI_HEADER = 128,
  SCHEME = 512,
  OPAQUE = 1024,
  BARE_USER = 2048,
  BARE_OPAQUE = 4096,
  BEFORE_QUESTION = 8192

const classes = makeClasses()

/** The classes of each octet, for the inner loops, which give them a name of their own. */
export const octetClasses: Readonly<Uint16Array> = classes

function makeClasses(): Uint16Array {
  const made = new Uint16Array(256)
  const add = (characters: string, bits: number): void => {
    for (const character of characters) made[character.charCodeAt(0)] = (made[character.charCodeAt(0)] ?? 0) | bits
  }
  const digits = '0123456789'
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
  const unreserved = digits + letters + "-_.!~*'()"
  add(digits, DIGIT | HEX)
  add('abcdefABCDEF', HEX)
  add(digits + letters + "-.!%*_+`'~", TOKEN | VALUE)
  add('[]:/@=&$?', VALUE)
  add(digits + letters + '-._', HOST)
  add(digits + letters + '+-.', SCHEME)
  add(unreserved + '&=+$,;?/:', USER)
  add(unreserved + '&=+$/:', BARE_USER)
  add(unreserved + '[]/:&+$', URI_PARAM)
  add(unreserved + '[]/?:+$&=', URI_HEADER)
  const visible = String.fromCharCode(...Array.from({ length: 94 }, (_, index) => index + 33))
  add(visible, VISIBLE)
  add(visible.replace(/[<>"]/g, ''), OPAQUE)
  add(visible.replace(/[<>"?]/g, ''), BEFORE_QUESTION)
  add(visible.replace(/[<>";,?]/g, ''), BARE_OPAQUE)
  return made
}

function classAt(at: number): number {
  return classes[octets[at] as number] as number
}

// Positions in, positions out: the steps the inner loops are made of. None needs the end of the text: a NUL follows
// every text, a CR every header field, and neither is in any class.

/** Behind the token at `at`; `at` itself when there is none. The others alike. */
export function tokenEnd(at: number): number {
  while (((classes[octets[at] as number] as number) & TOKEN) !== 0) at++
  return at
}

function hostEnd(at: number): number {
  while (((classes[octets[at] as number] as number) & HOST) !== 0) at++
  return at
}

/** Behind the value of a header parameter: a token, a host, and what is sent there in practice (base64, URIs). */
export function valueEnd(at: number): number {
  while (((classes[octets[at] as number] as number) & VALUE) !== 0) at++
  return at
}

/** Behind the characters that a URI of any scheme may have before its first `?`. */
export function beforeQuestionEnd(at: number): number {
  while (((classes[octets[at] as number] as number) & BEFORE_QUESTION) !== 0) at++
  return at
}

/** The same, `?` included. */
export function opaqueEnd(at: number): number {
  while (((classes[octets[at] as number] as number) & OPAQUE) !== 0) at++
  return at
}

/** Whether `SIP/2.0` is at `at`. */
export function versionAt(at: number): boolean {
  return (
    octets[at] === 83 &&
    octets[at + 1] === 73 &&
    octets[at + 2] === 80 &&
    octets[at + 3] === 47 &&
    octets[at + 4] === 50 &&
    octets[at + 5] === 46 &&
    octets[at + 6] === 48
  )
}

/** Whether the `length` octets at `a` and at `b` are the same. */
export function sameOctets(a: number, b: number, length: number): boolean {
  for (let step = 0; step < length; step++) if (octets[a + step] !== octets[b + step]) return false
  return true
}

/** Behind linear white space, folded lines included (RFC 3261 §25.1 `SWS`). */
export function blanksEnd(at: number): number {
  for (;;) {
    const code = octets[at] as number
    if (code > SP) return at
    if (code === SP || code === HT) at++
    else if (code === CR && octets[at + 1] === LF && (octets[at + 2] === SP || octets[at + 2] === HT)) at += 3
    else return at
  }
}

class Scanner {
  text = ''
  position = 0
  end = 0
  code: MessageErrorCode = 'uri-syntax'

  /** Starts on a text of its own; a fault is a MessageError 400 of that `code`. */
  open(text: string, code: MessageErrorCode): this {
    if (text.length > pageBytes)
      throw new MessageError(400, code, `a text of ${text.length} octets, at most ${pageBytes} are read`, 0)
    writable.write(text, 'latin1')
    octets[text.length] = 0
    this.text = text
    return this.within(0, text.length, code)
  }

  /**
   * Starts on a message, of which only the first `length` octets will be looked at; a NUL follows them, so that
   * octets of an earlier text are never taken for this one's.
   */
  openHead(text: string, bytes: Buffer | undefined, length: number): void {
    if (bytes === undefined) writable.write(text.length > length ? text.slice(0, length) : text, 'latin1')
    else octets.set(bytes.length === length ? bytes : bytes.subarray(0, length))
    octets[length] = 0
    this.text = text
  }

  /** Reads on in the same text, from `start` up to `end`. */
  within(start: number, end: number, code: MessageErrorCode): this {
    this.position = start
    this.end = end
    this.code = code
    return this
  }

  fail(wanted: string): never {
    const found =
      this.position < this.end
        ? JSON.stringify(this.text.slice(this.position, Math.min(this.end, this.position + 16)))
        : 'the end'
    throw new MessageError(
      400,
      this.code,
      `${this.code}: wanted ${wanted}, found ${found} at ${this.position}`,
      this.position,
    )
  }

  /** The octet at the position, -1 at the end. */
  peek(): number {
    return this.position < this.end ? (octets[this.position] as number) : -1
  }

  atEnd(): boolean {
    return this.position >= this.end
  }

  /** Nothing may be left. */
  finish(wanted: string): void {
    if (this.position < this.end) this.fail(wanted)
  }

  /** Moves over one octet if it is `code`; tells whether it was. */
  take(code: number): boolean {
    if (this.position >= this.end || (octets[this.position] as number) !== code) return false
    this.position++
    return true
  }

  expect(code: number): this {
    if (!this.take(code)) this.fail(JSON.stringify(String.fromCharCode(code)))
    return this
  }

  /** Linear white space, folded lines included (RFC 3261 §25.1 `SWS`). */
  spaces(): this {
    this.position = blanksEnd(this.position)
    return this
  }

  private foldAt(at: number): boolean {
    return octets[at + 1] === LF && (octets[at + 2] === SP || octets[at + 2] === HT)
  }

  private run(bits: number): number {
    const start = this.position
    let at = start
    while (((classes[octets[at] as number] as number) & bits) !== 0) at++
    this.position = at
    return at - start
  }

  token(): this {
    const start = this.position
    this.position = tokenEnd(start)
    if (this.position === start) this.fail('a token')
    return this
  }

  /** The runs below move over what they find and return how many octets that was. */
  tokenRun(): number {
    return this.run(TOKEN)
  }

  visibleRun(): number {
    return this.run(VISIBLE)
  }

  schemeRun(): number {
    return this.run(SCHEME)
  }

  /** The rest of a URI of a scheme we do not route by: no blanks, brackets or quotes. */
  opaqueRun(bare: boolean): number {
    return this.run(bare ? BARE_OPAQUE : OPAQUE)
  }

  /** @param bare without `;`, `,` and `?`, which a URI without brackets around it may not contain */
  userRun(bare: boolean): number {
    return this.escapedRun(bare ? BARE_USER : USER)
  }

  uriParameterRun(): number {
    return this.escapedRun(URI_PARAM)
  }

  uriHeaderRun(): number {
    return this.escapedRun(URI_HEADER)
  }

  /** `"…"`, quoted pairs included; the position is behind the closing quote afterwards. */
  quotedString(): this {
    this.expect(QUOTE)
    for (let at = this.position; at < this.end; at++) {
      const code = octets[at]
      if (code === BACKSLASH) at++
      else if (code === QUOTE) {
        this.position = at + 1
        return this
      } else if (code === CR && !this.foldAt(at)) break
    }
    this.fail('a closing quote')
  }

  /** A host name, IPv4 address or IPv6 reference `[2001:db8::1]`. */
  host(): this {
    if (this.peek() === OPEN) return this.ipv6Reference()
    const start = this.position
    this.position = hostEnd(start)
    if (this.position === start) this.fail('a host')
    return this
  }

  /** An address in brackets (RFC 3986 §3.2.2); `:::` stands for `::` (RFC 5118 §4.10). */
  private ipv6Reference(): this {
    const start = this.position
    for (this.position++; this.peek() !== CLOSE; this.position++) {
      const code = this.peek()
      if (code !== COLON && code !== DOT && (classAt(this.position) & HEX) === 0) this.fail('an IPv6 address')
    }
    const address = this.since(start + 1)
    if (address.length > 45 || !isIPv6(withoutTripleColon(address))) {
      this.position = start
      this.fail('an IPv6 address in brackets')
    }
    this.position++
    return this
  }

  /** Decimal digits, with no more than `most` as their value. */
  number(most: number, wanted: string): number {
    const start = this.position
    let at = start
    let value = 0
    for (; ; at++) {
      const digit = (octets[at] as number) - 48
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      if (value > most) this.fail(wanted)
    }
    this.position = at
    if (at === start) this.fail(wanted)
    return value
  }

  /** `:5061` behind a host, 1 to 65535; undefined when there is none. */
  port(): number | undefined {
    if (octets[this.position] !== COLON) return undefined
    this.position++
    return this.portNumber()
  }

  private portNumber(): number {
    const port = this.number(65535, 'a port from 1 to 65535')
    if (port === 0) this.fail('a port from 1 to 65535')
    return port
  }

  /** The same behind the host of a Via, where white space may surround the colon (RFC 3261 §25.1 `COLON`). */
  sentByPort(): number | undefined {
    const colon = blanksEnd(this.position)
    if (octets[colon] !== COLON) return undefined
    this.position = blanksEnd(colon + 1)
    return this.portNumber()
  }

  /** A slash with white space on either side. */
  slash(): this {
    return this.spaces().expect(SLASH).spaces()
  }

  /** Octets of one class and escapes `%HH`. */
  private escapedRun(bits: number): number {
    const start = this.position
    let at = start
    for (; ; at++) {
      if (((classes[octets[at] as number] as number) & bits) !== 0) continue
      if (octets[at] !== PERCENT) break
      this.position = at
      if ((classAt(at + 1) & classAt(at + 2) & HEX) === 0) this.fail('an escape %HH')
      at += 2
    }
    this.position = at
    return at - start
  }

  /** The text from `start` to the position. */
  since(start: number): string {
    return this.text.slice(start, this.position)
  }
}

/** The one reader. The inner loops give it, too, a name of their own. */
export const scanner = new Scanner()

/**
 * The one spelling of a host, so that lists and comparisons need no other: lower case, without the dot of the root, an
 * address by its value. The last character and the last label say whether more than lower case is needed.
 */
export function hostName(text: string): string {
  const last = text.charCodeAt(text.length - 1)
  if (last === DOT || last === CLOSE) return unusualHost(text)
  return isNumeric(text) ? numericHost(text) : text.toLowerCase()
}

/** The same where an address may have no brackets: `maddr`, and what a configuration says. */
export function placeName(text: string): string {
  return hostName(text.includes(':') && text.charCodeAt(0) !== OPEN ? `[${text}]` : text)
}

/** The text from `start` to `end` without the blanks at both ends. */
export function trim(text: string, start: number, end: number): string {
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === SP || code === HT || code === CR || code === LF
}

/** The same with folded lines joined by one blank (RFC 3261 §7.3.1). */
export function unfold(text: string, start: number, end: number): string {
  const value = trim(text, start, end)
  return value.includes('\r\n') ? value.replace(/[ \t]*\r\n[ \t]+/g, ' ') : value
}

/** The text of a quoted string, without quotes and quoted pairs; other text as it is. */
export function unquote(text: string): string {
  if (text.charCodeAt(0) !== QUOTE) return text
  const inner = text.slice(1, -1)
  return inner.includes('\\') ? inner.replace(/\\([\s\S])/g, '$1') : inner
}
