/** One forward reader over a stretch of text, in the words of RFC 3261 §25.1. It makes no strings: it moves, checks and remembers offsets. */
import { MessageError, type MessageErrorCode } from './message-error.ts'

export const CR = 13, LF = 10, SP = 32, HT = 9
const QUOTE = 34, PERCENT = 37, SLASH = 47, COLON = 58, BACKSLASH = 92, OPEN = 91, CLOSE = 93

/** Bits of `charClass`: which productions of the grammar a character may stand in. */
export const TOKEN = 1, HOST = 2, DIGIT = 4, USER = 8, URI_PARAM = 16, HEX = 32, VALUE = 64, URI_HEADER = 128

/** One octet per latin1 character: the classes it belongs to. */
export const charClass = makeClasses()

function makeClasses(): Uint8Array {
  const classes = new Uint8Array(256)
  const add = (characters: string, bits: number): void => {
    for (const character of characters) {
      const at = character.charCodeAt(0)
      classes[at] = (classes[at] ?? 0) | bits
    }
  }
  const digits = '0123456789'
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
  const unreserved = digits + letters + "-_.!~*'()"
  add(digits, DIGIT | HEX)
  add('abcdefABCDEF', HEX)
  add(digits + letters + "-.!%*_+`'~", TOKEN | VALUE)
  add('[]:/@=&$?', VALUE)
  add(digits + letters + '-._', HOST)
  add(unreserved + '&=+$,;?/:%', USER)
  add(unreserved + '[]/:&+$%', URI_PARAM)
  add(unreserved + '[]/?:+$%&=', URI_HEADER)
  return classes
}

export class Scanner {
  text: string
  position: number
  end: number
  code: MessageErrorCode

  /** Reads `text` from `start` up to `end`; a fault is a MessageError 400 of that `code`. */
  constructor(text: string, code: MessageErrorCode, start = 0, end = text.length) {
    this.text = text
    this.position = start
    this.end = end
    this.code = code
  }

  /** Points the same reader at another stretch. */
  reset(text: string, code: MessageErrorCode, start: number, end: number): this {
    this.text = text
    this.position = start
    this.end = end
    this.code = code
    return this
  }

  fail(wanted: string): never {
    const found = this.position < this.end ? JSON.stringify(this.text.slice(this.position, Math.min(this.end, this.position + 16))) : 'the end'
    throw new MessageError(400, this.code, `${this.code}: wanted ${wanted}, found ${found} at ${this.position}`, this.position)
  }

  /** The character at the position, -1 at the end. */
  peek(): number {
    return this.position < this.end ? this.text.charCodeAt(this.position) : -1
  }

  atEnd(): boolean {
    return this.position >= this.end
  }

  /** Nothing may be left. */
  finish(wanted: string): void {
    if (this.position < this.end) this.fail(wanted)
  }

  /** Moves over anything from `!` to `~`; returns how many. */
  visible(): number {
    const start = this.position
    let at = start
    while (at < this.end) {
      const code = this.text.charCodeAt(at)
      if (code <= SP || code >= 127) break
      at++
    }
    this.position = at
    return at - start
  }

  /** Moves over one character if it is `code`; tells whether it was. */
  take(code: number): boolean {
    if (this.peek() !== code) return false
    this.position++
    return true
  }

  expect(code: number): this {
    if (!this.take(code)) this.fail(JSON.stringify(String.fromCharCode(code)))
    return this
  }

  /** Linear white space, folded lines included (RFC 3261 §25.1 `SWS`). */
  spaces(): this {
    for (;;) {
      const code = this.peek()
      if (code === SP || code === HT) this.position++
      else if (code === CR && this.foldAhead()) this.position += 3
      else return this
    }
  }

  private foldAhead(): boolean {
    if (this.position + 2 >= this.end || this.text.charCodeAt(this.position + 1) !== LF) return false
    const code = this.text.charCodeAt(this.position + 2)
    return code === SP || code === HT
  }

  /** Moves over characters of one class; returns how many. */
  run(bits: number): number {
    const start = this.position
    let at = start
    while (at < this.end && ((charClass[this.text.charCodeAt(at)] ?? 0) & bits) !== 0) at++
    this.position = at
    return at - start
  }

  token(): this {
    if (this.run(TOKEN) === 0) this.fail('a token')
    return this
  }

  /** `"…"`, quoted pairs included; the position is behind the closing quote afterwards. */
  quotedString(): this {
    this.expect(QUOTE)
    for (;;) {
      const code = this.peek()
      if (code === -1) this.fail('a closing quote')
      if (code === CR && !this.foldAhead()) this.fail('a closing quote')
      this.position += code === BACKSLASH ? 2 : 1
      if (code === QUOTE) return this
    }
  }

  /** A host name, IPv4 address or IPv6 reference `[2001:db8::1]`. */
  host(): this {
    if (this.peek() === OPEN) return this.ipv6Reference()
    if (this.run(HOST) === 0) this.fail('a host')
    return this
  }

  private ipv6Reference(): this {
    const start = this.position
    this.position++
    let colons = 0
    for (;;) {
      const code = this.peek()
      if (code === COLON) colons++
      else if (code === CLOSE) break
      else if (code !== 46 && ((charClass[code] ?? 0) & HEX) === 0) this.fail('an IPv6 address')
      this.position++
    }
    if (colons < 2 || this.position - start > 46) this.fail('an IPv6 address')
    this.position++
    return this
  }

  /** Decimal digits, with no more than `most` as their value. */
  number(most: number, wanted: string): number {
    const start = this.position
    let value = 0
    let code = this.peek()
    while (code >= 48 && code <= 57) {
      value = value * 10 + code - 48
      if (value > most) this.fail(wanted)
      this.position++
      code = this.peek()
    }
    if (this.position === start) this.fail(wanted)
    return value
  }

  /** `:5061` behind a host, 1 to 65535; undefined when there is none. */
  port(): number | undefined {
    if (!this.take(COLON)) return undefined
    const port = this.number(65535, 'a port from 1 to 65535')
    if (port === 0) this.fail('a port from 1 to 65535')
    return port
  }

  /** `SIP/2.0/` style separators: a slash with white space on either side. */
  slash(): this {
    return this.spaces().expect(SLASH).spaces()
  }

  /** Characters of one class where `%` must start an escape; returns how many. */
  escapedRun(bits: number): number {
    const start = this.position
    for (;;) {
      this.skipPlain(bits)
      if (this.peek() !== PERCENT) return this.position - start
      if (!this.hexAt(this.position + 1) || !this.hexAt(this.position + 2)) this.fail('an escape %HH')
      this.position += 3
    }
  }

  private skipPlain(bits: number): void {
    let at = this.position
    while (at < this.end) {
      const code = this.text.charCodeAt(at)
      if (code === PERCENT || ((charClass[code] ?? 0) & bits) === 0) break
      at++
    }
    this.position = at
  }

  private hexAt(at: number): boolean {
    return at < this.end && ((charClass[this.text.charCodeAt(at)] ?? 0) & HEX) !== 0
  }
}

/** Folded lines joined by one blank, blanks at both ends dropped (RFC 3261 §7.3.1). */
export function unfold(text: string, start: number, end: number): string {
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  const value = text.slice(start, end)
  return value.includes('\r\n') ? value.replace(/[ \t]*\r\n[ \t]+/g, ' ') : value
}

function isBlank(code: number): boolean {
  return code === SP || code === HT || code === CR || code === LF
}

/** The text of a quoted string, quotes and quoted pairs taken off; other text as it is. */
export function unquote(text: string): string {
  if (text.charCodeAt(0) !== QUOTE) return text
  const inner = text.slice(1, -1)
  return inner.includes('\\') ? inner.replace(/\\([\s\S])/g, '$1') : inner
}
