/** Certificates and CRLs of a PKCS #7 bundle (RFC 2315 §9, RFC 5652 §5): `.p7b`, `.p7c`, `.spc`. */
import { contextTag, DerReader, readOid, Tag } from '../examine/der.ts'
import { berToDer } from './ber.ts'

export interface Pkcs7 {
  /** DER, in the order of the bundle, which says nothing about the order of the chain. */
  readonly certificates: readonly Buffer[]
  readonly crls: readonly Buffer[]
}

const signedData = '1.2.840.113549.1.7.2'

/**
 * Reads a bundle; what it signs, if anything, is not looked at.
 *
 * @throws CertificateError `file.corrupt` for what is no SignedData
 */
export function readPkcs7(octets: Buffer): Pkcs7 {
  const der = berToDer(octets, 'file.corrupt')
  const info = new DerReader(der, 'file.corrupt').sequence('ContentInfo')
  const kind = readOid(info, 'contentType')
  if (kind !== signedData) throw info.error(`contentType ${kind}, wanted signedData`)
  const signed = info.inside(info.take(contextTag(0, true), 'content')).sequence('SignedData')
  signed.take(Tag.integer, 'version')
  signed.take(Tag.set, 'digestAlgorithms')
  signed.take(Tag.sequence, 'contentInfo')
  const certificates = signed.optional(contextTag(0, true), 'certificates')
  const crls = signed.optional(contextTag(1, true), 'crls')
  return {
    certificates: certificates === undefined ? [] : members(signed.inside(certificates)),
    crls: crls === undefined ? [] : members(signed.inside(crls)),
  }
}

/** Attribute certificates and other choices have context tags and are passed over. */
function members(set: DerReader): readonly Buffer[] {
  const found: Buffer[] = []
  while (!set.done) {
    const { tag, whole } = set.any('member')
    if (tag === Tag.sequence) found.push(whole)
  }
  return found
}
