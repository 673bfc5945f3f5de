/** A log of any length, in chunks: decoded, cut into lines, and read in bounded memory. */
import { answerOf, TextReader } from './index.ts'
import type { TextAnswer } from './index.ts'

/** A longer line is cut; what follows until its end is dropped. */
const maxLine = 65_536
/** A text of at most so many characters may be a bare code or a serial. */
const maxShort = 256
const lineEnd = /\r\n|\n|\r/

/** Reads chunks to their end. UTF-16 is recognised by its byte order mark or its zero octets. */
export async function explainStream(chunks: AsyncIterable<Uint8Array>): Promise<TextAnswer> {
  const reader = new TextReader()
  let decoder: InstanceType<typeof TextDecoder> | undefined
  let rest = ''
  let short: string | undefined = ''
  for await (const chunk of chunks) {
    decoder ??= new TextDecoder(encodingOf(chunk))
    const text = decoder.decode(chunk, { stream: true })
    if (short !== undefined) short = short.length + text.length <= maxShort ? short + text : undefined
    rest = pushLines(reader, rest + text)
  }
  const last = rest + (decoder?.decode() ?? '')
  if (last !== '') for (const line of last.split(lineEnd)) reader.push(line)
  return answerOf(reader, short)
}

function pushLines(reader: TextReader, text: string): string {
  let start = 0
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
    reader.push(text.slice(start, text[end - 1] === '\r' ? end - 1 : end))
    start = end + 1
  }
  return text.slice(start, start + maxLine)
}

function encodingOf(chunk: Uint8Array): 'utf-16le' | 'utf-16be' | 'utf-8' {
  if (chunk[0] === 0xff && chunk[1] === 0xfe) return 'utf-16le'
  if (chunk[0] === 0xfe && chunk[1] === 0xff) return 'utf-16be'
  const sample = chunk.subarray(0, 512)
  const isZero = (parity: number): boolean =>
    sample.length >= 8 && share(sample, (octet, place) => place % 2 === parity && octet === 0) > 0.3
  if (isZero(1)) return 'utf-16le'
  return isZero(0) ? 'utf-16be' : 'utf-8'
}

/** The share of the octets for which something holds: 0 to 1. */
function share(octets: Uint8Array, holds: (octet: number, place: number) => boolean): number {
  return octets.filter(holds).length / octets.length
}
