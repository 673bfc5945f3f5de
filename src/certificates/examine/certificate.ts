/**
 * One certificate, read whole (RFC 5280 §4.1): what cannot be read inside an extension is kept as a problem, not
 * thrown.
 */
import { createHash } from 'node:crypto'
import { CertificateError } from './certificate-error.ts'
import {
  Tag,
  contextTag,
  DerReader,
  readBitString,
  readIntegerOctets,
  readSmallInteger,
  readTime,
  type DerTime,
} from './der.ts'
import { readDistinguishedName, sameName, type DistinguishedName } from './distinguished-name.ts'
import {
  readAccessDescriptions,
  readAuthorityKeyIdentifier,
  readBasicConstraints,
  readDistributionPoints,
  readExtensions,
  readKeyUsage,
  readNameConstraints,
  readOidList,
  readPolicies,
  readPolicyConstraints,
  readPolicyMappings,
  readSubjectKeyIdentifier,
  readTlsFeatures,
  type AccessDescription,
  type AuthorityKeyIdentifier,
  type BasicConstraints,
  type DistributionPoint,
  type Extension,
  type KeyUsage,
  type NameConstraints,
  type PolicyConstraints,
  type PolicyMapping,
} from './extensions.ts'
import { readGeneralNames, type GeneralName } from './general-name.ts'
import { readAlgorithm, readPublicKey, type AlgorithmIdentifier, type PublicKeyInfo } from './key-info.ts'
import { extensionOid } from './oids.ts'
import { serialNumber, type SerialNumber } from './serials.ts'

/** A part that could not be read, or is where it may not be. */
interface Problem {
  readonly field: string
  readonly message: string
}

export interface Certificate {
  readonly der: Buffer
  /** TBSCertificate as signed. */
  readonly signed: Buffer
  readonly signature: Buffer
  readonly version: number
  readonly serial: SerialNumber
  readonly outerAlgorithm: AlgorithmIdentifier
  readonly innerAlgorithm: AlgorithmIdentifier
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  readonly notBefore: DerTime
  readonly notAfter: DerTime
  readonly publicKey: PublicKeyInfo
  readonly subjectPublicKeyInfo: Buffer
  readonly hasUniqueIds: boolean
  readonly extensions: readonly Extension[]
  readonly basicConstraints?: BasicConstraints
  readonly keyUsage?: ReadonlySet<KeyUsage>
  /** EKU OIDs. Absent: no limit on the purpose. */
  readonly extendedKeyUsage?: readonly string[]
  readonly subjectAltNames?: readonly GeneralName[]
  readonly subjectKeyIdentifier?: string
  readonly authorityKeyIdentifier?: AuthorityKeyIdentifier
  readonly nameConstraints?: NameConstraints
  readonly distributionPoints?: readonly DistributionPoint[]
  readonly authorityInfoAccess?: readonly AccessDescription[]
  readonly policies?: readonly string[]
  readonly policyMappings?: readonly PolicyMapping[]
  readonly policyConstraints?: PolicyConstraints
  readonly inhibitAnyPolicy?: number
  readonly tlsFeatures?: readonly number[]
  readonly problems: readonly Problem[]
  /** SHA-256 over the DER, hex. */
  readonly fingerprint: string
}

/** 5,000 SANs make 120 kB; a megabyte is an attack. */
export const maxCertificateOctets = 1_048_576

/**
 * Reads one DER certificate.
 *
 * @throws CertificateError `cert.malformed`, with the offset where reading stopped
 */
export function readCertificate(der: Buffer): Certificate {
  if (der.length > maxCertificateOctets)
    throw new CertificateError('cert.malformed', `longer than ${maxCertificateOctets} octets`, 0)
  const outer = new DerReader(der)
  const certificate = outer.sequence('certificate')
  outer.end('certificate')
  const signed = certificate.take(Tag.sequence, 'tbsCertificate')
  const outerAlgorithm = readAlgorithm(certificate, 'signatureAlgorithm')
  const signature = readBitString(certificate, 'signature').octets
  certificate.end('certificate')
  const body = readBody(certificate.inside(signed))
  return {
    der,
    signed: signed.whole,
    signature,
    outerAlgorithm,
    ...body,
    fingerprint: createHash('sha256').update(der).digest('hex'),
  }
}

type Body = Omit<Certificate, 'der' | 'signed' | 'signature' | 'outerAlgorithm' | 'fingerprint'>

function readBody(fields: DerReader): Body {
  const explicit = fields.optional(contextTag(0, true), 'version')
  const version = explicit === undefined ? 1 : readSmallInteger(fields.inside(explicit), 'version') + 1
  const serial = serialNumber(readIntegerOctets(fields, 'serialNumber'))
  const innerAlgorithm = readAlgorithm(fields, 'signature')
  const issuer = readDistinguishedName(fields, 'issuer')
  const validity = fields.sequence('validity')
  const notBefore = readTime(validity, 'notBefore')
  const notAfter = readTime(validity, 'notAfter')
  validity.end('validity')
  const subject = readDistinguishedName(fields, 'subject')
  const key = readPublicKey(fields)
  const issuerId = fields.optional(contextTag(1), 'issuerUniqueID')
  const subjectId = fields.optional(contextTag(2), 'subjectUniqueID')
  const list = fields.optional(contextTag(3, true), 'extensions')
  fields.end('tbsCertificate')
  const extensions = list === undefined ? [] : readExtensions(fields.inside(list).sequence('extensions'), 'extension')
  return {
    version,
    serial,
    innerAlgorithm,
    issuer,
    subject,
    notBefore,
    notAfter,
    publicKey: key.info,
    subjectPublicKeyInfo: key.whole,
    hasUniqueIds: issuerId !== undefined || subjectId !== undefined,
    extensions,
    ...readKnown(extensions),
  }
}

type Known = Partial<
  Pick<
    Body,
    | 'basicConstraints'
    | 'keyUsage'
    | 'extendedKeyUsage'
    | 'subjectAltNames'
    | 'subjectKeyIdentifier'
    | 'authorityKeyIdentifier'
    | 'nameConstraints'
    | 'distributionPoints'
    | 'authorityInfoAccess'
    | 'policies'
    | 'policyMappings'
    | 'policyConstraints'
    | 'inhibitAnyPolicy'
    | 'tlsFeatures'
  >
>

/** How each extension is read into its field. */
const readers: ReadonlyMap<string, { readonly name: string; readonly read: (reader: DerReader) => Known }> = new Map([
  [
    extensionOid.authorityKeyIdentifier,
    {
      name: 'authorityKeyIdentifier',
      read: (reader: DerReader): Known => ({ authorityKeyIdentifier: readAuthorityKeyIdentifier(reader) }),
    },
  ],
  [
    extensionOid.subjectKeyIdentifier,
    {
      name: 'subjectKeyIdentifier',
      read: (reader: DerReader): Known => ({ subjectKeyIdentifier: readSubjectKeyIdentifier(reader) }),
    },
  ],
  [
    extensionOid.keyUsage,
    { name: 'keyUsage', read: (reader: DerReader): Known => ({ keyUsage: readKeyUsage(reader) }) },
  ],
  [
    extensionOid.certificatePolicies,
    { name: 'certificatePolicies', read: (reader: DerReader): Known => ({ policies: readPolicies(reader) }) },
  ],
  [
    extensionOid.policyMappings,
    { name: 'policyMappings', read: (reader: DerReader): Known => ({ policyMappings: readPolicyMappings(reader) }) },
  ],
  [
    extensionOid.subjectAltName,
    {
      name: 'subjectAltName',
      read: (reader: DerReader): Known => ({
        subjectAltNames: readGeneralNames(reader.sequence('subjectAltName'), 'subjectAltName'),
      }),
    },
  ],
  [
    extensionOid.basicConstraints,
    {
      name: 'basicConstraints',
      read: (reader: DerReader): Known => ({ basicConstraints: readBasicConstraints(reader) }),
    },
  ],
  [
    extensionOid.nameConstraints,
    { name: 'nameConstraints', read: (reader: DerReader): Known => ({ nameConstraints: readNameConstraints(reader) }) },
  ],
  [
    extensionOid.policyConstraints,
    {
      name: 'policyConstraints',
      read: (reader: DerReader): Known => ({ policyConstraints: readPolicyConstraints(reader) }),
    },
  ],
  [
    extensionOid.extendedKeyUsage,
    {
      name: 'extendedKeyUsage',
      read: (reader: DerReader): Known => ({ extendedKeyUsage: readOidList(reader, 'extendedKeyUsage') }),
    },
  ],
  [
    extensionOid.crlDistributionPoints,
    {
      name: 'cRLDistributionPoints',
      read: (reader: DerReader): Known => ({ distributionPoints: readDistributionPoints(reader) }),
    },
  ],
  [
    extensionOid.inhibitAnyPolicy,
    {
      name: 'inhibitAnyPolicy',
      read: (reader: DerReader): Known => ({ inhibitAnyPolicy: readSmallInteger(reader, 'inhibitAnyPolicy') }),
    },
  ],
  [
    extensionOid.authorityInfoAccess,
    {
      name: 'authorityInfoAccess',
      read: (reader: DerReader): Known => ({ authorityInfoAccess: readAccessDescriptions(reader) }),
    },
  ],
  [
    extensionOid.tlsFeature,
    { name: 'tlsFeature', read: (reader: DerReader): Known => ({ tlsFeatures: readTlsFeatures(reader) }) },
  ],
])

/** Extensions that are processed here; every other one must not be critical (RFC 5280 §4.2). */
export function isKnownExtension(oid: string): boolean {
  return readers.has(oid)
}

export function extensionName(oid: string): string {
  return readers.get(oid)?.name ?? oid
}

function readKnown(extensions: readonly Extension[]): Known & { readonly problems: readonly Problem[] } {
  let known: Known = {}
  const problems: Problem[] = []
  const seen = new Set<string>()
  for (const extension of extensions) {
    const field = extensionName(extension.oid)
    if (seen.has(extension.oid)) problems.push({ field, message: 'the extension is there twice' })
    seen.add(extension.oid)
    const reader = readers.get(extension.oid)
    if (reader === undefined) continue
    const value = readValue(extension, reader.read)
    if ('problem' in value) problems.push({ field, message: value.problem })
    else known = { ...known, ...value.known }
  }
  return { ...known, problems }
}

/** A broken extension must not hide the other faults of its certificate, so it becomes a problem. */
function readValue(
  extension: Extension,
  read: (reader: DerReader) => Known,
): { readonly known: Known } | { readonly problem: string } {
  const reader = new DerReader(extension.value, 'cert.malformed', extension.offset)
  try {
    const known = read(reader)
    reader.end('extension value')
    return { known }
  } catch (error) {
    if (error instanceof Error) return { problem: error.message }
    throw error
  }
}

export function isSelfIssued(certificate: Certificate): boolean {
  return sameName(certificate.issuer, certificate.subject)
}

export function sameCertificate(one: Certificate, other: Certificate): boolean {
  return one.fingerprint === other.fingerprint
}

/** The extension with this OID; the first when it is there twice. */
export function findExtension(certificate: Certificate, oid: string): Extension | undefined {
  return certificate.extensions.find((extension) => extension.oid === oid)
}
