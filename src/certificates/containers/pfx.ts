/** The contents of a PKCS #12 container (RFC 7292): `.pfx`, `.p12`. Keys come out as PKCS #8 and are never printed. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { CertificateError } from '../examine/certificate-error.ts'
import { contextTag, DerReader, readOid, readSmallInteger, Tag } from '../examine/der.ts'
import { readAlgorithm, type AlgorithmIdentifier } from '../examine/key-info.ts'
import { berToDer } from './ber.ts'
import {
  bmpPassword,
  decryptKey,
  decryptWithPassword,
  hmacDigest,
  isLegacyCipher,
  PasswordError,
  pbkdf2Key,
  pkcs12Key,
  RoundBudget,
} from './pbe.ts'

export interface Pfx {
  readonly certificates: readonly Buffer[]
  readonly crls: readonly Buffer[]
  /** PKCS #8 DER. */
  readonly keys: readonly Buffer[]
  /** Something in it is encrypted by RC2 or RC4, which OpenSSL 3 reads only with its legacy provider. */
  readonly legacy: boolean
}

const oid = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  pbmac1: '1.2.840.113549.1.5.14',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  crlBag: '1.2.840.113549.1.12.10.1.4',
  safeContentsBag: '1.2.840.113549.1.12.10.1.6',
}

interface Opening {
  readonly password: string
  readonly budget: RoundBudget
  readonly certificates: Buffer[]
  readonly crls: Buffer[]
  readonly keys: Buffer[]
  legacy: boolean
}

/** A container has a key and a chain; more bags than this are an attack. */
const maxBags = 1000

/**
 * Opens a container; without a password the empty one is tried.
 *
 * @throws PasswordError when the password does not fit, or when opening would cost too much
 * @throws CertificateError `file.pfx-malformed`
 */
export function readPfx(octets: Buffer, password = ''): Pfx {
  const outer = new DerReader(berToDer(octets, 'file.pfx-malformed'), 'file.pfx-malformed').sequence('PFX')
  const version = readSmallInteger(outer, 'version')
  if (version !== 3) throw outer.error(`version ${version}, wanted 3`)
  const authSafe = dataOf(outer.sequence('authSafe'))
  const opening: Opening = { password, budget: new RoundBudget(), certificates: [], crls: [], keys: [], legacy: false }
  if (!outer.done) checkMac(outer.sequence('macData'), authSafe, opening)
  const contents = readerOf(authSafe).sequence('AuthenticatedSafe')
  while (!contents.done) openContent(contents.sequence('ContentInfo'), opening)
  const { certificates, crls, keys, legacy } = opening
  return { certificates, crls, keys, legacy }
}

/** Inside a content the encoding may again be BER. */
function readerOf(octets: Buffer): DerReader {
  return new DerReader(berToDer(octets, 'file.pfx-malformed'), 'file.pfx-malformed')
}

function dataOf(info: DerReader): Buffer {
  const kind = readOid(info, 'contentType')
  if (kind !== oid.data) throw info.error(`content of type ${kind}; only containers protected by a password are read`)
  return info.inside(info.take(contextTag(0, true), 'content')).take(Tag.octetString, 'data').content
}

function checkMac(mac: DerReader, authSafe: Buffer, { password, budget }: Opening): void {
  const info = mac.sequence('DigestInfo')
  const algorithm = readAlgorithm(info, 'digestAlgorithm')
  const wanted = info.take(Tag.octetString, 'digest').content
  const salt = mac.take(Tag.octetString, 'macSalt').content
  const rounds = mac.done ? 1 : readSmallInteger(mac, 'iterations')
  const fits = macs(algorithm, { password, salt, rounds, budget }).some(({ digest, key }) => {
    const found = createHmac(digest, key).update(authSafe).digest()
    return found.length === wanted.length && timingSafeEqual(found, wanted)
  })
  if (!fits) throw new PasswordError('wrong-password', 'the password does not fit its checksum')
}

const digests: ReadonlyMap<string, { readonly name: string; readonly octets: number }> = new Map([
  ['1.3.14.3.2.26', { name: 'sha1', octets: 20 }],
  ['2.16.840.1.101.3.4.2.4', { name: 'sha224', octets: 28 }],
  ['2.16.840.1.101.3.4.2.1', { name: 'sha256', octets: 32 }],
  ['2.16.840.1.101.3.4.2.2', { name: 'sha384', octets: 48 }],
  ['2.16.840.1.101.3.4.2.3', { name: 'sha512', octets: 64 }],
])

/** An empty password is written in two ways, with and without the zero at the end. */
function macs(
  algorithm: AlgorithmIdentifier,
  given: { readonly password: string; readonly salt: Buffer; readonly rounds: number; readonly budget: RoundBudget },
): readonly { readonly digest: string; readonly key: Buffer }[] {
  const { password, salt, budget } = given
  if (algorithm.oid === oid.pbmac1) {
    const inside = new DerReader(algorithm.parameters ?? Buffer.alloc(0), 'file.pfx-malformed').sequence('PBMAC1')
    const derivation = readAlgorithm(inside, 'keyDerivationFunc')
    const digest = hmacDigest(readAlgorithm(inside, 'messageAuthScheme').oid)
    const length = [...digests.values()].find(({ name }) => name === digest)?.octets ?? 32
    return [{ digest, key: pbkdf2Key(derivation, password, length, budget) }]
  }
  const known = digests.get(algorithm.oid)
  if (known === undefined)
    throw new PasswordError('unknown-cipher', `has a checksum by ${algorithm.oid}, which is not read here`)
  const forms = password === '' ? [bmpPassword(''), Buffer.alloc(0)] : [bmpPassword(password)]
  return forms.map((form) => ({
    digest: known.name,
    key: pkcs12Key(form, {
      digest: known.name,
      id: 3,
      length: known.octets,
      salt,
      rounds: budget.spend(given.rounds),
    }),
  }))
}

function openContent(info: DerReader, opening: Opening): void {
  const kind = readOid(info, 'contentType')
  const content = info.inside(info.take(contextTag(0, true), 'content'))
  if (kind === oid.data) {
    readBags(content.take(Tag.octetString, 'data').content, opening, 0)
    return
  }
  if (kind !== oid.encryptedData) throw info.error(`content of type ${kind}`)
  const encrypted = content.sequence('EncryptedData')
  encrypted.take(Tag.integer, 'version')
  const inner = encrypted.sequence('encryptedContentInfo')
  readOid(inner, 'contentType')
  const algorithm = readAlgorithm(inner, 'contentEncryptionAlgorithm')
  const element = inner.any('encryptedContent')
  opening.legacy ||= isLegacyCipher(algorithm)
  readBags(decryptWithPassword(algorithm, wholeOf(inner, element), opening.password, opening.budget), opening, 0)
}

/** `[0] IMPLICIT OCTET STRING`, whole or in pieces. */
function wholeOf(
  reader: DerReader,
  element: { readonly tag: number; readonly content: Buffer; readonly whole: Buffer; readonly offset: number },
): Buffer {
  if (element.tag === contextTag(0)) return element.content
  const pieces = reader.inside(element)
  const found: Buffer[] = []
  while (!pieces.done) found.push(pieces.take(Tag.octetString, 'piece of encryptedContent').content)
  return Buffer.concat(found)
}

function readBags(octets: Buffer, opening: Opening, depth: number): void {
  if (depth > 4) throw new CertificateError('file.pfx-malformed', 'safe contents are nested deeper than 4 levels', 0)
  const bags = readerOf(octets).sequence('SafeContents')
  for (let count = 0; !bags.done; count += 1) {
    if (count >= maxBags) throw bags.error(`more than ${maxBags} bags`)
    const bag = bags.sequence('SafeBag')
    const kind = readOid(bag, 'bagId')
    const element = bag.take(contextTag(0, true), 'bagValue')
    const value = element.content
    if (kind === oid.keyBag) opening.keys.push(value)
    else if (kind === oid.shroudedKeyBag) openKey(value, opening)
    else if (kind === oid.certBag) opening.certificates.push(inBag(value))
    else if (kind === oid.crlBag) opening.crls.push(inBag(value))
    else if (kind === oid.safeContentsBag) readBags(value, opening, depth + 1)
  }
}

function openKey(value: Buffer, opening: Opening): void {
  const info = new DerReader(value, 'file.pfx-malformed').sequence('EncryptedPrivateKeyInfo')
  opening.legacy ||= isLegacyCipher(readAlgorithm(info, 'encryptionAlgorithm'))
  opening.keys.push(decryptKey(value, opening.password, opening.budget))
}

function inBag(value: Buffer): Buffer {
  const bag = new DerReader(value, 'file.pfx-malformed').sequence('bag')
  readOid(bag, 'type')
  return bag.inside(bag.take(contextTag(0, true), 'value')).take(Tag.octetString, 'value').content
}
