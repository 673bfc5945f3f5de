/** Cuts one direction of a connection into TLS records (RFC 8446 §5.1). */

export interface TlsRecord {
  readonly type: number
  readonly version: number
  readonly content: Buffer
  /** Where its last octet came. */
  readonly frame: number
  readonly at: number
}

export interface RecordEvents {
  /** `content` lives only until the callback returns. */
  record(record: TlsRecord): void
  /** Octets that are not there, or are no record: one sentence. */
  lost(sentence: string): void
}

/** 2^14 and what the cipher adds (RFC 5246 §6.2.3). */
const maxRecordOctets = 16_384 + 2048
const headerOctets = 5
const nothing = Buffer.alloc(0)

export class RecordCutter {
  readonly #events: RecordEvents
  #held: Buffer = nothing
  /** Octets of a damaged record that are still to come. */
  #toSkip = 0
  /** The next octets must begin with a record, or the boundary stays lost. */
  #lost = false

  constructor(events: RecordEvents) {
    this.#events = events
  }

  push(octets: Buffer, frame: number, at: number): void {
    const skipped = Math.min(this.#toSkip, octets.length)
    this.#toSkip -= skipped
    const rest = octets.subarray(skipped)
    if (rest.length === 0) return
    if (this.#lost && !isRecordHeader(rest)) return
    this.#lost = false
    const data = this.#held.length === 0 ? rest : Buffer.concat([this.#held, rest])
    this.#held = Buffer.from(this.#cut(data, frame, at))
  }

  /** A hole in the stream damages the record in which it begins; if it ends there too, the next record is whole. */
  gap(missing: number, frame: number): void {
    this.#events.lost(`${missing} octets before frame ${frame} are not in the capture`)
    if (this.#toSkip >= missing) {
      this.#toSkip -= missing
      return
    }
    const expected =
      this.#held.length >= headerOctets ? headerOctets + this.#held.readUInt16BE(3) - this.#held.length : 0
    this.#held = nothing
    this.#toSkip = Math.max(0, expected - missing)
    this.#lost = expected < missing
  }

  /** @returns what is left over */
  #cut(data: Buffer, frame: number, at: number): Buffer {
    let from = 0
    while (data.length - from >= headerOctets) {
      const header = data.subarray(from, from + headerOctets)
      if (!isRecordHeader(header)) {
        this.#events.lost(`what begins in frame ${frame} is no TLS record (${header.toString('hex')})`)
        this.#lost = true
        return nothing
      }
      const end = from + headerOctets + header.readUInt16BE(3)
      if (end > data.length) break
      const content = data.subarray(from + headerOctets, end)
      this.#events.record({ type: header.readUInt8(0), version: header.readUInt16BE(1), content, frame, at })
      from = end
    }
    return data.subarray(from)
  }
}

/** Type 20 to 24, version 3.x, and a length that is allowed. */
export function isRecordHeader(octets: Buffer): boolean {
  if (octets.length < headerOctets) return false
  const type = octets[0] ?? 0
  return (
    type >= 20 && type <= 24 && octets[1] === 3 && (octets[2] ?? 0) <= 4 && octets.readUInt16BE(3) <= maxRecordOctets
  )
}
