/** Reads a file as administrators have them: any encoding, any container, comments, blocks in any order. */
import { CertificateError, readCertificate } from '../../certificates/examine/index.ts'
import { DerReader } from '../../certificates/examine/der.ts'
import { isDer, shapeOf } from './der-shape.ts'
import { pkcs7, readDer, signedObject } from './der.ts'
import type { Bundle, Item, Remark } from './items.ts'
import { pemKey } from './key.ts'
import { decodeBody, readPem, type PemBlock } from './pem.ts'

/** Octets of a file that are looked at. */
const maxFileOctets = 64 * 1_048_576

/** Everything a file holds. Never throws on hostile input: what cannot be read is an item or a remark. */
export function readBundle(octets: Buffer, options: { readonly password?: string } = {}): Bundle {
  const content = octets.subarray(0, maxFileOctets)
  const cut =
    octets.length > maxFileOctets ? [`the file has ${octets.length} octets; the first ${maxFileOctets} were read`] : []
  const { text, remarks } = decodeText(content)
  if (text.trim() === '') return nothing([{ code: 'file.empty', where: 'the file', why: 'nothing is in it' }])
  const bundle = text.includes('-----BEGIN ')
    ? pemBundle(text, options.password)
    : withoutLabels(content, text, options.password)
  return { ...bundle, remarks: [...remarks, ...bundle.remarks], notes: [...bundle.notes, ...cut] }
}

function nothing(remarks: readonly Remark[]): Bundle {
  return { format: 'unknown', items: [], remarks, notes: [] }
}

/** The text of a file in Latin 1 (PEM is ASCII), or in UTF-16 where it was saved so. */
function decodeText(content: Buffer): { readonly text: string; readonly remarks: readonly Remark[] } {
  const [one, two, three] = content
  const where = 'octet 0'
  const big = one === 0xfe && two === 0xff
  const little = one === 0xff && two === 0xfe
  const even = content.subarray(0, content.length & ~1)
  const bare = content.length >= 4 && ((one !== 0 && two === 0) || (one === 0 && two !== 0)) && one !== 0x30
  if (big || little || bare) {
    const swapped = big || (bare && one === 0) ? Buffer.from(even).swap16() : even
    const remark: Remark = { code: 'file.utf16', where, why: 'the text is UTF-16, two octets for each character' }
    return { text: swapped.toString('utf16le').replace(/^\ufeff/, ''), remarks: [remark] }
  }
  if (one === 0xef && two === 0xbb && three === 0xbf) {
    const remark: Remark = {
      code: 'file.bom',
      where,
      why: 'EF BB BF comes before the first line; some readers then skip the first block',
    }
    return { text: content.subarray(3).toString('latin1'), remarks: [remark] }
  }
  return { text: content.toString('latin1'), remarks: [] }
}

function pemBundle(text: string, password: string | undefined): Bundle {
  const { blocks, left } = readPem(text)
  const items: Item[] = []
  const remarks: Remark[] = []
  for (const [index, block] of blocks.entries()) {
    const part = readBlock(block, `block ${index + 1} (line ${block.line})`, password)
    items.push(...part.items)
    remarks.push(...part.remarks)
  }
  remarks.push(...unseen(text, blocks[0]?.line))
  if (left > 0) remarks.push({ code: 'file.partial', where: 'the file', why: `${left} more blocks were not read` })
  const some = (code: Remark['code']): boolean => remarks.some((remark) => remark.code === code)
  const broken = items.flatMap((item, index): Remark[] =>
    item.kind === 'broken' ? [{ code: brokenCode(item.label, index), where: item.where, why: item.problem }] : [],
  )
  const notes = [
    ...(/\r\n/.test(text.slice(0, 4096)) ? ['the lines end as on Windows (CRLF), which every reader takes'] : []),
  ]
  const format = some('file.pkcs7') ? 'PKCS #7' : 'PEM'
  return { format, items, remarks: [...onePerCode(remarks), ...broken.slice(0, 20)], notes }
}

/** BEGIN lines that no reader takes for one: too few dashes, those of a word processor, small letters. */
const almost =
  /^(?!.*-----BEGIN [A-Za-z0-9 #.]{1,40}-----)[ \t]*[-\u0080-\u00ff]{2,15} ?(?:BEGIN|Begin|begin) [A-Za-z0-9 ]{0,30}[-\u0080-\u00ff]{2}/m

function unseen(text: string, first = 1): readonly Remark[] {
  const found = almost.exec(text)
  if (found === null) return []
  const line = text.slice(0, found.index).split('\n').length
  const why = 'the BEGIN line is not five ASCII dashes, BEGIN and a label in capitals; readers skip the block'
  return [{ code: line < first ? 'file.corrupt' : 'file.partial', where: `line ${line}`, why }]
}

/** A broken key is no broken chain; a broken first certificate is no chain at all. */
function brokenCode(label: string, index: number): Remark['code'] {
  if (label.endsWith('PRIVATE KEY')) return 'key.malformed'
  if (label === 'X509 CRL') return 'crl.malformed'
  return index === 0 ? 'file.corrupt' : 'file.partial'
}

function onePerCode(remarks: readonly Remark[]): readonly Remark[] {
  return remarks.filter(({ code }, index) => remarks.findIndex((other) => other.code === code) === index)
}

const oddities: Readonly<Record<NonNullable<PemBlock['oddity']>, Omit<Remark, 'where'>>> = {
  'not-closed': { code: 'file.corrupt', why: 'the block has no END line' },
  joined: { code: 'file.corrupt', why: 'its BEGIN is in the line of the END before it; OpenSSL refuses that' },
  indented: { code: 'file.indented', why: 'its lines begin with spaces' },
  quoted: { code: 'file.corrupt', why: 'its lines begin with a quotation mark of a mail' },
  escaped: { code: 'file.corrupt', why: 'it holds the two characters \\n where a line must end' },
  'byte-order-mark': {
    code: 'file.bom',
    why: 'EF BB BF comes before its BEGIN line, as files that were put together have it; some readers skip the block',
  },
  'not-alone': { code: 'file.corrupt', why: 'BEGIN is not alone in its line; OpenSSL does not see the block' },
  'other-end': { code: 'file.corrupt', why: 'its END line is not that of its label; OpenSSL refuses the file' },
  'blank-line': { code: 'file.corrupt', why: 'a blank line is between its lines; OpenSSL refuses the file' },
  'carriage-return': {
    code: 'file.corrupt',
    why: 'its lines end with a carriage return alone; OpenSSL finds no BEGIN line in it',
    remedy: "write the line ends of Unix: tr '\\r' '\\n' < FILE > FILE.pem",
  },
}

interface Part {
  readonly items: readonly Item[]
  readonly remarks: readonly Remark[]
}

function readBlock(block: PemBlock, where: string, password: string | undefined): Part {
  const odd = block.oddity === undefined ? [] : [{ ...oddities[block.oddity], where }]
  const decoded = decodeBody(block.body)
  if ('problem' in decoded)
    return { items: [{ kind: 'broken', where, label: block.label, problem: decoded.problem }], remarks: odd }
  const part = readLabelled(block, decoded.octets, where, password)
  return { items: part.items, remarks: [...odd, ...part.remarks] }
}

const certificateLabels = /^(?:X509 )?CERTIFICATE$/i
const plain = (item: Item): Part => ({ items: [item], remarks: [] })

function readLabelled(block: PemBlock, octets: Buffer, where: string, password: string | undefined): Part {
  const { label } = block
  if (certificateLabels.test(label)) return certificateBlock(octets, where)
  if (label === 'TRUSTED CERTIFICATE') return trusted(octets, where)
  if (label.endsWith('PRIVATE KEY')) return plain(pemKey(where, { label, octets, body: block.body }, password))
  if (/^(?:NEW )?CERTIFICATE REQUEST$/.test(label) || label === 'X509 CRL') return plain(signedObject(octets, where))
  if (/^PKCS ?#?7|^CMS$/.test(label)) return pkcs7(octets, where)
  if (/PARAMETERS$|^(?:RSA )?PUBLIC KEY$|^SSL SESSION/.test(label)) return plain({ kind: 'other', where, label })
  return misspelt(label, octets, where)
}

/** Some authorities put a whole PKCS #7 bundle under the label CERTIFICATE, which RFC 2459 readers allow. */
function certificateBlock(octets: Buffer, where: string): Part {
  if (shapeOf(octets) === 'PKCS #7') return pkcs7(octets, where)
  return plain(signedObject(octets, where))
}

/** OpenSSL writes trust settings behind the certificate. */
function trusted(octets: Buffer, where: string): Part {
  const remark: Remark = { code: 'file.trusted-label', where, why: 'its label is TRUSTED CERTIFICATE' }
  try {
    const certificate = readCertificate(new DerReader(octets).any('certificate').whole)
    return { items: [{ kind: 'certificate', where, certificate }], remarks: [remark] }
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return {
      items: [{ kind: 'broken', where, label: 'TRUSTED CERTIFICATE', problem: error.message }],
      remarks: [remark],
    }
  }
}

function misspelt(label: string, octets: Buffer, where: string): Part {
  const item = signedObject(octets, where)
  if (item.kind === 'broken') return plain({ kind: 'other', where, label })
  const why = `its label is ${label}, which servers ignore without a message`
  return { items: [item], remarks: [{ code: 'file.partial', where, why }] }
}

/** No BEGIN line anywhere: DER, Base64 alone, or something else. */
function withoutLabels(content: Buffer, text: string, password: string | undefined): Bundle {
  if (content[0] === 0x30 && shapeOf(content) !== 'nothing') return derBundle(content, password)
  const wrapped = pemInBase64(text)
  if (wrapped !== undefined) return twiceEncoded(wrapped, password)
  const base64 = bareBase64(text)
  if (base64 !== undefined) {
    const inner = readDer(base64, 'the file', password)
    const why = 'it is Base64 without -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----'
    const remarks: Remark[] = [{ code: 'file.not-pem', where: 'line 1', why }, ...inner.remarks]
    return { ...inner, format: 'Base64 without BEGIN line', remarks: [...remarks, ...brokenRemarks(inner.items)] }
  }
  return nothing([stranger(content, text)])
}

/** As Kubernetes keeps it, and as variables of an environment hold it. */
function pemInBase64(text: string): string | undefined {
  const joined = text.slice(0, 24 * 1_048_576).replace(/\s+/g, '')
  if (!/^LS0tLS1CRUdJTi[A-Za-z0-9+/]+={0,2}$/.test(joined)) return undefined
  const inner = Buffer.from(joined, 'base64').toString('latin1')
  return inner.includes('-----BEGIN ') ? inner : undefined
}

function twiceEncoded(inner: string, password: string | undefined): Bundle {
  const bundle = pemBundle(inner, password)
  const remark: Remark = {
    code: 'file.not-pem',
    where: 'line 1',
    why: 'it is the Base64 of a PEM file',
    remedy: 'decode the file: base64 -d FILE > FILE.pem',
  }
  return { ...bundle, remarks: [remark, ...bundle.remarks] }
}

function derBundle(content: Buffer, password: string | undefined): Bundle {
  const bundle = readDer(content, 'the file', password)
  const der: Remark[] =
    bundle.format === 'DER'
      ? [
          {
            code: 'file.der',
            where: 'octet 0',
            why: 'most servers outside Windows want PEM',
            ...derRemedy(bundle.items),
          },
        ]
      : []
  return { ...bundle, remarks: [...bundle.remarks, ...brokenRemarks(bundle.items), ...der] }
}

const converters = { certificate: 'x509', request: 'req', crl: 'crl', key: 'pkey' } as const

/** `openssl` converts the first object of a file and leaves the others out. */
function derRemedy([first, ...others]: readonly Item[]): Pick<Remark, 'remedy'> {
  if (others.length > 0) return { remedy: `take the ${others.length + 1} objects apart, and convert each to PEM` }
  if (first === undefined || first.kind === 'other' || first.kind === 'broken') return {}
  return { remedy: `convert the file: openssl ${converters[first.kind]} -inform der -in FILE -out FILE.pem` }
}

function brokenRemarks(items: readonly Item[]): readonly Remark[] {
  return items.flatMap((item) =>
    item.kind === 'broken' ? [{ code: 'file.corrupt' as const, where: item.where, why: item.problem }] : [],
  )
}

function bareBase64(text: string): Buffer | undefined {
  const joined = text.slice(0, 24 * 1_048_576).replace(/\s+/g, '')
  if (joined.length < 64 || !/^MI[A-Za-z0-9+/]*={0,2}$/.test(joined)) return undefined
  const octets = Buffer.from(joined, 'base64')
  return shapeOf(octets) === 'nothing' ? undefined : octets
}

/** What the file seems to be instead, for people. */
function stranger(content: Buffer, text: string): Remark {
  const where = 'octet 0'
  const magic = content.subarray(0, 4).toString('hex')
  const wrong = (why: string): Remark => ({ code: 'file.wrong-kind', where, why })
  if (magic === 'feedfeed')
    return wrong('a keystore of Java (JKS); keytool -importkeystore -deststoretype pkcs12 converts it')
  if (magic === 'cececece') return wrong('a keystore of Java (JCEKS)')
  if (magic.startsWith('504b')) return wrong('a ZIP archive; unpack it first')
  if (magic.startsWith('1f8b')) return wrong('a gzip archive; unpack it first')
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(text.slice(0, 200)))
    return wrong('HTML or XML: a page was saved instead of the file')
  if (/^ssh-(?:rsa|ed25519|ecdsa)|^ecdsa-sha2/.test(text)) return wrong('a key of OpenSSH, which TLS does not use')
  if (isDer(content)) return { code: 'file.corrupt', where, why: 'it begins as DER, and is cut or damaged' }
  const dashes = /[-\u0080-\u00ff]{1,12}\s*BEGIN (?:[A-Z0-9 ]{0,20})(?:CERTIFICATE|PRIVATE KEY)/.test(
    text.slice(0, 1_048_576),
  )
  if (dashes) return { code: 'file.corrupt', where, why: 'the BEGIN line has not five ASCII dashes on each side' }
  return { code: 'file.not-pem', where, why: 'no BEGIN line and no DER' }
}
