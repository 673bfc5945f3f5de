/**
 * Certificates and CRLs from plain data, signed by node:crypto. Every field can be wrong on purpose. RFC 5280 §4.1,
 * §5.1.
 */
import { randomBytes, sign, type X509Certificate, type KeyObject } from 'node:crypto'
import {
  bits,
  boolean,
  type Der,
  embed,
  enumerated,
  integer,
  integerHex,
  nothing,
  octets,
  oid,
  printable,
  sequence,
  set,
  tagged,
  time,
  toDer,
  utf8,
} from './der.ts'
import { authorityKeyId, extension, type Extension } from './extensions.ts'
import { publicHalf } from './keys.ts'

/** `[['O', 'siplab'], ['CN', 'fe1.lab.test']]`, in the order of the certificate. Empty: no subject. */
export type DistinguishedName = readonly (readonly [attribute: 'C' | 'O' | 'OU' | 'CN', value: string])[]

export type Digest = 'sha256' | 'sha384' | 'sha1' | 'md5'

export interface CertificateContent {
  /** Hex; random when absent. A first octet above 7f makes a negative number. */
  readonly serial?: string
  readonly subject: DistinguishedName
  /** Cut to whole seconds. */
  readonly notBefore: Date
  readonly notAfter: Date
  /** The key the certificate is for; its private half may be given. */
  readonly key: KeyObject
  readonly extensions: readonly Extension[]
  /** 3 when absent. Version 1 leaves the extensions out. */
  readonly version?: 1 | 3
}

export interface Signer {
  readonly name: DistinguishedName | Der
  readonly key: KeyObject
  /** SHA-256 when absent; Ed25519 has none. */
  readonly digest?: Digest
  /** True: one bit of the signature is turned over. */
  readonly wrongSignature?: boolean
}

/** 16 random octets, the first from 01 to 7f: positive, never shortened, not to be guessed. */
export function randomSerial(): string {
  const serial = randomBytes(16)
  serial[0] = 1 + ((serial[0] ?? 0) % 0x7f)
  return serial.toString('hex')
}

/** One certificate as DER. */
export function writeCertificate(content: CertificateContent, signer: Signer): Buffer {
  const version = content.version ?? 3
  const body = sequence(
    ...(version === 3 ? [tagged(0, integer(2))] : []),
    integerHex(content.serial ?? randomSerial()),
    signatureAlgorithm(signer),
    distinguishedName(signer.name),
    sequence(time(content.notBefore), time(content.notAfter)),
    distinguishedName(content.subject),
    embed(publicHalf(content.key).export({ type: 'spki', format: 'der' })),
    ...(version === 3 && content.extensions.length > 0
      ? [tagged(3, sequence(...content.extensions.map(extensionDer)))]
      : []),
  )
  return signed(body, signer)
}

/** RFC 5280 §5.3.1; 7 is not used. */
export type RevocationReason =
  | 'unspecified'
  | 'keyCompromise'
  | 'cACompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation'
  | 'certificateHold'

const reasonNumbers: Readonly<Record<RevocationReason, number>> = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
}

export interface RevokedCertificate {
  /** Hex, as in the certificate. */
  readonly serial: string
  readonly at: Date
  /** Left out of the CRL when absent. */
  readonly reason?: RevocationReason
}

export interface CrlContent {
  readonly number: number
  readonly thisUpdate: Date
  /** Absent: the CRL never goes stale. */
  readonly nextUpdate?: Date
  readonly revoked: readonly RevokedCertificate[]
}

/** One CRL as DER; as PEM its label is `X509 CRL`, which OpenSSL insists on. */
export function writeCrl(content: CrlContent, signer: Signer): Buffer {
  const body = sequence(
    integer(1),
    signatureAlgorithm(signer),
    distinguishedName(signer.name),
    time(content.thisUpdate),
    ...(content.nextUpdate === undefined ? [] : [time(content.nextUpdate)]),
    ...(content.revoked.length === 0 ? [] : [sequence(...content.revoked.map(revokedEntry))]),
    tagged(
      0,
      sequence(
        extensionDer(authorityKeyId(signer.key)),
        extensionDer(extension('2.5.29.20', false, integer(content.number))),
      ),
    ),
  )
  return signed(body, signer)
}

/** The subject of one of our own CA certificates, octet for octet, for use as issuer. */
export function subjectOf(certificate: X509Certificate): Der {
  const body = firstSequence(embed(certificate.raw))
  const subject = body[5]
  if (subject === undefined) throw new TypeError('not a certificate of version 3')
  return subject
}

function firstSequence(certificate: Der): readonly Der[] {
  const [body] = certificate.value as Der[]
  return (body?.value ?? []) as Der[]
}

function signed(body: Der, signer: Signer): Buffer {
  const digest = signer.key.asymmetricKeyType === 'ed25519' ? undefined : (signer.digest ?? 'sha256')
  const signature = sign(digest, toDer(body), signer.key)
  if (signer.wrongSignature === true) flipLastBit(signature)
  return toDer(sequence(body, signatureAlgorithm(signer), bits(signature)))
}

/** The last bit of an ECDSA or RSA signature can change without breaking its form. */
function flipLastBit(signature: Buffer): void {
  const last = signature.length - 1
  signature[last] = (signature[last] ?? 0) ^ 1
}

const algorithmIds: Readonly<Record<'rsa' | 'ec', Readonly<Record<Digest, string | undefined>>>> = {
  rsa: {
    sha256: '1.2.840.113549.1.1.11',
    sha384: '1.2.840.113549.1.1.12',
    sha1: '1.2.840.113549.1.1.5',
    md5: '1.2.840.113549.1.1.4',
  },
  ec: { sha256: '1.2.840.10045.4.3.2', sha384: '1.2.840.10045.4.3.3', sha1: '1.2.840.10045.4.1', md5: undefined },
}

function signatureAlgorithm({ key, digest = 'sha256' }: Signer): Der {
  const type = key.asymmetricKeyType
  if (type === 'ed25519') return sequence(oid('1.3.101.112'))
  if (type !== 'rsa' && type !== 'ec')
    throw new TypeError(`certificates are signed with RSA, EC or Ed25519 keys, not ${String(type)}`)
  const id = algorithmIds[type][digest]
  if (id === undefined) throw new TypeError(`there is no signature of ${digest} with an ${type} key`)
  return type === 'rsa' ? sequence(oid(id), nothing()) : sequence(oid(id))
}

const attributeIds = { C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' } as const

function distinguishedName(name: DistinguishedName | Der): Der {
  if (!isPlainName(name)) return name
  return sequence(
    ...name.map(([attribute, value]) =>
      set(sequence(oid(attributeIds[attribute]), attribute === 'C' ? printable(value) : utf8(value))),
    ),
  )
}

function isPlainName(name: DistinguishedName | Der): name is DistinguishedName {
  return Array.isArray(name)
}

function extensionDer({ id, critical, value }: Extension): Der {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value))
}

function revokedEntry({ serial, at, reason }: RevokedCertificate): Der {
  const extensions =
    reason === undefined
      ? []
      : [sequence(extensionDer(extension('2.5.29.21', false, enumerated(reasonNumbers[reason]))))]
  return sequence(integerHex(serial), time(at), ...extensions)
}
