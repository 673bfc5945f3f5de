/** Finds SIP messages in clear text and keeps of each what a ladder shows: the rest is not stored. */
import { printable } from './tls-messages.ts'

/** One message of a ladder. */
export interface SipMessage {
  readonly frame: number
  /** ISO 8601. */
  readonly time: string
  /** `127.0.0.1:40312`. */
  readonly source: string
  readonly destination: string
  readonly transport: 'udp' | 'tcp' | 'tls'
  /** `INVITE sip:bob@lab.test SIP/2.0`. */
  readonly firstLine: string
  readonly from: string | undefined
  readonly to: string | undefined
  readonly callId: string | undefined
  readonly cseq: string | undefined
}

export interface SipPlace {
  readonly source: string
  readonly destination: string
  readonly transport: 'udp' | 'tcp' | 'tls'
}

const maxHeadOctets = 65_536
const shownCharacters = 200
const emptyLine = Buffer.from('\r\n\r\n')
const nothing = Buffer.alloc(0)

/** The messages of one direction of a stream (RFC 3261 §18.3). */
export class SipReader {
  readonly #place: SipPlace
  readonly #found: (message: SipMessage) => void
  #held: Buffer = nothing
  #toSkip = 0
  #lost = false

  constructor(place: SipPlace, found: (message: SipMessage) => void) {
    this.#place = place
    this.#found = found
  }

  push(octets: Buffer, frame: number, at: number): void {
    const skipped = Math.min(this.#toSkip, octets.length)
    this.#toSkip -= skipped
    let data = octets.subarray(skipped)
    if (this.#held.length > 0) data = Buffer.concat([this.#held, data])
    for (;;) {
      data = withoutCrlf(data)
      const end = data.indexOf(emptyLine)
      if (end < 0) break
      data = this.#message(data, end, frame, at)
    }
    if (data.length > maxHeadOctets) {
      this.#lost = true
      data = nothing
    }
    this.#held = Buffer.from(data)
  }

  /** Octets are missing: what begins next may be the middle of a message. */
  gap(): void {
    this.#held = nothing
    this.#toSkip = 0
    this.#lost = true
  }

  /** @returns the octets after the message */
  #message(data: Buffer, end: number, frame: number, at: number): Buffer {
    const message = readSip(data.toString('latin1', 0, Math.min(end, maxHeadOctets)), this.#place, frame, at)
    if (message === undefined) {
      // After a hole the text is taken up again at the next head.
      if (!this.#lost) this.#lost = true
      return data.subarray(end + 4)
    }
    this.#lost = false
    this.#found(message.shown)
    const rest = data.length - end - 4
    this.#toSkip = Math.max(0, message.bodyOctets - rest)
    return data.subarray(end + 4 + Math.min(rest, message.bodyOctets))
  }
}

/** One datagram is one message (RFC 3261 §18.1.1). */
export function sipDatagram(octets: Buffer, place: SipPlace, frame: number, at: number): SipMessage | undefined {
  const end = octets.indexOf(emptyLine)
  const head = octets.toString('latin1', 0, Math.min(end < 0 ? octets.length : end, maxHeadOctets))
  return readSip(head.replace(/^(?:\r\n)+/, ''), place, frame, at)?.shown
}

const startLine = /^(?:SIP\/2\.0 \d{3}[^\r\n]*|[A-Za-z][A-Za-z0-9.!%*_+`'~-]* [A-Za-z][A-Za-z0-9+.-]*:\S+ SIP\/2\.0)$/

function readSip(
  head: string,
  place: SipPlace,
  frame: number,
  at: number,
): { readonly shown: SipMessage; readonly bodyOctets: number } | undefined {
  const lines = head.split(/\r\n(?![ \t])/)
  const [firstLine = ''] = lines
  if (!startLine.test(firstLine)) return undefined
  const field = (name: RegExp): string | undefined => {
    const found = lines.find((line) => name.test(line))
    return found === undefined ? undefined : shorten(found.slice(found.indexOf(':') + 1).trim())
  }
  const length = Number(field(/^(?:Content-Length|l)\s*:/i) ?? '0')
  return {
    shown: {
      frame,
      time: isoTime(at),
      ...place,
      firstLine: shorten(firstLine),
      from: field(/^(?:From|f)\s*:/i),
      to: field(/^(?:To|t)\s*:/i),
      callId: field(/^(?:Call-ID|i)\s*:/i),
      cseq: field(/^CSeq\s*:/i),
    },
    bodyOctets: Number.isSafeInteger(length) && length > 0 ? length : 0,
  }
}

function shorten(text: string): string {
  return printable(text.length <= shownCharacters ? text : `${text.slice(0, shownCharacters)}…`)
}

function withoutCrlf(data: Buffer): Buffer {
  let from = 0
  while (from + 1 < data.length && data[from] === 13 && data[from + 1] === 10) from += 2
  return data.subarray(from)
}

/** A time of the capture; one that no calendar has is shown as the first moment of 1970. */
export function isoTime(at: number): string {
  return new Date(Number.isFinite(at) && Math.abs(at) <= 8.64e15 ? at : 0).toISOString()
}
