/** Public keys and signature algorithms by their identifiers, without trusting OpenSSL to say them. */
import { Tag, DerReader, readIntegerOctets, readOid, readBitString, contextTag, readSmallInteger } from './der.ts'

export type PublicKeyInfo =
  | { readonly kind: 'rsa'; readonly bits: number }
  | { readonly kind: 'ec'; readonly curve: string }
  /** Curve parameters written out instead of named: forbidden by RFC 5480 §2.1.1 and the door of CVE-2020-0601. */
  | { readonly kind: 'ec-explicit' }
  | { readonly kind: 'dsa'; readonly bits: number }
  | { readonly kind: 'edwards'; readonly curve: 'ed25519' | 'ed448' }
  | { readonly kind: 'ml-dsa'; readonly name: string }
  | { readonly kind: 'unknown'; readonly oid: string }

export interface AlgorithmIdentifier {
  readonly oid: string
  /** The whole AlgorithmIdentifier, to compare the inner with the outer one octet by octet. */
  readonly whole: Buffer
  /** The parameters as encoded; absent when there are none. */
  readonly parameters?: Buffer
}

const curves: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10045.3.1.1', 'P-192'],
  ['1.3.132.0.33', 'P-224'],
  ['1.2.840.10045.3.1.7', 'P-256'],
  ['1.3.132.0.34', 'P-384'],
  ['1.3.132.0.35', 'P-521'],
  ['1.3.132.0.10', 'secp256k1'],
  ['1.3.36.3.3.2.8.1.1.7', 'brainpoolP256r1'],
])

const mlDsa: ReadonlyMap<string, string> = new Map([
  ['2.16.840.1.101.3.4.3.17', 'ML-DSA-44'],
  ['2.16.840.1.101.3.4.3.18', 'ML-DSA-65'],
  ['2.16.840.1.101.3.4.3.19', 'ML-DSA-87'],
])

export function readAlgorithm(reader: DerReader, what: string): AlgorithmIdentifier {
  const element = reader.take(Tag.sequence, what)
  const inside = reader.inside(element)
  const oid = readOid(inside, what)
  const parameters = inside.done ? undefined : inside.any(`${what} parameters`).whole
  inside.end(what)
  return { oid, whole: element.whole, ...(parameters === undefined ? {} : { parameters }) }
}

/** Reads SubjectPublicKeyInfo; `whole` is what `crypto.createPublicKey` takes. */
export function readPublicKey(reader: DerReader): { readonly info: PublicKeyInfo; readonly whole: Buffer } {
  const element = reader.take(Tag.sequence, 'subjectPublicKeyInfo')
  const inside = reader.inside(element)
  const algorithm = readAlgorithm(inside, 'key algorithm')
  const key = readBitString(inside, 'public key')
  inside.end('subjectPublicKeyInfo')
  return { info: keyInfo(algorithm, key.octets), whole: element.whole }
}

/** `RSA 2048`, `EC P-256`: as a fault shows it. */
export function keyText(key: PublicKeyInfo): string {
  switch (key.kind) {
    case 'rsa':
      return `RSA ${key.bits}`
    case 'dsa':
      return `DSA ${key.bits}`
    case 'ec':
      return `EC ${key.curve}`
    case 'ec-explicit':
      return 'EC with explicit parameters'
    case 'edwards':
      return key.curve
    case 'ml-dsa':
      return key.name
    case 'unknown':
      return `algorithm ${key.oid}`
    default:
      return key satisfies never
  }
}

function keyInfo(algorithm: AlgorithmIdentifier, key: Buffer): PublicKeyInfo {
  const { oid, parameters } = algorithm
  switch (oid) {
    case '1.2.840.113549.1.1.1':
    case '1.2.840.113549.1.1.10':
      return { kind: 'rsa', bits: rsaBits(key) }
    case '1.2.840.10040.4.1':
      return { kind: 'dsa', bits: parameters === undefined ? 0 : firstIntegerBits(parameters) }
    case '1.2.840.10045.2.1':
      return curveOf(parameters)
    case '1.3.101.112':
      return { kind: 'edwards', curve: 'ed25519' }
    case '1.3.101.113':
      return { kind: 'edwards', curve: 'ed448' }
    default: {
      const name = mlDsa.get(oid)
      return name === undefined ? { kind: 'unknown', oid } : { kind: 'ml-dsa', name }
    }
  }
}

function curveOf(parameters: Buffer | undefined): PublicKeyInfo {
  if (parameters === undefined || parameters[0] !== Tag.oid) return { kind: 'ec-explicit' }
  const oid = readOid(new DerReader(parameters), 'curve')
  return { kind: 'ec', curve: curves.get(oid) ?? oid }
}

/** Bits of the modulus; a key that is no RSAPublicKey has none, and no signature will verify with it. */
function rsaBits(key: Buffer): number {
  return key[0] === Tag.sequence ? firstIntegerBits(key) : 0
}

function firstIntegerBits(sequence: Buffer): number {
  const octets = readIntegerOctets(new DerReader(sequence).sequence('key'), 'key')
  const first = octets.findIndex((octet) => octet !== 0)
  if (first < 0) return 0
  return (octets.length - first - 1) * 8 + (32 - Math.clz32(octets[first] ?? 0))
}

/** How to verify one signature algorithm. `keys` are the key types that may have made it. */
export interface SignatureScheme {
  readonly name: string
  /** The digest `crypto.verify` wants; absent where the algorithm brings its own. */
  readonly digest?: string
  readonly keys: PublicKeyInfo['kind']
  readonly padding?: 'pss'
  readonly saltLength?: number
}

/** RFC 3279, 4055, 5758, 8410, 9881, by OID. */
const schemes: ReadonlyMap<string, SignatureScheme> = new Map([
  ['1.2.840.113549.1.1.4', { name: 'RSA_WITH_MD5', digest: 'md5', keys: 'rsa' }],
  ['1.2.840.113549.1.1.5', { name: 'RSA_WITH_SHA1', digest: 'sha1', keys: 'rsa' }],
  ['1.2.840.113549.1.1.14', { name: 'RSA_WITH_SHA224', digest: 'sha224', keys: 'rsa' }],
  ['1.2.840.113549.1.1.11', { name: 'RSA_WITH_SHA256', digest: 'sha256', keys: 'rsa' }],
  ['1.2.840.113549.1.1.12', { name: 'RSA_WITH_SHA384', digest: 'sha384', keys: 'rsa' }],
  ['1.2.840.113549.1.1.13', { name: 'RSA_WITH_SHA512', digest: 'sha512', keys: 'rsa' }],
  ['2.16.840.1.101.3.4.3.14', { name: 'RSA_WITH_SHA3_256', digest: 'sha3-256', keys: 'rsa' }],
  ['2.16.840.1.101.3.4.3.15', { name: 'RSA_WITH_SHA3_384', digest: 'sha3-384', keys: 'rsa' }],
  ['2.16.840.1.101.3.4.3.16', { name: 'RSA_WITH_SHA3_512', digest: 'sha3-512', keys: 'rsa' }],
  ['1.2.840.10045.4.1', { name: 'ECDSA_WITH_SHA1', digest: 'sha1', keys: 'ec' }],
  ['1.2.840.10045.4.3.1', { name: 'ECDSA_WITH_SHA224', digest: 'sha224', keys: 'ec' }],
  ['1.2.840.10045.4.3.2', { name: 'ECDSA_WITH_SHA256', digest: 'sha256', keys: 'ec' }],
  ['1.2.840.10045.4.3.3', { name: 'ECDSA_WITH_SHA384', digest: 'sha384', keys: 'ec' }],
  ['1.2.840.10045.4.3.4', { name: 'ECDSA_WITH_SHA512', digest: 'sha512', keys: 'ec' }],
  ['2.16.840.1.101.3.4.3.10', { name: 'ECDSA_WITH_SHA3_256', digest: 'sha3-256', keys: 'ec' }],
  ['2.16.840.1.101.3.4.3.11', { name: 'ECDSA_WITH_SHA3_384', digest: 'sha3-384', keys: 'ec' }],
  ['2.16.840.1.101.3.4.3.12', { name: 'ECDSA_WITH_SHA3_512', digest: 'sha3-512', keys: 'ec' }],
  ['1.2.840.10040.4.3', { name: 'DSA_WITH_SHA1', digest: 'sha1', keys: 'dsa' }],
  ['2.16.840.1.101.3.4.3.1', { name: 'DSA_WITH_SHA224', digest: 'sha224', keys: 'dsa' }],
  ['2.16.840.1.101.3.4.3.2', { name: 'DSA_WITH_SHA256', digest: 'sha256', keys: 'dsa' }],
  ['2.16.840.1.101.3.4.3.3', { name: 'DSA_WITH_SHA384', digest: 'sha384', keys: 'dsa' }],
  ['2.16.840.1.101.3.4.3.4', { name: 'DSA_WITH_SHA512', digest: 'sha512', keys: 'dsa' }],
  ['1.3.101.112', { name: 'ED25519', keys: 'edwards' }],
  ['1.3.101.113', { name: 'ED448', keys: 'edwards' }],
  ...[...mlDsa].map(([oid, name]): [string, SignatureScheme] => [oid, { name, keys: 'ml-dsa' }]),
])

const digestOids: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.4', 'sha224'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
])

/** The scheme of a signature; absent for one that is not known here. */
export function signatureScheme(algorithm: AlgorithmIdentifier): SignatureScheme | undefined {
  if (algorithm.oid === '1.2.840.113549.1.1.10') return pssScheme(algorithm.parameters)
  return schemes.get(algorithm.oid)
}

/** RSASSA-PSS-params (RFC 4055 §3.1); the defaults are SHA-1 and 20. */
function pssScheme(parameters: Buffer | undefined): SignatureScheme | undefined {
  if (parameters === undefined) return undefined
  const inside = new DerReader(parameters).sequence('PSS parameters')
  const hash = inside.optional(contextTag(0, true), 'PSS hash')
  const mask = inside.optional(contextTag(1, true), 'PSS mask generation')
  const salt = inside.optional(contextTag(2, true), 'PSS salt length')
  const digest = hash === undefined ? 'sha1' : digestOids.get(readAlgorithm(inside.inside(hash), 'PSS hash').oid)
  const saltLength = salt === undefined ? 20 : readSmallInteger(inside.inside(salt), 'PSS salt length')
  if (digest === undefined || (mask === undefined && digest !== 'sha1')) return undefined
  return { name: 'RSASSA_PSS', digest, keys: 'rsa', padding: 'pss', saltLength }
}
