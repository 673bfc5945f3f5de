/** An animated PNG of pictures that are equally large. Layout: https://www.w3.org/TR/png-3/, §11.3.6. */
import { crc32 } from 'node:zlib'

export interface Frame {
  readonly png: Uint8Array
  /** How long the frame is shown. */
  readonly seconds: number
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** @throws RangeError for frames of several sizes or kinds of pixel */
export function animated(frames: readonly Frame[]): Buffer {
  const [first] = frames
  if (first === undefined) throw new RangeError('wanted one frame at least')
  const head = dataOf(first.png, 'IHDR')
  const chunks = [chunk('IHDR', head), chunk('acTL', words(frames.length, 0))]
  let sequence = 0
  for (const [at, { png, seconds }] of frames.entries()) {
    if (!dataOf(png, 'IHDR').equals(head)) throw new RangeError(`frame ${at} differs from the first in size or pixels`)
    const control = Buffer.alloc(6)
    control.writeUInt16BE(Math.round(seconds * 100), 0)
    control.writeUInt16BE(100, 2)
    const size = words(head.readUInt32BE(0), head.readUInt32BE(4), 0, 0)
    chunks.push(chunk('fcTL', Buffer.concat([words(sequence++), size, control])))
    const data = dataOf(png, 'IDAT')
    chunks.push(at === 0 ? chunk('IDAT', data) : chunk('fdAT', Buffer.concat([words(sequence++), data])))
  }
  return Buffer.concat([signature, ...chunks, chunk('IEND', Buffer.alloc(0))])
}

/** All chunks of a name, joined. */
function dataOf(png: Uint8Array, name: string): Buffer {
  const octets = Buffer.from(png)
  const found: Buffer[] = []
  for (let at = signature.length; at < octets.length; at += 12 + octets.readUInt32BE(at))
    if (octets.toString('latin1', at + 4, at + 8) === name)
      found.push(octets.subarray(at + 8, at + 8 + octets.readUInt32BE(at)))
  return Buffer.concat(found)
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data])
  return Buffer.concat([words(data.length), named, words(crc32(named))])
}

function words(...values: readonly number[]): Buffer {
  const octets = Buffer.alloc(4 * values.length)
  for (const [at, value] of values.entries()) octets.writeUInt32BE(value, 4 * at)
  return octets
}
