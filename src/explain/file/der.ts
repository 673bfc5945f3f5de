/** DER without a label: a certificate, a request, a CRL, a container or a key, told apart by their shape. */
import { berToDer } from '../../certificates/containers/ber.ts'
import { PasswordError } from '../../certificates/containers/pbe.ts'
import { readPfx } from '../../certificates/containers/pfx.ts'
import { readPkcs7 } from '../../certificates/containers/pkcs7.ts'
import { readRequest } from '../../certificates/containers/request.ts'
import { DerReader, Tag } from '../../certificates/examine/der.ts'
import { CertificateError, readCertificate, readCrl } from '../../certificates/examine/index.ts'
import { shapeOf } from './der-shape.ts'
import type { Bundle, FileFormat, Item, Remark } from './items.ts'
import { derKey } from './key.ts'
import { maxBlocks } from './pem.ts'

type Part = Pick<Bundle, 'items' | 'remarks' | 'notes'>

/** No container of an administrator is larger. */
const maxContainerOctets = 16 * 1_048_576

/** Everything in a piece of DER, e.g. several certificates one behind the other. */
export function readDer(
  octets: Buffer,
  where: string,
  password: string | undefined,
): Part & { readonly format: FileFormat } {
  const shape = shapeOf(octets)
  if (shape === 'PKCS #7') return { format: 'PKCS #7', ...pkcs7(octets, where) }
  if (shape === 'PKCS #12') return { format: 'PKCS #12', ...pfx(octets, where, password) }
  if (shape === 'key') return { format: 'DER', ...only(derKey(where, octets.subarray(0, 65_536), 'PRIVATE KEY')) }
  if (shape === 'encrypted key')
    return { format: 'DER', ...only({ kind: 'key', where, encrypted: true, text: 'encrypted' }) }
  return { format: 'DER', ...signedObjects(octets, where) }
}

function only(item: Item): Part {
  return { items: [item], remarks: [], notes: [] }
}

function signedObjects(octets: Buffer, where: string): Part {
  const items: Item[] = []
  const notes: string[] = []
  const reader = new DerReader(octets, 'file.corrupt')
  while (!reader.done && items.length < maxBlocks) {
    const start = reader.nextTag
    if (start !== Tag.sequence) {
      notes.push(`${where}: octets follow that are no DER; a strict reader refuses the file`)
      break
    }
    const place = items.length === 0 ? where : `${where}, object ${items.length + 1}`
    try {
      items.push(signedObject(reader.any('object').whole, place))
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error
      items.push({ kind: 'broken', where: place, label: 'DER', problem: error.message })
      break
    }
  }
  return { items, remarks: [], notes }
}

/** A certificate, a request or a CRL; what none of the three readers takes is broken, in the words of the first. */
export function signedObject(der: Buffer, where: string): Item {
  const attempts: readonly (() => Item)[] = [
    () => ({ kind: 'certificate', where, certificate: readCertificate(der) }),
    () => ({ kind: 'request', where, request: readRequest(der) }),
    () => ({ kind: 'crl', where, crl: readCrl(der) }),
  ]
  let problem = 'nothing that is known here'
  for (const [index, attempt] of attempts.entries()) {
    try {
      return attempt()
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error
      if (index === 0) problem = error.message
    }
  }
  return { kind: 'broken', where, label: 'CERTIFICATE', problem }
}

/** A PKCS #7 bundle; `remarks` name the format. */
export function pkcs7(octets: Buffer, where: string): Part {
  const form = where === 'the file' ? ' -inform der' : ''
  const remark: Remark = {
    code: 'file.pkcs7',
    where,
    why: 'SIP and TLS servers outside Windows and Java read no PKCS #7',
    remedy: `convert the file: openssl pkcs7 -print_certs${form} -in FILE -out FILE.pem`,
  }
  try {
    if (octets.length > maxContainerOctets) throw tooLarge(octets)
    const { certificates, crls } = readPkcs7(octets)
    const items = [...certificates, ...crls]
      .slice(0, maxBlocks)
      .map((der, index) => signedObject(der, `${where}, entry ${index + 1}`))
    return { items, remarks: [remark], notes: [] }
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return { items: [{ kind: 'broken', where, label: 'PKCS7', problem: error.message }], remarks: [remark], notes: [] }
  }
}

function tooLarge(octets: Buffer): CertificateError {
  return new CertificateError('file.corrupt', `${octets.length} octets, at most ${maxContainerOctets} are read`, 0)
}

function pfx(octets: Buffer, where: string, password: string | undefined): Part {
  const remark: Remark = { code: 'file.pfx', where, why: 'servers that want PEM do not read it' }
  try {
    if (octets.length > maxContainerOctets) throw tooLarge(octets)
    const { certificates, crls, keys, legacy } = readPfx(octets, password)
    const old: Remark = { code: 'file.pfx-legacy', where, why: 'it is encrypted by RC2 or RC4' }
    const items = [
      ...[...certificates, ...crls].map((der, index) => signedObject(derOf(der), `${where}, entry ${index + 1}`)),
      ...keys.map((der) => derKey(where, der, 'PRIVATE KEY')),
    ]
    return { items, remarks: legacy ? [remark, old] : [remark], notes: [] }
  } catch (error) {
    if (error instanceof PasswordError) return closed(error, where, [remark], password)
    if (!(error instanceof CertificateError)) throw error
    return { items: [], remarks: [{ code: 'file.pfx-malformed', where, why: error.message }, remark], notes: [] }
  }
}

function closed(error: PasswordError, where: string, remarks: readonly Remark[], password: string | undefined): Part {
  if (error.reason !== 'wrong-password')
    return { items: [], remarks: [{ code: 'file.pfx-malformed', where, why: error.message }, ...remarks], notes: [] }
  const why = password === undefined ? 'it has a password, so siplab cannot judge what is in it' : error.message
  return { items: [], remarks: [{ code: 'file.pfx-password', where, why }, ...remarks], notes: [] }
}

function derOf(octets: Buffer): Buffer {
  try {
    return berToDer(octets, 'file.corrupt')
  } catch (error) {
    // The reader of certificates says better what is wrong with it.
    if (error instanceof CertificateError) return octets
    throw error
  }
}
