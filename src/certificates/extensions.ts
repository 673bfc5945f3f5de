/** Certificate extensions, each from plain data to one `{ id, critical, value }`. RFC 5280 §4.2. */
import { createHash, type KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import type { Purpose } from './certificate-request.ts'
import { boolean, type Der, integer, namedBits, octets, oid, sequence, tagged, taggedOctets, toDer } from './der.ts'
import { publicHalf } from './keys.ts'

export interface Extension {
  /** Dotted, e.g. `2.5.29.17`. */
  readonly id: string
  readonly critical: boolean
  /** DER of the extension value, before it is wrapped into the OCTET STRING. */
  readonly value: Uint8Array
}

export type GeneralName =
  | { readonly kind: 'dns'; readonly value: string }
  | { readonly kind: 'uri'; readonly value: string }
  | { readonly kind: 'email'; readonly value: string }
  | { readonly kind: 'ip'; readonly value: string }

export type KeyUse =
  | 'digitalSignature'
  | 'nonRepudiation'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly'

const keyUseOrder: readonly KeyUse[] = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
]

const purposeIds: Readonly<Record<Purpose, string>> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  sipDomain: '1.3.6.1.5.5.7.3.20',
  any: '2.5.29.37.0',
}

/** Any extension at all, for faults. */
export function extension(id: string, critical: boolean, value: Der): Extension {
  return { id, critical, value: toDer(value) }
}

/** `basicConstraints({ ca: true, pathLength: 0 })`. */
export function basicConstraints(options: {
  readonly ca: boolean
  readonly pathLength?: number
  readonly critical?: boolean
}): Extension {
  const ca = options.ca ? [boolean(true)] : []
  const pathLength = options.pathLength === undefined ? [] : [integer(options.pathLength)]
  return extension('2.5.29.19', options.critical ?? true, sequence(...ca, ...pathLength))
}

export function keyUsage(...uses: readonly KeyUse[]): Extension {
  return extension('2.5.29.15', true, namedBits(uses.map((use) => keyUseOrder.indexOf(use))))
}

export function extendedKeyUsage(...purposes: readonly Purpose[]): Extension {
  return extension('2.5.29.37', false, sequence(...purposes.map((purpose) => oid(purposeIds[purpose]))))
}

/** @param critical true where the subject is empty (RFC 5280 §4.2.1.6) */
export function subjectAltName(names: readonly GeneralName[], critical = false): Extension {
  return extension('2.5.29.17', critical, sequence(...names.map((name) => generalName(name))))
}

/** The SHA-1 of the public key's bits, as `openssl` and everybody else has it (RFC 5280 §4.2.1.2 method 1). */
function keyId(key: KeyObject): Buffer {
  const spki = publicHalf(key).export({ type: 'spki', format: 'der' })
  return createHash('sha1').update(publicKeyBits(spki)).digest()
}

export function subjectKeyId(key: KeyObject): Extension {
  return extension('2.5.29.14', false, octets(keyId(key)))
}

export function authorityKeyId(issuerKey: KeyObject): Extension {
  return extension('2.5.29.35', false, sequence(taggedOctets(0, keyId(issuerKey))))
}

/** `crlDistributionPoint('http://pki.lab.test/internal-issuing.crl')`. */
export function crlDistributionPoint(...urls: readonly string[]): Extension {
  const names = urls.map((value) => generalName({ kind: 'uri', value }))
  return extension('2.5.29.31', false, sequence(sequence(tagged(0, tagged(0, ...names)))))
}

/** Where clients fetch the certificate of the issuer. */
export function authorityInfoAccess(options: { readonly issuerUrl?: string; readonly ocspUrl?: string }): Extension {
  const entries: readonly (readonly [string, string | undefined])[] = [
    ['1.3.6.1.5.5.7.48.1', options.ocspUrl],
    ['1.3.6.1.5.5.7.48.2', options.issuerUrl],
  ]
  const given = entries.flatMap(([id, url]) =>
    url === undefined ? [] : [sequence(oid(id), generalName({ kind: 'uri', value: url }))],
  )
  return extension('1.3.6.1.5.5.7.1.1', false, sequence(...given))
}

/**
 * `nameConstraints({ permitted: ['lab.test'], excluded: [] })`: subtrees of DNS names, or of the hosts of URIs
 * (RFC 5280 §4.2.1.10).
 */
export function nameConstraints(options: {
  readonly kind?: 'dns' | 'uri'
  readonly permitted?: readonly string[]
  readonly excluded?: readonly string[]
}): Extension {
  const { kind = 'dns' } = options
  const subtrees = (tag: number, names: readonly string[] = []): readonly Der[] =>
    names.length === 0 ? [] : [tagged(tag, ...names.map((value) => sequence(generalName({ kind, value }))))]
  return extension('2.5.29.30', true, sequence(...subtrees(0, options.permitted), ...subtrees(1, options.excluded)))
}

/** The demand for a stapled OCSP answer (RFC 7633). */
export function demandStaple(): Extension {
  return extension('1.3.6.1.5.5.7.1.24', false, sequence(integer(5)))
}

function generalName(name: GeneralName): Der {
  switch (name.kind) {
    case 'email':
      return taggedOctets(1, Buffer.from(name.value, 'latin1'))
    case 'dns':
      return taggedOctets(2, Buffer.from(name.value, 'latin1'))
    case 'uri':
      return taggedOctets(6, Buffer.from(name.value, 'latin1'))
    case 'ip':
      return taggedOctets(7, addressOctets(name.value))
    default:
      throw new TypeError(`no such general name: ${String(name satisfies never)}`)
  }
}

/** `127.0.0.1` -> 4 octets, `::1` -> 16. */
function addressOctets(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  if (isIP(address) !== 6)
    throw new TypeError(`an IP address is wanted for an IP SAN, found ${JSON.stringify(address)}`)
  return Buffer.from(
    expandIpv6(address)
      .map((group) => group.padStart(4, '0'))
      .join(''),
    'hex',
  )
}

function expandIpv6(address: string): readonly string[] {
  const hex = address.replace(
    /(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
    (_all, a, b, c, d) =>
      `${((Number(a) << 8) | Number(b)).toString(16)}:${((Number(c) << 8) | Number(d)).toString(16)}`,
  )
  const [head = '', tail] = hex.split('::')
  const left = head === '' ? [] : head.split(':')
  if (tail === undefined) return left
  const right = tail === '' ? [] : tail.split(':')
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right]
}

/** The content of the BIT STRING in a SubjectPublicKeyInfo: its last element, after one octet of unused bits. */
function publicKeyBits(spki: Buffer): Buffer {
  let at = headerLength(spki, 0)
  at += headerLength(spki, at) + contentLength(spki, at)
  return spki.subarray(at + headerLength(spki, at) + 1)
}

function headerLength(der: Buffer, at: number): number {
  const first = der[at + 1] ?? 0
  return first < 0x80 ? 2 : 2 + (first & 0x7f)
}

function contentLength(der: Buffer, at: number): number {
  const first = der[at + 1] ?? 0
  return first < 0x80 ? first : der.readUIntBE(at + 2, first & 0x7f)
}
