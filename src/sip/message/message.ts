/** A parsed message: the text as it came, an index of its header fields, and values read on first use. */
import { readAddressList, parseNameAddress } from './name-address.ts'
import { MessageError } from './message-error.ts'
import { CONTACT, type FieldName, fieldName, ODD, VIA } from './header-names.ts'
import { trim, unfold } from './fast/scanner.ts'
import { isSource, stampedVia } from './stamp.ts'
import type { NameAddress, SipMessage, SipUri, Via } from './types.ts'
import { parseUri } from './uri.ts'
import { readTopVia, readViaList } from './via.ts'

/** Of UDP (RFC 3261 §18.2.2). */
export const defaultPort = 5060

const noLines: readonly number[] = []
const noAddresses: readonly NameAddress[] = []
const noValues: readonly string[] = []

/**
 * Both kinds are one class, so that all code that handles messages sees one object shape (bench/parse.ts).
 * Offsets are into `text`; only the readers of this folder set them, and nothing changes them afterwards.
 */
export class Message {
  kind: 'request' | 'response'
  text: string
  bodyStart = 0
  /** One entry a header field line: offset of its first character × 256 + number of the name; last: the empty line. */
  lines: readonly number[] = noLines
  /**
   * The index numbers of its fields as bits, modulo 32: a missing field is mostly known without a walk
   * (bench/forward.ts).
   */
  present = 0
  method = ''
  requestUri = ''
  status = 0
  reason = ''
  cseq = 0
  /** -1: absent. */
  contentLength = -1
  maxForwardsOrAbsent = -1
  viaStart = 0
  viaEnd = 0
  /** Behind the first value of that line. */
  topViaEnd = 0
  viaHostStart = 0
  viaHostEnd = 0
  /** 0: the sent-by has none. */
  viaPort = 0
  viaRport = -1
  viaClaimed = false
  /** The top Via has an `alias` (RFC 5923). */
  asksForAlias = false
  branchStart = -1
  branchEnd = -1
  /** First line of Route in the index; -1: none. */
  routeLine = -1
  callIdStart = 0
  callIdEnd = 0
  fromStart = 0
  fromEnd = 0
  fromUriStart = 0
  fromUriEnd = 0
  fromTagStart = -1
  fromTagEnd = -1
  toStart = 0
  toEnd = 0
  toUriStart = 0
  toUriEnd = 0
  toTagStart = -1
  toTagEnd = -1
  stampReceived: string | undefined = undefined
  stampPort = 0
  private readUri: SipUri | undefined = undefined
  private readFrom: NameAddress | undefined = undefined
  private readTo: NameAddress | undefined = undefined
  private readTop: Via | undefined = undefined
  private readVias: readonly Via[] | undefined = undefined
  private readRoutes: readonly NameAddress[] | undefined = undefined
  private readLists: Map<string, readonly NameAddress[]> | undefined = undefined

  constructor(kind: 'request' | 'response', text: string) {
    this.kind = kind
    this.text = text
  }

  get maxForwards(): number | undefined {
    return this.maxForwardsOrAbsent === -1 ? undefined : this.maxForwardsOrAbsent
  }

  get topRoute(): string | undefined {
    return this.routeLine === -1 ? undefined : this.valueOf(this.routeLine)
  }

  get callId(): string {
    return this.text.slice(this.callIdStart, this.callIdEnd)
  }

  /** The branch of the top Via, without building the Via; undefined: absent. */
  get branch(): string | undefined {
    return this.branchStart === -1 ? undefined : this.text.slice(this.branchStart, this.branchEnd)
  }

  get sentBy(): string {
    const host = this.text.slice(this.viaHostStart, this.viaHostEnd).toLowerCase()
    return this.viaPort === 0 ? host : host + ':' + this.viaPort
  }

  get fromTag(): string | undefined {
    return this.fromTagStart === -1 ? undefined : this.text.slice(this.fromTagStart, this.fromTagEnd)
  }

  get toTag(): string | undefined {
    return this.toTagStart === -1 ? undefined : this.text.slice(this.toTagStart, this.toTagEnd)
  }

  get uri(): SipUri {
    return (this.readUri ??= uriOf(this.requestUri, 'Request-URI'))
  }

  get from(): NameAddress {
    return (this.readFrom ??= parseNameAddress(this.text.slice(this.fromStart, this.fromEnd), 'from-syntax'))
  }

  get fromUri(): SipUri {
    return this.readFrom?.uri ?? uriOf(this.text.slice(this.fromUriStart, this.fromUriEnd), 'From')
  }

  get toUri(): SipUri {
    return this.readTo?.uri ?? uriOf(this.text.slice(this.toUriStart, this.toUriEnd), 'To')
  }

  get to(): NameAddress {
    return (this.readTo ??= parseNameAddress(this.text.slice(this.toStart, this.toEnd), 'to-syntax'))
  }

  /** Was checked with the head; those below it are another's matter, and may be broken. */
  get topVia(): Via {
    return (this.readTop ??= readTopVia(stampedVia(this)))
  }

  get topViaKey(): string {
    return unfold(this.text, this.viaStart, this.topViaEnd) + '|' + (this.stampReceived ?? '')
  }

  get body(): string {
    return this.text.slice(this.bodyStart)
  }

  vias(): readonly Via[] {
    return (this.readVias ??= this.makeVias())
  }

  /** Whether there is one Via value only: who sent this made it. Without building the Vias. */
  get hasOneVia(): boolean {
    for (let line = 0, lines = 0; line < this.lineCount; line++)
      if (this.numberOf(line) === VIA && ++lines > 1) return false
    return nextComma(this.text, this.topViaEnd, this.viaEnd) === -1
  }

  private makeVias(): readonly Via[] {
    const vias: Via[] = []
    for (let line = 0; line < this.lineCount; line++) {
      if (this.numberOf(line) !== VIA) continue
      readViaList(vias.length === 0 ? stampedVia(this) : this.valueOf(line), vias)
    }
    return vias
  }

  addresses(
    name:
      | 'Route'
      | 'Record-Route'
      | 'Contact'
      | 'Path'
      | 'Service-Route'
      | 'P-Asserted-Identity'
      | 'P-Preferred-Identity',
  ): readonly NameAddress[] {
    // Asked of every request, and mostly not there (bench/proxy.ts, UDP calls).
    if (name === 'Route') return (this.readRoutes ??= this.routeLine === -1 ? noAddresses : this.readAddresses(name))
    const found = this.readLists?.get(name)
    if (found !== undefined) return found
    const addresses = this.readAddresses(name)
    this.readLists ??= new Map()
    this.readLists.set(name, addresses)
    return addresses
  }

  private readAddresses(name: string): readonly NameAddress[] {
    const addresses: NameAddress[] = []
    try {
      for (const value of this.headers(name)) readAddressList(value, addresses)
    } catch (error) {
      throw ofField(error, name)
    }
    return addresses
  }

  header(name: string): string | undefined {
    const line = this.findLine(fieldName(name), 0)
    return line === -1 ? undefined : this.valueOf(line)
  }

  headers(name: string): readonly string[] {
    const field = fieldName(name)
    if ((this.present & field.bits) === 0) return noValues
    const values: string[] = []
    for (let line = this.findLine(field, 0); line !== -1; line = this.findLine(field, line + 1)) {
      values.push(this.valueOf(line))
    }
    return values
  }

  list(name: string): readonly string[] {
    const values = this.headers(name)
    if (values.length === 0) return noValues
    const items: string[] = []
    for (const value of values) splitList(value, items)
    return items
  }

  stampTopVia(received: string, rport: number): void {
    this.stampReceived = received
    this.stampPort = rport
    this.readTop = undefined
    this.readVias = undefined
  }

  get answerPort(): number {
    const { viaRport, stampReceived, stampPort } = this
    const port = this.viaPort === 0 ? defaultPort : this.viaPort
    // Mostly it asked, or the two are the same: nothing is cut out of the text.
    return viaRport !== -1 || port === stampPort || stampReceived === undefined || !isSource(this, stampReceived)
      ? stampPort
      : port
  }

  // The index, for the other files of this folder.

  get lineCount(): number {
    return this.lines.length - 1
  }

  lineStart(line: number): number {
    return this.entry(line) >> 8
  }

  /** Behind the last character of the value, before its CRLF. */
  lineEnd(line: number): number {
    return (this.entry(line + 1) >> 8) - 2
  }

  valueStart(line: number): number {
    return this.text.indexOf(':', this.lineStart(line)) + 1
  }

  /** The value of a line, unfolded and trimmed. */
  valueOf(line: number): string {
    const start = this.valueStart(line)
    const end = this.lineEnd(line)
    return this.isOdd(line) ? unfold(this.text, start, end) : trim(this.text, start, end)
  }

  numberOf(line: number): number {
    return this.entry(line) & 0x7f
  }

  /** Whether it is folded, or one of the numbered fields in an unusual spelling. */
  isOdd(line: number): boolean {
    return (this.entry(line) & ODD) !== 0
  }

  private entry(line: number): number {
    const entry = this.lines[line]
    if (entry === undefined) throw new RangeError(`no header field line ${line}`)
    return entry
  }

  /** The first line of that name from line `from` on; -1: none. */
  findLine(field: FieldName, from: number): number {
    if ((this.present & field.bits) === 0) return -1
    for (let line = from; line < this.lineCount; line++) if (this.isLine(line, field)) return line
    return -1
  }

  isLine(line: number, field: FieldName): boolean {
    const number = this.numberOf(line)
    if (number !== field.number && number !== field.compactNumber) return false
    return number <= CONTACT || this.isNamed(line, field)
  }

  private isNamed(line: number, field: FieldName): boolean {
    const start = this.lineStart(line)
    return this.isNameAt(start, field.long) || (field.compact !== undefined && this.isNameAt(start, field.compact))
  }

  /**
   * Whether `name`, given in lower case, is there in any case, with blanks or a colon behind it. Both names are tokens:
   * `| 0x20` mixes up no two of their characters that matter.
   */
  private isNameAt(start: number, name: string): boolean {
    const { text } = this
    const end = start + name.length
    for (let at = 0; at < name.length; at++)
      if ((text.charCodeAt(start + at) | 0x20) !== name.charCodeAt(at)) return false
    const behind = text.charCodeAt(end)
    return behind === 58 || behind === 32 || behind === 9
  }
}

function uriOf(text: string, name: string): SipUri {
  try {
    return parseUri(text)
  } catch (error) {
    throw ofField(error, name)
  }
}

/** The answer names the field, because the places in it are counted from its start. */
function ofField(error: unknown, name: string): unknown {
  return error instanceof MessageError ? error.of(name) : error
}

/** Splits at commas that are neither in quotes nor in `<>`; empty items are dropped. */
function splitList(value: string, into: string[]): void {
  let start = 0
  for (;;) {
    const comma = nextComma(value, start, value.length)
    const item = value.slice(start, comma === -1 ? value.length : comma).trim()
    if (item !== '') into.push(item)
    if (comma === -1) return
    start = comma + 1
  }
}

/** The next comma outside quotes and `<>` from `start` on; -1: none before `end`. */
export function nextComma(text: string, start: number, end: number): number {
  if (!text.slice(start, end).includes(',')) return -1
  let quoted = false
  let bracketed = false
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (quoted) {
      if (code === 92) at++
      else if (code === 34) quoted = false
    } else if (code === 34) quoted = true
    else if (code === 60) bracketed = true
    else if (code === 62) bracketed = false
    else if (code === 44 && !bracketed) return at
  }
  return -1
}

/** The message behind a `SipMessage`: all of them are made in this folder. */
export function internals(message: SipMessage): Message {
  if (!(message instanceof Message)) throw new TypeError('not a message made by the parser')
  return message
}
