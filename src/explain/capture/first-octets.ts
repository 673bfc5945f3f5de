/** What an end of a connection speaks, told by the first octets that it sends. */
import { isRecordHeader } from './tls-records.ts'
import { printable } from './tls-messages.ts'

export type Speech =
  | { readonly kind: 'tls' }
  /** The hello of SSL 2, which old clients also sent for SSL 3 and TLS (RFC 5246 §E.2). */
  | { readonly kind: 'ssl2' }
  | { readonly kind: 'sip'; readonly line: string }
  | { readonly kind: 'http'; readonly line: string }
  /** A header of the PROXY protocol of `length` octets; what follows it is another speech. */
  | { readonly kind: 'proxy'; readonly line: string; readonly length: number }
  | { readonly kind: 'other'; readonly line: string }

/** No more octets are needed to tell: the longest header of PROXY protocol version 1 has 107. */
export const enoughOctets = 128

const proxy2 = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const sipRequest = /^[A-Z][A-Z0-9.!%*_+`'~-]{2,31} (?:sips?|tel):\S+ SIP\/2\.0/i
const httpRequest = /^[A-Z]{3,16} \S+ HTTP\/1\.[01]/

/** @returns undefined while more octets could decide otherwise; never with `last` */
export function tellSpeech(octets: Buffer, last: boolean): Speech | undefined {
  if (isRecordHeader(octets)) return { kind: 'tls' }
  if (isSsl2Hello(octets)) return { kind: 'ssl2' }
  if (octets.subarray(0, 12).equals(proxy2)) return proxyVersion2(octets, last)
  const text = octets.toString('latin1', 0, 1024)
  const [line = ''] = text.replace(/^(?:\r\n)+/, '').split(/\r?\n/, 1)
  const shown = printable(line.slice(0, 120))
  const proxy = /^PROXY (?:TCP4|TCP6|UNKNOWN)[^\r]*\r\n/.exec(text)
  if (proxy !== null) return { kind: 'proxy', line: shown, length: proxy[0].length }
  if (/^SIP\/2\.0 \d{3}/.test(line) || sipRequest.test(line)) return { kind: 'sip', line: shown }
  if (/^HTTP\/1\.[01] \d{3}/.test(line) || httpRequest.test(line)) return { kind: 'http', line: shown }
  if (!last && octets.length < enoughOctets && mayBecomeMore(octets, text)) return undefined
  return couldBeRecord(octets) ? { kind: 'tls' } : { kind: 'other', line: shownStart(octets, shown) }
}

/** The beginning of a record whose header is not complete. */
function couldBeRecord(octets: Buffer): boolean {
  const [type = 0, major = 3] = octets
  return octets.length < 5 && type >= 20 && type <= 24 && major === 3
}

function mayBecomeMore(octets: Buffer, text: string): boolean {
  return octets.length < 5 || (/^[\t\r\n -~]*$/.test(text) && !/\S\r?\n/.test(text))
}

function isSsl2Hello(octets: Buffer): boolean {
  return (
    octets.length >= 5 && ((octets[0] ?? 0) & 0x80) !== 0 && octets[2] === 1 && (octets[3] === 3 || octets[3] === 0)
  )
}

function proxyVersion2(octets: Buffer, last: boolean): Speech | undefined {
  if (octets.length < 16)
    return last ? { kind: 'proxy', line: 'PROXY protocol version 2', length: octets.length } : undefined
  return { kind: 'proxy', line: 'PROXY protocol version 2', length: 16 + octets.readUInt16BE(14) }
}

function shownStart(octets: Buffer, line: string): string {
  return /^[ -~]{4,}$/.test(line) ? line : octets.subarray(0, 16).toString('hex')
}
