/**
 * Reads certificate, key, trust and CRL files as a person may have left them, and says what is wrong in words: OpenSSL
 * has one error for DER, UTF-16, PKCS #7 and an empty file, and skips a broken second block without a sound.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { isSystemError } from './atomic-files.ts'
import { type Crl, readCrl } from './examine/crl.ts'
import { isPrivateMode } from './keys.ts'
import type { Verdict } from '../verdicts/verdict.ts'
import { verdict, type VerdictCode } from '../verdicts/codes.ts'

/** What came out of a file, or why nothing did. `warnings` never stop a start. */
export type Loaded<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly Verdict[] }
  | { readonly ok: false; readonly verdicts: readonly Verdict[] }

export interface CertificateFile {
  readonly path: string
  readonly pem: string
  /** In the order of the file; never empty. */
  readonly certificates: readonly [X509Certificate, ...X509Certificate[]]
}

export interface KeyFile {
  readonly path: string
  readonly pem: string
  readonly key: KeyObject
}

export interface CrlFile {
  readonly path: string
  readonly pem: string
  readonly crl: Crl
}

/** No certificate, key or CRL file of a lab is larger. */
const largestFileOctets = 4 * 1024 * 1024

/**
 * Reads the certificates of a server: the leaf, then its issuers. Verdicts `file.*` and `chain.out-of-order` come from
 * here and from the start-up check.
 *
 * @param options.anyLabel true ignores blocks with an odd label and reports nothing, as OpenSSL does
 */
export function loadCertificates(path: string, options: { readonly anyLabel?: boolean } = {}): Loaded<CertificateFile> {
  return loadBlocks(
    path,
    {
      missing: 'file.missing',
      partial: 'file.partial',
      none: 'file.not-pem',
      empty: 'file.empty',
      damaged: 'file.corrupt',
    },
    options.anyLabel,
  )
}

/**
 * Reads a trust list. Verdicts `trust.*`: a list that is empty or half read refuses every peer, or trusts fewer than
 * one thinks.
 */
export function loadTrustList(path: string): Loaded<CertificateFile> {
  return loadBlocks(path, {
    missing: 'trust.missing',
    partial: 'trust.partial',
    none: 'trust.malformed',
    empty: 'trust.empty',
    damaged: 'trust.partial',
  })
}

/**
 * Reads a private key: PKCS #8, PKCS #1 or SEC1 in PEM.
 *
 * @param options.anyMode true lets a key pass that others may read; it is then a warning
 */
export function loadKey(
  path: string,
  options: { readonly passphrase?: string; readonly anyMode?: boolean } = {},
): Loaded<KeyFile> {
  const read = readBounded(path, { missing: 'key.missing', unreadable: 'key.unreadable' })
  if (!read.ok) return read
  const mode = statSync(path).mode & 0o777
  if ((mode & 0o400) === 0)
    return refuse(
      'key.unreadable',
      `${path} has mode 0${mode.toString(8).padStart(3, '0')}`,
      `let the service read its key: chmod 600 ${path}`,
    )
  const open = isPrivateMode(mode)
    ? []
    : [
        verdict('key.permissions', {
          found: `${path} has mode 0${mode.toString(8)}`,
          fix: `let only the owner read the key file: chmod 600 ${path}`,
        }),
      ]
  if (open.length > 0 && options.anyMode !== true) return { ok: false, verdicts: open }
  const parsed = parseKey(path, read.value, options.passphrase)
  return parsed.ok ? { ...parsed, warnings: open } : parsed
}

/** Reads one CRL file. */
export function loadCrl(path: string): Loaded<CrlFile> {
  const read = readBounded(path, { missing: 'crl.missing', unreadable: 'crl.unreachable' })
  if (!read.ok) return read
  const blocks = pemBlocks(read.value.toString('latin1'))
  const [first, ...more] = blocks.filter(({ label }) => label === 'X509 CRL' || label === 'CRL')
  if (first === undefined) return refuse('crl.malformed', `${path}: ${describeContent(read.value)}`)
  if (first.label === 'CRL') return refuse('crl.malformed', `${path} has the label CRL, wanted X509 CRL`)
  const parsed = parseCrl(path, first.text)
  if (!parsed.ok || more.length === 0) return parsed
  return {
    ...parsed,
    warnings: [verdict('crl.partial', { found: `${path} holds ${more.length + 1} CRLs, only the first is read` })],
  }
}

interface PemBlock {
  readonly label: string
  readonly text: string
}

/** Every BEGIN line opens a block, whether or not it is ever closed: counting what was meant, not what can be read. */
export function pemBlocks(text: string): readonly PemBlock[] {
  const starts = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----/g)]
  return starts.map((start, index) => {
    const rest = text.slice(start.index, starts[index + 1]?.index)
    const label = start[1] ?? ''
    const end = rest.indexOf(`-----END ${label}-----`)
    return { label, text: end < 0 ? rest : `${rest.slice(0, end)}-----END ${label}-----\n` }
  })
}

/** What a file without the wanted PEM block seems to be, for people: `DER (starts with 30 82)`. */
function describeContent(content: Buffer): string {
  return sniff(content)?.text ?? 'no PEM block'
}

interface BlockCodes {
  readonly missing: VerdictCode
  readonly partial: VerdictCode
  readonly none: VerdictCode
  readonly empty: VerdictCode
  readonly damaged: VerdictCode
}

function loadBlocks(path: string, codes: BlockCodes, anyLabel = false): Loaded<CertificateFile> {
  const read = readBounded(path, { missing: codes.missing, unreadable: 'file.unreadable' })
  if (!read.ok) return read
  if (read.value.toString('latin1').trim() === '') return refuse(codes.empty, `${path} is empty`)
  const text = read.value.toString('latin1')
  const blocks = pemBlocks(text)
  const meant = blocks.filter(({ label }) => certificateLabels.has(label))
  if (meant.length === 0 || isIndented(text)) return refuseContent(path, read.value, codes.none)
  if (/-----END [A-Z0-9 ]+-----[ \t]*-----BEGIN/.test(text))
    return refuse(codes.damaged, `${path}: two blocks run together, wanted a line end between them`)
  const odd = blocks.findIndex(({ label }) => !certificateLabels.has(label) && !otherLabels.test(label))
  if (odd >= 0 && !anyLabel)
    return refuse(
      codes.partial,
      `${path}: block ${odd + 1} has the label ${blocks[odd]?.label ?? ''}, which OpenSSL skips without a sound`,
    )
  return parseBlocks(path, meant, codes)
}

/** What may lie in a file beside certificates. */
const otherLabels = /(PRIVATE|PUBLIC) KEY$|^X509 CRL$|PARAMETERS$/

const isIndented = (text: string): boolean => /^[ \t]+-----BEGIN/m.test(text)

const certificateLabels = new Set(['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'])

function parseBlocks(path: string, meant: readonly PemBlock[], codes: BlockCodes): Loaded<CertificateFile> {
  const parsed = meant.map(({ text }) => parseCertificate(text))
  const [first, ...rest] = parsed.filter((one) => one instanceof X509Certificate)
  const broken = parsed.findIndex((one) => !(one instanceof X509Certificate))
  if (first === undefined)
    return refuse(
      codes.none === 'trust.malformed' ? codes.none : codes.damaged,
      `${path}: block 1: ${String(parsed[0])}`,
    )
  if (broken === 0) return refuse(codes.damaged, `${path}: block 1: ${String(parsed[0])}`)
  const count = 1 + rest.length
  if (broken >= 0)
    return refuse(
      codes.partial,
      `${path} has ${meant.length} blocks, ${count} could be read; block ${broken + 1}: ${String(parsed[broken])}`,
    )
  const trusted = meant.some(({ label }) => label === 'TRUSTED CERTIFICATE')
  const warnings = trusted ? [verdict('file.trusted-label', { found: path })] : []
  return {
    ok: true,
    value: { path, pem: meant.map(({ text }) => text).join(''), certificates: [first, ...rest] },
    warnings,
  }
}

/** The certificate, or the text of what OpenSSL says. */
function parseCertificate(pem: string): X509Certificate | string {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

function parseKey(path: string, content: Buffer, passphrase: string | undefined): Loaded<KeyFile> {
  const text = content.toString('latin1')
  if (text.trim() === '') return refuse('key.missing', `${path} is empty`)
  const block = pemBlocks(text).find(({ label }) => label.endsWith('PRIVATE KEY'))
  if (block === undefined) return refuseContent(path, content, 'key.malformed')
  if (block.label === 'OPENSSH PRIVATE KEY')
    return refuse('key.malformed', `${path} is a key in the format of OpenSSH (ssh-keygen -p -m PKCS8 converts it)`)
  try {
    const key = createPrivateKey({ key: block.text, ...(passphrase === undefined ? {} : { passphrase }) })
    return { ok: true, value: { path, pem: block.text, key }, warnings: [] }
  } catch (cause) {
    return refuse(keyFailure(block, passphrase), `${path}: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

/** OpenSSL does not tell an absent passphrase from a wrong one. */
function keyFailure({ label, text }: PemBlock, passphrase: string | undefined): VerdictCode {
  const encrypted = label === 'ENCRYPTED PRIVATE KEY' || text.includes('Proc-Type: 4,ENCRYPTED')
  if (!encrypted) return 'key.malformed'
  return passphrase === undefined ? 'key.encrypted' : 'key.passphrase-wrong'
}

/** Node must take it, and our own reader must: the first only says yes or no. */
function parseCrl(path: string, pem: string): Loaded<CrlFile> {
  try {
    createSecureContext({ crl: pem })
    const crl = readCrl(derOf(pem))
    const lint = crl.nextUpdate === undefined ? [verdict('crl.no-next-update', { found: path })] : []
    return { ok: true, value: { path, pem, crl }, warnings: lint }
  } catch (cause) {
    return refuse('crl.malformed', `${path}: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')
}

function readBounded(
  path: string,
  codes: { readonly missing: VerdictCode; readonly unreadable: VerdictCode },
): Loaded<Buffer> {
  try {
    const { size } = statSync(path)
    if (size > largestFileOctets)
      return refuse('file.wrong-kind', `${path} has ${size} octets, at most ${largestFileOctets} are read`)
    return { ok: true, value: readFileSync(path), warnings: [] }
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    return refuse(cause.code === 'ENOENT' ? codes.missing : codes.unreadable, cause.message)
  }
}

/** Says what the file is instead of what was wanted. */
function refuseContent(path: string, content: Buffer, otherwise: VerdictCode): Loaded<never> {
  const found = sniff(content)
  const code = otherwise === 'file.not-pem' ? (found?.code ?? otherwise) : otherwise
  return refuse(code, `${path}: ${found?.text ?? 'no PEM block'}`)
}

interface Sniffed {
  readonly code: VerdictCode
  readonly text: string
}

function sniff(content: Buffer): Sniffed | undefined {
  if (content[0] === 0xff && content[1] === 0xfe) return { code: 'file.utf16', text: 'UTF-16 text (starts with FF FE)' }
  if (content[0] === 0xfe && content[1] === 0xff) return { code: 'file.utf16', text: 'UTF-16 text (starts with FE FF)' }
  if (content[0] === 0x30 && (content[1] ?? 0) >= 0x80) return sniffDer(content)
  const text = content.toString('latin1')
  const label = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text)?.[1]
  if (label === undefined) return undefined
  if (label.startsWith('PKCS7')) return { code: 'file.pkcs7', text: 'a PKCS #7 bundle' }
  if (isIndented(text)) return { code: 'file.indented', text: 'a PEM block with indented lines' }
  return { code: 'file.wrong-kind', text: `a PEM block with the label ${label}` }
}

/** A PKCS #12 container starts with a SEQUENCE and version 3, a certificate with a SEQUENCE inside a SEQUENCE. */
function sniffDer(content: Buffer): Sniffed {
  const at = 2 + ((content[1] ?? 0) & 0x7f)
  if (content[at] === 0x02 && content[at + 1] === 1 && content[at + 2] === 3)
    return { code: 'file.pfx', text: 'a PKCS #12 container' }
  return { code: 'file.der', text: 'DER (starts with 30 8x)' }
}

function refuse(
  code: VerdictCode,
  found: string,
  fix?: string,
): { readonly ok: false; readonly verdicts: readonly Verdict[] } {
  return { ok: false, verdicts: [verdict(code, { found, ...(fix === undefined ? {} : { fix }) })] }
}
