/** What kind of evidence octets are, by their content. The name of a file says nothing. */
import { looksLikeCertificateFile } from './file/recognise.ts'

export type EvidenceKind = 'capture' | 'certificates' | 'text' | 'empty'

/** So many octets decide: comments and the text of a certificate may come before its block. */
export const recogniseOctets = 65_536

/** pcap in both byte orders with microseconds or nanoseconds, and the section header of pcapng. */
const captureStarts = ['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', '0a0d0d0a']

/** `kindOf(firstOctets)`: a capture, certificates and keys in any container, or a text. */
export function kindOf(head: Uint8Array): EvidenceKind {
  if (head.length === 0) return 'empty'
  const octets = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, recogniseOctets))
  if (captureStarts.includes(octets.subarray(0, 4).toString('hex'))) return 'capture'
  return looksLikeCertificateFile(octets) ? 'certificates' : 'text'
}
