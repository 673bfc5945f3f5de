/**
 * The few ASN.1 shapes that certificates and CRLs are made of, on node-forge's ASN.1 layer. Writing only: what peers
 * send is read by the examiner.
 */
import forge from 'node-forge'

const { asn1 } = forge

export type Der = forge.asn1.Asn1

const { UNIVERSAL, CONTEXT_SPECIFIC } = asn1.Class
const kind = asn1.Type

export const sequence = (...items: readonly Der[]): Der => asn1.create(UNIVERSAL, kind.SEQUENCE, true, [...items])
export const set = (...items: readonly Der[]): Der => asn1.create(UNIVERSAL, kind.SET, true, [...items])
export const oid = (dotted: string): Der => asn1.create(UNIVERSAL, kind.OID, false, asn1.oidToDer(dotted).getBytes())
export const nothing = (): Der => asn1.create(UNIVERSAL, kind.NULL, false, '')
export const boolean = (value: boolean): Der => asn1.create(UNIVERSAL, kind.BOOLEAN, false, value ? '\xff' : '\x00')
export const octets = (content: Uint8Array): Der => asn1.create(UNIVERSAL, kind.OCTETSTRING, false, binary(content))
export const utf8 = (text: string): Der => asn1.create(UNIVERSAL, kind.UTF8, false, binary(Buffer.from(text, 'utf8')))
export const printable = (text: string): Der => asn1.create(UNIVERSAL, kind.PRINTABLESTRING, false, text)
export const enumerated = (value: number): Der =>
  asn1.create(UNIVERSAL, kind.ENUMERATED, false, String.fromCharCode(value))

/** An INTEGER from its octets as given, in hex: `01a4…`. A first octet of 80 or more makes it negative. */
export const integerHex = (hex: string): Der =>
  asn1.create(UNIVERSAL, kind.INTEGER, false, binary(Buffer.from(hex, 'hex')))

/** An INTEGER that is never negative. */
export function integer(value: number | bigint): Der {
  const hex = value.toString(16)
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  return integerHex(Number.parseInt(even.slice(0, 2), 16) > 0x7f ? `00${even}` : even)
}

/** A BIT STRING of whole octets, as signatures are. */
export const bits = (content: Uint8Array): Der =>
  asn1.create(UNIVERSAL, kind.BITSTRING, false, `\x00${binary(content)}`)

/** A BIT STRING of named bits: `namedBits([0, 2])` sets bits 0 and 2; trailing zero bits are left out, as DER wants. */
export function namedBits(positions: readonly number[]): Der {
  if (positions.length === 0) return asn1.create(UNIVERSAL, kind.BITSTRING, false, '\x00')
  const last = Math.max(...positions)
  const content = Buffer.alloc(Math.floor(last / 8) + 1)
  for (const position of positions) {
    const index = Math.floor(position / 8)
    content[index] = (content[index] ?? 0) | (0x80 >> (position % 8))
  }
  return asn1.create(UNIVERSAL, kind.BITSTRING, false, String.fromCharCode(7 - (last % 8)) + binary(content))
}

/** `[n] EXPLICIT`, or any constructed context tag. */
export const tagged = (tag: number, ...items: readonly Der[]): Der =>
  asn1.create(CONTEXT_SPECIFIC, tag, true, [...items])

/** `[n] IMPLICIT` over a primitive. */
export const taggedOctets = (tag: number, content: Uint8Array): Der =>
  asn1.create(CONTEXT_SPECIFIC, tag, false, binary(content))

/** UTCTime up to 2049, GeneralizedTime from 2050 on; whole seconds (RFC 5280 §4.1.2.5). */
export function time(at: Date): Der {
  const digits = at.toISOString().replace(/[-:T]/g, '').slice(0, 14)
  const inUtcTime = at.getUTCFullYear() >= 1950 && at.getUTCFullYear() < 2050
  if (inUtcTime) return asn1.create(UNIVERSAL, kind.UTCTIME, false, `${digits.slice(2)}Z`)
  return asn1.create(UNIVERSAL, kind.GENERALIZEDTIME, false, `${digits}Z`)
}

/** Embeds DER that we or node:crypto made (a public key, a name of our own CA) unchanged. Not for input of others. */
export function embed(der: Uint8Array): Der {
  return asn1.fromDer(forge.util.createBuffer(binary(der)))
}

export function toDer(value: Der): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1')
}

/** `-----BEGIN CERTIFICATE-----` with lines of 64 characters and no empty line at the end (OpenSSL refuses one). */
export function toPem(label: 'CERTIFICATE' | 'X509 CRL', der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

function binary(content: Uint8Array): string {
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1')
}
