/** The classic capture format: a file header of 24 octets, then records (draft-ietf-opsawg-pcap §4, §5). */
import { maxPacketOctets, type CaptureEvents, type FormatReader } from './packet.ts'
import type { OctetQueue } from './octet-queue.ts'

interface FileHeader {
  readonly littleEndian: boolean
  /** Fractions of a second in one millisecond. */
  readonly perMillisecond: number
  readonly linkType: number
}

export class PcapReader implements FormatReader {
  readonly #events: CaptureEvents
  #header: FileHeader | undefined = undefined
  #frame = 0

  constructor(events: CaptureEvents) {
    this.#events = events
  }

  read(queue: OctetQueue): boolean {
    this.#header ??= readFileHeader(queue)
    if (this.#header === undefined) return true
    for (;;) {
      const step = this.#readRecord(queue, this.#header)
      if (step !== 'read') return step === 'more'
    }
  }

  #readRecord(queue: OctetQueue, { littleEndian, perMillisecond, linkType }: FileHeader): 'read' | 'more' | 'damaged' {
    const head = queue.peek(16)
    if (head === undefined) return 'more'
    const number = (at: number): number => (littleEndian ? head.readUInt32LE(at) : head.readUInt32BE(at))
    const length = number(8)
    if (length > maxPacketOctets) {
      this.#events.problem(
        `frame ${this.#frame + 1} claims ${length} octets, at most ${maxPacketOctets} are read: the rest is left out`,
      )
      return 'damaged'
    }
    if (queue.length < 16 + length) return 'more'
    queue.skip(16)
    const octets = queue.take(length)
    if (octets === undefined) return 'more'
    this.#frame += 1
    const at = number(0) * 1000 + number(4) / perMillisecond
    this.#events.packet({ frame: this.#frame, at, linkType, octets, originalLength: number(12) })
    return 'read'
  }
}

function readFileHeader(queue: OctetQueue): FileHeader | undefined {
  const head = queue.take(24)
  if (head === undefined) return undefined
  const magic = head.readUInt32BE(0)
  const littleEndian = magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1
  const nanoseconds = magic === 0xa1b23c4d || magic === 0x4d3cb2a1
  const linkType = (littleEndian ? head.readUInt32LE(20) : head.readUInt32BE(20)) & 0xffff
  return { littleEndian, perMillisecond: nanoseconds ? 1_000_000 : 1000, linkType }
}
