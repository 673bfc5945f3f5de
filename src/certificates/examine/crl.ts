/** One certificate revocation list, read whole (RFC 5280 §5.1). */
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
import { readDistinguishedName, type DistinguishedName } from './distinguished-name.ts'
import {
  readAuthorityKeyIdentifier,
  readCrlNumber,
  readExtensions,
  readIssuingDistributionPoint,
  type AuthorityKeyIdentifier,
  type Extension,
  type IssuingDistributionPoint,
} from './extensions.ts'
import { readAlgorithm, type AlgorithmIdentifier } from './key-info.ts'
import { extensionOid } from './oids.ts'
import { serialNumber } from './serials.ts'

interface RevokedEntry {
  /** Hex, as `Certificate.serial.hex`. */
  readonly serial: string
  readonly at: number
  /** CRLReason (RFC 5280 §5.3.1); absent: unspecified. */
  readonly reason?: number
  readonly criticalUnknown: boolean
}

export interface Crl {
  readonly der: Buffer
  readonly signed: Buffer
  readonly signature: Buffer
  readonly outerAlgorithm: AlgorithmIdentifier
  readonly innerAlgorithm: AlgorithmIdentifier
  readonly issuer: DistinguishedName
  readonly thisUpdate: DerTime
  /** Absent: never goes stale, which RFC 5280 §5.1.2.5 forbids. */
  readonly nextUpdate?: DerTime
  readonly revoked: ReadonlyMap<string, RevokedEntry>
  /** A serial that the list holds more than once. */
  readonly duplicate?: string
  readonly extensions: readonly Extension[]
  readonly number?: string
  readonly authorityKeyIdentifier?: AuthorityKeyIdentifier
  readonly issuingDistributionPoint?: IssuingDistributionPoint
}

/** A million entries take 40 MB; a lab's CRL has hundreds. */
const maxCrlOctets = 16 * 1_048_576

/**
 * Reads one DER CRL.
 *
 * @throws CertificateError `crl.malformed`, with the offset where reading stopped
 */
export function readCrl(der: Buffer): Crl {
  if (der.length > maxCrlOctets) throw new CertificateError('crl.malformed', `longer than ${maxCrlOctets} octets`, 0)
  const outer = new DerReader(der, 'crl.malformed')
  const list = outer.sequence('CRL')
  outer.end('CRL')
  const signed = list.take(Tag.sequence, 'tbsCertList')
  const outerAlgorithm = readAlgorithm(list, 'signatureAlgorithm')
  const signature = readBitString(list, 'signature').octets
  list.end('CRL')
  return { der, signed: signed.whole, signature, outerAlgorithm, ...readBody(list.inside(signed)) }
}

function readBody(fields: DerReader): Omit<Crl, 'der' | 'signed' | 'signature' | 'outerAlgorithm'> {
  const version = fields.nextTag === Tag.integer ? readSmallInteger(fields, 'version') : undefined
  if (version !== undefined && version !== 1) throw fields.error(`version ${version}, where only 1 (v2) may stand`)
  const innerAlgorithm = readAlgorithm(fields, 'signature')
  const issuer = readDistinguishedName(fields, 'issuer')
  const thisUpdate = readTime(fields, 'thisUpdate')
  const nextUpdate = isTime(fields.nextTag) ? readTime(fields, 'nextUpdate') : undefined
  const entries = fields.optional(Tag.sequence, 'revokedCertificates')
  const list = fields.optional(contextTag(0, true), 'crlExtensions')
  fields.end('tbsCertList')
  const extensions =
    list === undefined ? [] : readExtensions(fields.inside(list).sequence('crlExtensions'), 'CRL extension')
  return {
    innerAlgorithm,
    issuer,
    thisUpdate,
    ...(nextUpdate === undefined ? {} : { nextUpdate }),
    ...readEntries(entries === undefined ? undefined : fields.inside(entries)),
    extensions,
    ...readKnown(extensions),
  }
}

function isTime(tag: number | undefined): boolean {
  return tag === Tag.utcTime || tag === Tag.generalizedTime
}

function readEntries(list: DerReader | undefined): {
  readonly revoked: ReadonlyMap<string, RevokedEntry>
  readonly duplicate?: string
} {
  const revoked = new Map<string, RevokedEntry>()
  let duplicate: string | undefined
  while (list !== undefined && !list.done) {
    const entry = readEntry(list.sequence('revoked certificate'))
    if (revoked.has(entry.serial)) duplicate = entry.serial
    revoked.set(entry.serial, entry)
  }
  return { revoked, ...(duplicate === undefined ? {} : { duplicate }) }
}

const knownEntryExtensions: ReadonlySet<string> = new Set([extensionOid.reasonCode, extensionOid.invalidityDate])

function readEntry(fields: DerReader): RevokedEntry {
  const serial = serialNumber(readIntegerOctets(fields, 'userCertificate')).hex
  const { at } = readTime(fields, 'revocationDate')
  const extensions =
    fields.nextTag === Tag.sequence ? readExtensions(fields.sequence('crlEntryExtensions'), 'CRL entry extension') : []
  fields.end('revoked certificate')
  const reason = extensions.find(({ oid }) => oid === extensionOid.reasonCode)
  const criticalUnknown = extensions.some(({ oid, critical }) => critical && !knownEntryExtensions.has(oid))
  return {
    serial,
    at,
    criticalUnknown,
    ...(reason === undefined
      ? {}
      : {
          reason: readSmallInteger(
            new DerReader(reason.value, 'crl.malformed', reason.offset),
            'reasonCode',
            Tag.enumerated,
          ),
        }),
  }
}

function readKnown(
  extensions: readonly Extension[],
): Partial<Pick<Crl, 'number' | 'authorityKeyIdentifier' | 'issuingDistributionPoint'>> {
  const reader = (oid: string): DerReader | undefined => {
    const extension = extensions.find((candidate) => candidate.oid === oid)
    return extension === undefined ? undefined : new DerReader(extension.value, 'crl.malformed', extension.offset)
  }
  const number = reader(extensionOid.crlNumber)
  const key = reader(extensionOid.authorityKeyIdentifier)
  const point = reader(extensionOid.issuingDistributionPoint)
  return {
    ...(number === undefined ? {} : { number: readCrlNumber(number) }),
    ...(key === undefined ? {} : { authorityKeyIdentifier: readAuthorityKeyIdentifier(key) }),
    ...(point === undefined ? {} : { issuingDistributionPoint: readIssuingDistributionPoint(point) }),
  }
}
