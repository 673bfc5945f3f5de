/** The extensions of certificates and CRLs (RFC 5280 §4.2, §5.2), one function each, in the order of the RFC. */
import { serialNumber } from './serials.ts'
import {
  Tag,
  contextTag,
  type DerReader,
  readBitString,
  readBoolean,
  readIntegerOctets,
  readOid,
  readSmallInteger,
} from './der.ts'
import { readGeneralName, readGeneralNames, type GeneralName } from './general-name.ts'

export interface Extension {
  readonly oid: string
  readonly critical: boolean
  /** The content of the extnValue OCTET STRING. */
  readonly value: Buffer
  readonly offset: number
}

const maxExtensions = 128

/** `Extensions`: at least one (RFC 5280 §4.1.2.9). */
export function readExtensions(list: DerReader, what: string): readonly Extension[] {
  const extensions: Extension[] = []
  while (!list.done) {
    const fields = list.sequence(what)
    const oid = readOid(fields, `${what} id`)
    const critical = fields.nextTag === Tag.boolean && readBoolean(fields, `${what} criticality`)
    const value = fields.take(Tag.octetString, `${what} value`)
    fields.end(what)
    extensions.push({ oid, critical, value: value.content, offset: value.offset })
    if (extensions.length > maxExtensions) throw list.error(`more than ${maxExtensions} extensions`)
  }
  if (extensions.length === 0) throw list.error('the list of extensions is empty')
  return extensions
}

export interface AuthorityKeyIdentifier {
  readonly keyIdentifier?: string
  readonly hasIssuer: boolean
  readonly hasSerial: boolean
  /** Of the certificate of the issuer, as `SerialNumber.hex`. */
  readonly serial?: string
}

export function readAuthorityKeyIdentifier(reader: DerReader): AuthorityKeyIdentifier {
  const fields = reader.sequence('authorityKeyIdentifier')
  const key = fields.optional(contextTag(0), 'keyIdentifier')
  const issuer = fields.optional(contextTag(1, true), 'authorityCertIssuer')
  const serial = fields.optional(contextTag(2), 'authorityCertSerialNumber')
  fields.end('authorityKeyIdentifier')
  return {
    ...(key === undefined ? {} : { keyIdentifier: key.content.toString('hex') }),
    hasIssuer: issuer !== undefined,
    hasSerial: serial !== undefined,
    ...(serial === undefined ? {} : { serial: serialNumber(serial.content).hex }),
  }
}

export function readSubjectKeyIdentifier(reader: DerReader): string {
  return reader.take(Tag.octetString, 'subjectKeyIdentifier').content.toString('hex')
}

export type KeyUsage =
  | 'digitalSignature'
  | 'contentCommitment'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly'

const keyUsages: readonly KeyUsage[] = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
]

export function readKeyUsage(reader: DerReader): ReadonlySet<KeyUsage> {
  const { octets } = readBitString(reader, 'keyUsage')
  return new Set(keyUsages.filter((_, bit) => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0))
}

export interface BasicConstraints {
  readonly ca: boolean
  /** CAs that may follow below this one, self-issued ones not counted. Absent: no limit. */
  readonly pathLength?: number
}

export function readBasicConstraints(reader: DerReader): BasicConstraints {
  const fields = reader.sequence('basicConstraints')
  const ca = fields.nextTag === Tag.boolean && readBoolean(fields, 'cA')
  const pathLength = fields.done ? undefined : readSmallInteger(fields, 'pathLenConstraint')
  fields.end('basicConstraints')
  return { ca, ...(pathLength === undefined ? {} : { pathLength }) }
}

export interface Subtree {
  readonly base: GeneralName
  /** False when minimum or maximum is present, which RFC 5280 §4.2.1.10 forbids. */
  readonly plain: boolean
}

export interface NameConstraints {
  /** Absent: everything is permitted. */
  readonly permitted?: readonly Subtree[]
  readonly excluded?: readonly Subtree[]
}

export function readNameConstraints(reader: DerReader): NameConstraints {
  const fields = reader.sequence('nameConstraints')
  const permitted = fields.optional(contextTag(0, true), 'permittedSubtrees')
  const excluded = fields.optional(contextTag(1, true), 'excludedSubtrees')
  fields.end('nameConstraints')
  return {
    ...(permitted === undefined ? {} : { permitted: readSubtrees(fields.inside(permitted)) }),
    ...(excluded === undefined ? {} : { excluded: readSubtrees(fields.inside(excluded)) }),
  }
}

const maxSubtrees = 10_000

function readSubtrees(list: DerReader): readonly Subtree[] {
  const subtrees: Subtree[] = []
  while (!list.done) {
    const fields = list.sequence('subtree')
    const base = readGeneralName(fields, 'subtree')
    subtrees.push({ base, plain: fields.done })
    if (subtrees.length > maxSubtrees) throw list.error(`more than ${maxSubtrees} name constraints`)
  }
  return subtrees
}

export interface DistributionPoint {
  /** Absent: named relative to the CRL issuer, or not at all. */
  readonly names?: readonly GeneralName[]
  readonly relative: boolean
  readonly hasReasons: boolean
  readonly crlIssuer?: readonly GeneralName[]
}

export function readDistributionPoints(reader: DerReader): readonly DistributionPoint[] {
  const list = reader.sequence('cRLDistributionPoints')
  const points: DistributionPoint[] = []
  while (!list.done) points.push(readDistributionPoint(list.sequence('distribution point')))
  if (points.length === 0) throw list.error('cRLDistributionPoints is empty')
  return points
}

function readDistributionPoint(fields: DerReader): DistributionPoint {
  const point = fields.optional(contextTag(0, true), 'distributionPoint')
  const reasons = fields.optional(contextTag(1), 'reasons')
  const issuer = fields.optional(contextTag(2, true), 'cRLIssuer')
  fields.end('distribution point')
  return {
    ...pointName(fields, point),
    hasReasons: reasons !== undefined,
    ...(issuer === undefined ? {} : { crlIssuer: readGeneralNames(fields.inside(issuer), 'cRLIssuer') }),
  }
}

/** DistributionPointName is a choice, so its tag is explicit. */
function pointName(
  fields: DerReader,
  point: ReturnType<DerReader['optional']>,
): { names?: readonly GeneralName[]; relative: boolean } {
  if (point === undefined) return { relative: false }
  const choice = fields.inside(point)
  if (choice.nextTag === contextTag(1, true)) return { relative: true }
  return {
    names: readGeneralNames(choice.inside(choice.take(contextTag(0, true), 'fullName')), 'fullName'),
    relative: false,
  }
}

export interface AccessDescription {
  readonly method: string
  readonly location: GeneralName
}

export function readAccessDescriptions(reader: DerReader): readonly AccessDescription[] {
  const list = reader.sequence('authorityInfoAccess')
  const descriptions: AccessDescription[] = []
  while (!list.done) {
    const fields = list.sequence('access description')
    descriptions.push({ method: readOid(fields, 'accessMethod'), location: readGeneralName(fields, 'accessLocation') })
    fields.end('access description')
  }
  if (descriptions.length === 0) throw list.error('authorityInfoAccess is empty')
  return descriptions
}

/** One or more OIDs: extendedKeyUsage. */
export function readOidList(reader: DerReader, what: string): readonly string[] {
  const list = reader.sequence(what)
  const oids: string[] = []
  while (!list.done) oids.push(readOid(list, what))
  if (oids.length === 0) throw list.error(`${what} is empty`)
  return oids
}

/** Policy OIDs; qualifiers are passed over. */
export function readPolicies(reader: DerReader): readonly string[] {
  const list = reader.sequence('certificatePolicies')
  const oids: string[] = []
  while (!list.done) oids.push(readOid(list.sequence('policy'), 'policy'))
  if (oids.length === 0) throw list.error('certificatePolicies is empty')
  if (new Set(oids).size !== oids.length) throw list.error('certificatePolicies names one policy twice')
  return oids
}

export interface PolicyMapping {
  readonly issuer: string
  readonly subject: string
}

export function readPolicyMappings(reader: DerReader): readonly PolicyMapping[] {
  const list = reader.sequence('policyMappings')
  const mappings: PolicyMapping[] = []
  while (!list.done) {
    const pair = list.sequence('policy mapping')
    mappings.push({ issuer: readOid(pair, 'issuerDomainPolicy'), subject: readOid(pair, 'subjectDomainPolicy') })
  }
  if (mappings.length === 0) throw list.error('policyMappings is empty')
  return mappings
}

export interface PolicyConstraints {
  readonly requireExplicit?: number
  readonly inhibitMapping?: number
}

export function readPolicyConstraints(reader: DerReader): PolicyConstraints {
  const fields = reader.sequence('policyConstraints')
  const explicit =
    fields.nextTag === contextTag(0) ? readSmallInteger(fields, 'requireExplicitPolicy', contextTag(0)) : undefined
  const mapping =
    fields.nextTag === contextTag(1) ? readSmallInteger(fields, 'inhibitPolicyMapping', contextTag(1)) : undefined
  fields.end('policyConstraints')
  if (explicit === undefined && mapping === undefined) throw fields.error('policyConstraints is empty')
  return {
    ...(explicit === undefined ? {} : { requireExplicit: explicit }),
    ...(mapping === undefined ? {} : { inhibitMapping: mapping }),
  }
}

/** TLS features (RFC 7633): 5 is status_request, known as must-staple. */
export function readTlsFeatures(reader: DerReader): readonly number[] {
  const list = reader.sequence('tlsFeature')
  const features: number[] = []
  while (!list.done) features.push(readSmallInteger(list, 'tlsFeature'))
  return features
}

export interface IssuingDistributionPoint {
  readonly names?: readonly GeneralName[]
  readonly relative: boolean
  readonly onlyUser: boolean
  readonly onlyCa: boolean
  readonly onlyAttribute: boolean
  readonly someReasons: boolean
  readonly indirect: boolean
}

export function readIssuingDistributionPoint(reader: DerReader): IssuingDistributionPoint {
  const fields = reader.sequence('issuingDistributionPoint')
  const point = fields.optional(contextTag(0, true), 'distributionPoint')
  const flag = (number: number): boolean => fields.optional(contextTag(number), 'flag')?.content[0] === 0xff
  const onlyUser = flag(1)
  const onlyCa = flag(2)
  const someReasons = fields.optional(contextTag(3), 'onlySomeReasons') !== undefined
  const indirect = flag(4)
  const onlyAttribute = flag(5)
  fields.end('issuingDistributionPoint')
  return { ...pointName(fields, point), onlyUser, onlyCa, someReasons, indirect, onlyAttribute }
}

/** CRL numbers are up to 20 octets (RFC 5280 §5.2.3); as hex. */
export function readCrlNumber(reader: DerReader): string {
  return readIntegerOctets(reader, 'cRLNumber').toString('hex')
}
