/** pcapng: sections of blocks, each with its own byte order and interfaces (draft-ietf-opsawg-pcapng). */
import { maxPacketOctets, type CaptureEvents, type FormatReader } from './packet.ts'
import type { OctetQueue } from './octet-queue.ts'

interface Interface {
  readonly linkType: number
  /** Units of a time stamp in one millisecond. */
  readonly perMillisecond: number
  readonly offsetMilliseconds: number
  readonly snapshotLength: number
}

const Block = { section: 0x0a0d0d0a, interface: 1, packet: 2, simplePacket: 3, enhancedPacket: 6, secrets: 10 } as const
const Option = { end: 0, resolution: 9, timeOffset: 14 } as const
const byteOrderMagic = 0x1a2b3c4d
/** `TLSK`: the secrets are an NSS key log. */
const tlsKeyLog = 0x544c534b

/** A packet with its options, or a key log. Larger blocks are left out unread. */
const maxBlockOctets = 4 * maxPacketOctets
const maxInterfaces = 4096

export class PcapngReader implements FormatReader {
  readonly #events: CaptureEvents
  #littleEndian = true
  #interfaces: Interface[] = []
  #frame = 0
  #lastTime = 0

  constructor(events: CaptureEvents) {
    this.#events = events
  }

  read(queue: OctetQueue): boolean {
    for (;;) {
      const head = queue.peek(12)
      if (head === undefined) return true
      const section = head.readUInt32LE(0) === Block.section
      if (section && !this.#startSection(head)) return false
      const type = this.#u32(head, 0)
      const length = this.#u32(head, 4)
      if (length < 12 || length % 4 !== 0) {
        this.#events.problem(`a block after frame ${this.#frame} has an impossible length of ${length} octets`)
        return false
      }
      if (length > maxBlockOctets) {
        this.#events.problem(`a block of ${length} octets after frame ${this.#frame} is left out`)
        queue.skip(length)
        continue
      }
      const whole = queue.take(length)
      if (whole === undefined) return true
      this.#block(type, whole.subarray(8, length - 4))
    }
  }

  /** The byte order of a section is known by its magic number. */
  #startSection(head: Buffer): boolean {
    const little = head.readUInt32LE(8) === byteOrderMagic
    if (!little && head.readUInt32BE(8) !== byteOrderMagic) {
      this.#events.problem(`a section after frame ${this.#frame} has no byte order that is known`)
      return false
    }
    this.#littleEndian = little
    return true
  }

  #block(type: number, body: Buffer): void {
    switch (type) {
      case Block.section:
        this.#interfaces = []
        return
      case Block.interface:
        return this.#interface(body)
      case Block.enhancedPacket:
      case Block.packet:
        return this.#packet(body, type)
      case Block.simplePacket:
        return this.#simplePacket(body)
      case Block.secrets:
        return this.#secrets(body)
      default:
        return
    }
  }

  #interface(body: Buffer): void {
    if (body.length < 8 || this.#interfaces.length >= maxInterfaces) return
    let perMillisecond = 1000
    let offsetMilliseconds = 0
    for (const [code, value] of this.#options(body.subarray(8))) {
      if (code === Option.resolution && value.length === 1) perMillisecond = unitsPerMillisecond(value.readUInt8(0))
      if (code === Option.timeOffset && value.length === 8) offsetMilliseconds = Number(this.#i64(value)) * 1000
    }
    this.#interfaces.push({
      linkType: this.#u16(body, 0),
      perMillisecond,
      offsetMilliseconds,
      snapshotLength: this.#u32(body, 4),
    })
  }

  *#options(octets: Buffer): Generator<readonly [code: number, value: Buffer]> {
    let at = 0
    while (at + 4 <= octets.length) {
      const code = this.#u16(octets, at)
      const length = this.#u16(octets, at + 2)
      if (code === Option.end || at + 4 + length > octets.length) return
      yield [code, octets.subarray(at + 4, at + 4 + length)]
      at += 4 + padded(length)
    }
  }

  /** Enhanced packet block, and the packet block that it replaced: only the width of the interface differs. */
  #packet(body: Buffer, type: number): void {
    if (body.length < 20) return this.#damaged()
    const number = type === Block.packet ? this.#u16(body, 0) : this.#u32(body, 0)
    const from = this.#interfaces[number]
    const captured = this.#u32(body, 12)
    if (from === undefined || captured > body.length - 20) return this.#damaged()
    const units = this.#u32(body, 4) * 2 ** 32 + this.#u32(body, 8)
    this.#lastTime = units / from.perMillisecond + from.offsetMilliseconds
    this.#emit(from.linkType, body.subarray(20, 20 + captured), this.#u32(body, 16))
  }

  /** A simple packet block has no time: the time of the packet before it is used. */
  #simplePacket(body: Buffer): void {
    const [from] = this.#interfaces
    if (from === undefined || body.length < 4) return this.#damaged()
    const original = this.#u32(body, 0)
    const limit = from.snapshotLength === 0 ? original : Math.min(original, from.snapshotLength)
    this.#emit(from.linkType, body.subarray(4, 4 + Math.min(limit, body.length - 4)), original)
  }

  #emit(linkType: number, octets: Buffer, originalLength: number): void {
    this.#frame += 1
    this.#events.packet({ frame: this.#frame, at: this.#lastTime, linkType, octets, originalLength })
  }

  #damaged(): void {
    this.#frame += 1
    this.#events.problem(`frame ${this.#frame} is damaged and left out`)
  }

  #secrets(body: Buffer): void {
    if (body.length < 8 || this.#u32(body, 0) !== tlsKeyLog) return
    const length = Math.min(this.#u32(body, 4), body.length - 8)
    this.#events.keylog(body.toString('latin1', 8, 8 + length))
  }

  #u16(octets: Buffer, at: number): number {
    return this.#littleEndian ? octets.readUInt16LE(at) : octets.readUInt16BE(at)
  }

  #u32(octets: Buffer, at: number): number {
    return this.#littleEndian ? octets.readUInt32LE(at) : octets.readUInt32BE(at)
  }

  #i64(octets: Buffer): bigint {
    return this.#littleEndian ? octets.readBigInt64LE(0) : octets.readBigInt64BE(0)
  }
}

/** if_tsresol: a power of ten, or of two where the highest bit is set. */
function unitsPerMillisecond(resolution: number): number {
  const exponent = resolution & 0x7f
  return (resolution & 0x80 ? 2 ** exponent : 10 ** exponent) / 1000
}

function padded(length: number): number {
  return (length + 3) & ~3
}
