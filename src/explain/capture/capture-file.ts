/**
 * Reads capture files while they stream in: pcap in both byte orders with micro- or nanoseconds
 * (draft-ietf-opsawg-pcap), and pcapng (draft-ietf-opsawg-pcapng). At most one packet is held.
 */
import { OctetQueue } from './octet-queue.ts'
import { PcapngReader } from './pcapng.ts'
import { PcapReader } from './pcap.ts'
import type { CaptureEvents, FormatReader } from './packet.ts'

export type CaptureFormat = 'pcap' | 'pcapng'

/** What is not a capture at all. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError'
  readonly code = 'capture-unknown'
}

const pcapMagics: ReadonlySet<string> = new Set(['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1'])
const pcapngMagic = '0a0d0d0a'

/** Tells a capture by its first four octets; absent for anything else. */
export function recognise(octets: Uint8Array): CaptureFormat | undefined {
  const magic = Buffer.from(octets.subarray(0, 4)).toString('hex')
  if (pcapMagics.has(magic)) return 'pcap'
  return magic === pcapngMagic ? 'pcapng' : undefined
}

/**
 * Reads a whole capture.
 *
 * @throws CaptureError when the first octets are no magic number of a capture
 */
export class CaptureFile {
  readonly #queue = new OctetQueue()
  readonly #events: CaptureEvents
  #reader: FormatReader | undefined = undefined
  #stopped = false

  constructor(events: CaptureEvents) {
    this.#events = events
  }

  push(chunk: Buffer): void {
    if (this.#stopped) return
    this.#queue.push(chunk)
    if (this.#reader === undefined) {
      const magic = this.#queue.peek(4)
      if (magic === undefined) return
      this.#reader = this.#readerFor(magic)
    }
    if (this.#reader.read(this.#queue)) return
    this.#stopped = true
    this.#queue.clear()
  }

  /** The file has ended. */
  end(): void {
    if (this.#reader === undefined) throw unknownFormat(this.#queue.peek(this.#queue.length) ?? Buffer.alloc(0))
    if (!this.#stopped && this.#queue.length > 0)
      this.#events.problem(`the file ends inside a packet: ${this.#queue.length} octets at its end are not used`)
  }

  #readerFor(magic: Buffer): FormatReader {
    const format = recognise(magic)
    if (format === undefined) throw unknownFormat(magic)
    return format === 'pcap' ? new PcapReader(this.#events) : new PcapngReader(this.#events)
  }
}

function unknownFormat(start: Buffer): CaptureError {
  const found = start.length === 0 ? 'an empty file' : `a file that begins with ${start.subarray(0, 4).toString('hex')}`
  return new CaptureError(
    `wanted a capture (pcap or pcapng), found ${found}; record one with: tcpdump -w FILE.pcap port 5061`,
  )
}
