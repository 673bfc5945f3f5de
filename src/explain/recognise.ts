/** What kind of evidence octets are, by their content. The name of a file says nothing. */

export type EvidenceKind = 'capture' | 'certificates' | 'text' | 'empty'

/** So many octets decide. */
export const recogniseOctets = 4096

/** pcap in both byte orders with microseconds or nanoseconds, and the section header of pcapng. */
const captureStarts = ['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', '0a0d0d0a']

const pemLabel =
  /-----BEGIN (?:TRUSTED |X509 |NEW )?(?:CERTIFICATE|PKCS ?#?7|CMS|[A-Z0-9 ]*PRIVATE KEY|[A-Z ]*PUBLIC KEY|CERTIFICATE REQUEST|CRL|DH PARAMETERS|EC PARAMETERS)/

/** Output of a program that also prints certificates is a text: it says more than they do. */
const programOutput = /^CONNECTED\(|verify (?:error|return)|error:[0-9A-F]{8}|^\s*\d+ s:/m

/** `kindOf(firstOctets)`: a capture, certificates and keys in any container, or a text. */
export function kindOf(head: Uint8Array): EvidenceKind {
  if (head.length === 0) return 'empty'
  const octets = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, recogniseOctets))
  if (captureStarts.includes(octets.subarray(0, 4).toString('hex'))) return 'capture'
  const text = octets.includes(0) ? octets.toString('latin1').replaceAll('\0', '') : octets.toString('latin1')
  if (pemLabel.test(text)) return programOutput.test(text) ? 'text' : 'certificates'
  return isDer(octets) ? 'certificates' : 'text'
}

/** A SEQUENCE with a length of two or three octets, as every DER certificate, PKCS #7 and PFX begins. */
function isDer(octets: Buffer): boolean {
  return octets[0] === 0x30 && (octets[1] === 0x80 || octets[1] === 0x81 || octets[1] === 0x82 || octets[1] === 0x83)
}
