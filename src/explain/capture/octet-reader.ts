/** Reads the fields of a TLS message; no length is believed before it is compared with what is there. */
export class TlsFormatError extends Error {
  override readonly name = 'TlsFormatError'
  readonly code = 'tls-format'
}

export class OctetReader {
  readonly #octets: Buffer
  #at = 0

  constructor(octets: Buffer) {
    this.#octets = octets
  }

  get left(): number {
    return this.#octets.length - this.#at
  }

  take(count: number): Buffer {
    if (count > this.left) throw new TlsFormatError(`wanted ${count} octets at ${this.#at}, ${this.left} are left`)
    this.#at += count
    return this.#octets.subarray(this.#at - count, this.#at)
  }

  u8(): number {
    return this.take(1).readUInt8(0)
  }

  u16(): number {
    return this.take(2).readUInt16BE(0)
  }

  u24(): number {
    return this.take(3).readUIntBE(0, 3)
  }

  /** A vector with its length in front (RFC 8446 §3.4). */
  vector8(): Buffer {
    return this.take(this.u8())
  }

  vector16(): Buffer {
    return this.take(this.u16())
  }

  vector24(): Buffer {
    return this.take(this.u24())
  }
}

/** A list of 16-bit values. */
export function numbers16(octets: Buffer): readonly number[] {
  const reader = new OctetReader(octets)
  const numbers: number[] = []
  while (reader.left > 0) numbers.push(reader.u16())
  return numbers
}
