/**
 * Cuts messages out of a stream by Content-Length (RFC 3261 §18.3) and sees the keep-alives between them (RFC 5626
 * §4.4.1).
 */
import type { Message } from './message.ts'
import { MessageError } from './message-error.ts'
import { readHead } from './head.ts'
import { partialOf } from './partial.ts'
import type { MessageLimits, SipMessage } from './types.ts'

export interface FramerEvents {
  message(message: SipMessage): void
  /** One message is bad, its end is known: the stream goes on behind it. */
  malformed(error: MessageError): void
  /** CRLF CRLF between messages: to be answered with one CRLF. */
  ping(): void
  /** The first CRLF between messages: the answer to a ping, or half of one (a second CRLF then makes `ping`). */
  pong(): void
  /**
   * The boundary is lost: called once, everything behind it is ignored. `error.partial` may still be answered before
   * closing.
   */
  lost(error: MessageError): void
}

const LF = 10,
  CR = 13,
  SP = 32,
  COLON = 58

export class StreamFramer {
  private readonly limits: MessageLimits
  private readonly on: FramerEvents
  /** Octets of an incomplete message; undefined when nothing is pending. */
  private pending: Buffer | undefined = undefined
  private pendingLength = 0
  /** Behind the part already searched for the end of the head. */
  private searched = 0
  /** The current message, or what is wrong with it, once its head was read; and its octets with the body. */
  private head: Message | MessageError | undefined = undefined
  private total = 0
  private oneCrlf = false
  private isLost = false

  constructor(limits: MessageLimits, on: FramerEvents) {
    this.limits = limits
    this.on = on
  }

  /** Octets held for a message that is not complete; 0 when nothing is pending. */
  get pendingBytes(): number {
    return this.pending === undefined ? 0 : this.pendingLength
  }

  /** Takes what the connection gave; `chunk` is not kept. */
  push(chunk: Buffer): void {
    if (this.isLost) return
    const data = this.pending === undefined ? chunk : this.append(chunk)
    const used = this.consume(data)
    if (this.isLost || used === data.length) this.pending = undefined
    else this.keep(data, used)
  }

  /** Takes and holds nothing more. */
  close(): void {
    this.isLost = true
    this.pending = undefined
    this.head = undefined
  }

  private append(chunk: Buffer): Buffer {
    const length = this.pendingLength + chunk.length
    let { pending } = this
    if (pending === undefined || pending.length < length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.pendingLength, 512))
      pending?.copy(larger, 0, 0, this.pendingLength)
      pending = this.pending = larger
    }
    chunk.copy(pending, this.pendingLength)
    this.pendingLength = length
    return pending.subarray(0, length)
  }

  private keep(data: Buffer, used: number): void {
    if (used === 0 && this.pending !== undefined) return
    this.pending = undefined
    const rest = data.subarray(used)
    this.pendingLength = 0
    this.append(rest)
  }

  /** Reads as many messages as are complete; gives how many octets are done with. */
  private consume(data: Buffer): number {
    let at = 0
    while (at < data.length && !this.isLost) {
      const next =
        this.head !== undefined
          ? this.finishWaiting(this.head, data, at)
          : data[at] === CR
            ? this.keepAlive(data, at)
            : this.readMessage(data, at)
      if (next === at) return at
      at = next
    }
    return at
  }

  private keepAlive(data: Buffer, at: number): number {
    if (at + 1 === data.length) return at
    if (data[at + 1] !== LF)
      return this.lose(new MessageError(400, 'start-line-syntax', 'a lone CR between messages', 0), data.length)
    this.oneCrlf = !this.oneCrlf
    if (this.oneCrlf) this.on.pong()
    else this.on.ping()
    return at + 2
  }

  private readMessage(data: Buffer, at: number): number {
    this.oneCrlf = false
    const end = emptyLine(data, at + this.searched)
    if (end === -1) return this.waitForHead(data, at)
    this.searched = 0
    const size = end + 4 - at
    if (size > this.limits.headBytes) return this.loseLongHead(data, at)
    const likely = size + likelyLength(data, end)
    const text = data.toString('latin1', at, at + (likely <= data.length - at ? likely : size))
    const head = this.readHead(text)
    const length = this.lengthOf(head, text, size)
    if (length === undefined) return data.length
    if (data.length - at >= size + length) return this.finish(head, data, at, size + length)
    this.head = head
    this.total = size + length
    return at
  }

  private readHead(text: string): Message | MessageError {
    try {
      return readHead(text, undefined, this.limits)
    } catch (error) {
      if (!(error instanceof MessageError)) throw error
      return error
    }
  }

  /** Of the body; undefined when the boundary is lost. */
  private lengthOf(head: Message | MessageError, text: string, size: number): number | undefined {
    const length = head instanceof MessageError ? lengthOf(text.slice(0, size)) : head.contentLength
    if (length === -1) {
      this.lose(
        head instanceof MessageError
          ? head
          : new MessageError(400, 'content-length-missing', 'no Content-Length on a stream', 0).with(partialOf(text)),
        0,
      )
      return undefined
    }
    if (length > this.limits.bodyBytes) {
      this.lose(
        new MessageError(
          513,
          'body-too-long',
          `a body of ${length} octets, at most ${this.limits.bodyBytes} are read`,
          0,
        ).with(partialOf(text)),
        0,
      )
      return undefined
    }
    return length
  }

  private waitForHead(data: Buffer, at: number): number {
    const size = data.length - at
    if (size > this.limits.headBytes) return this.loseLongHead(data, at)
    this.searched = Math.max(0, size - 3)
    return at
  }

  /** Hands up a message of which all is there. */
  private finish(head: Message | MessageError, data: Buffer, at: number, total: number): number {
    if (head instanceof MessageError) this.on.malformed(head)
    else {
      if (head.text.length !== total) head.text = data.toString('latin1', at, at + total)
      this.on.message(head as SipMessage)
    }
    return at + total
  }

  private finishWaiting(head: Message | MessageError, data: Buffer, at: number): number {
    if (data.length - at < this.total) return at
    this.head = undefined
    return this.finish(head, data, at, this.total)
  }

  /**
   * A head over the limit is judged by its first `headBytes` octets, never by how many came at once: the same octets
   * get the same answer however they are cut. For that reason a long start line waits for the end of its head too.
   */
  private loseLongHead(data: Buffer, at: number): number {
    const { headBytes, startLineBytes } = this.limits
    const text = data.toString('latin1', at, at + headBytes)
    const lineEnd = text.indexOf('\r\n')
    const error =
      lineEnd === -1 || lineEnd > startLineBytes
        ? new MessageError(414, 'start-line-too-long', `the start line has more than ${startLineBytes} octets`, 0)
        : new MessageError(513, 'head-too-long', `the head has more than ${headBytes} octets`, 0)
    return this.lose(error.with(partialOf(text)), data.length)
  }

  private lose(error: MessageError, result: number): number {
    this.isLost = true
    this.on.lost(error)
    return result
  }
}

/**
 * Whether the head is longer than servers here read. A message grows at each hop, and one too long ends the connection
 * that it came by (`loseLongHead`): on a link between servers, that of all their users.
 */
export function isHeadTooLong(text: string, { headBytes }: Pick<MessageLimits, 'headBytes'>): boolean {
  return text.length > headBytes && !text.slice(0, headBytes).includes('\r\n\r\n')
}

/**
 * Offset of the CR LF CR LF that ends a head, from `from` on; -1: not there. Looks at each fourth octet where no line
 * ends: a search by Buffer costs as much as reading a header field (bench/proxy.ts, TCP calls).
 */
export function emptyLine(data: Buffer, from: number): number {
  const { length } = data
  let at = from + 3
  while (at < length) {
    const octet = data[at] as number
    // One comparison for nearly all of them: a third less.
    if (octet > CR) at += 4
    else if (octet === LF) {
      if (data[at - 1] === CR && data[at - 2] === LF && data[at - 3] === CR) return at - 3
      at += 2
    } else at += octet === CR ? 1 : 4
  }
  return -1
}

/**
 * Content-Length where it is the last field, as it mostly is; else 0: the body is then decoded together with the head,
 * once. A guess, which the head confirms.
 */
function likelyLength(data: Buffer, headEnd: number): number {
  let at = headEnd - 1
  let length = 0
  for (let unit = 1; unit <= 1e6; unit *= 10) {
    const digit = (data[at] ?? 0) - 48
    if (digit < 0 || digit > 9) break
    length += digit * unit
    at--
  }
  return data[at] === SP && data[at - 1] === COLON ? length : 0
}

/** Content-Length of a head that is malformed elsewhere; -1 when it is absent, conflicting or no number. */
function lengthOf(head: string): number {
  const values = new Set<string>()
  for (const [, value = ''] of head.matchAll(/\r\n(?:content-length|l)[ \t]*:((?:[^\r]|\r\n[ \t])*)/gi))
    values.add(value.trim())
  const [only = ''] = values
  return values.size === 1 && /^\d{1,10}$/.test(only) ? Number(only) : -1
}
