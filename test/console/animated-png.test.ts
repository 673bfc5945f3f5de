import { deflateSync } from 'node:zlib'
import t from 'tap'
import { animated } from '../../scripts/apng.ts'

/** One grey pixel; the checksums are not read. */
function pixel(width = 1): Uint8Array {
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(1, 4)
  head[8] = 8
  const chunk = (name: string, data: Buffer): Buffer => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    return Buffer.concat([length, Buffer.from(name, 'latin1'), data, Buffer.alloc(4)])
  }
  const data = deflateSync(Buffer.from([0, 128]))
  return Buffer.concat([Buffer.alloc(8), chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))])
}

function chunksOf(png: Buffer): readonly string[] {
  const names: string[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) names.push(png.toString('latin1', at + 4, at + 8))
  return names
}

t.test('an animated PNG', async (t) => {
  t.test('shows its first frame where animation is unknown, the others as frame data', async (t) => {
    const png = animated([
      { png: pixel(), seconds: 1.5 },
      { png: pixel(), seconds: 2 },
    ])
    t.strictSame(chunksOf(png), ['IHDR', 'acTL', 'fcTL', 'IDAT', 'fcTL', 'fdAT', 'IEND'])
    const control = png.indexOf('fcTL') + 4
    t.equal(png.readUInt16BE(control + 20) / png.readUInt16BE(control + 22), 1.5)
  })

  t.test('refuses frames of two sizes', async (t) => {
    t.throws(
      () =>
        animated([
          { png: pixel(), seconds: 1 },
          { png: pixel(2), seconds: 1 },
        ]),
      /frame 1 differs/,
    )
  })
})
