/** A certificate signing request (PKCS #10, RFC 2986), read as far as people want to see it. */
import { contextTag, DerReader, readBitString, readOid, Tag } from '../examine/der.ts'
import { readDistinguishedName, type DistinguishedName } from '../examine/distinguished-name.ts'
import { readExtensions } from '../examine/extensions.ts'
import { readGeneralNames, type GeneralName } from '../examine/general-name.ts'
import { readAlgorithm, readPublicKey, type PublicKeyInfo } from '../examine/key-info.ts'
import { extensionOid } from '../examine/oids.ts'
import { SignatureChecker } from '../examine/signature.ts'

export interface SigningRequest {
  readonly subject: DistinguishedName
  readonly subjectAltNames: readonly GeneralName[]
  readonly publicKey: PublicKeyInfo
  readonly subjectPublicKeyInfo: Buffer
  /** The requester holds the key: the request is signed with it. */
  readonly proven: boolean
}

const extensionRequest = '1.2.840.113549.1.9.14'

/**
 * Reads one DER request.
 *
 * @throws CertificateError `file.corrupt`, with the offset where reading stopped
 */
export function readRequest(der: Buffer): SigningRequest {
  const outer = new DerReader(der, 'file.corrupt')
  const request = outer.sequence('request')
  outer.end('request')
  const signed = request.take(Tag.sequence, 'certificationRequestInfo')
  const outerAlgorithm = readAlgorithm(request, 'signatureAlgorithm')
  const signature = readBitString(request, 'signature').octets
  const info = request.inside(signed)
  info.take(Tag.integer, 'version')
  const subject = readDistinguishedName(info, 'subject')
  const key = readPublicKey(info)
  const attributes = info.optional(contextTag(0, true), 'attributes')
  const subjectAltNames = attributes === undefined ? [] : requestedNames(info.inside(attributes))
  const signer = { publicKey: key.info, subjectPublicKeyInfo: key.whole }
  const proven = new SignatureChecker().verifies({ signed: signed.whole, signature, outerAlgorithm }, signer)
  return { subject, subjectAltNames, ...signer, proven }
}

function requestedNames(attributes: DerReader): readonly GeneralName[] {
  const names: GeneralName[] = []
  while (!attributes.done) {
    const attribute = attributes.sequence('attribute')
    if (readOid(attribute, 'attribute') !== extensionRequest) continue
    const values = attribute.inside(attribute.take(Tag.set, 'values'))
    for (const { oid, value } of readExtensions(values.sequence('extensions'), 'extension'))
      if (oid === extensionOid.subjectAltName)
        names.push(...readGeneralNames(new DerReader(value, 'file.corrupt').sequence('names'), 'subjectAltName'))
  }
  return names
}
