/** A good chain of three and its variants: every test changes one thing. */
import type { KeyObject } from 'node:crypto'
import {
  authorityKeyId,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyId,
  type Extension,
} from '../../../src/certificates/extensions.ts'
import { generateKey } from '../../../src/certificates/keys.ts'
import {
  writeCertificate,
  type CertificateContent,
  type DistinguishedName,
  type Signer,
} from '../../../src/certificates/write-certificate.ts'
import { examine, type Examination, type ExamineRequest } from '../../../src/certificates/examine/index.ts'

/** The wall clock in whole seconds, so that real handshakes can judge the same chains. */
export const now = new Date(Math.floor(Date.now() / 1000) * 1000)
export const hour = 3_600_000

/** One key per role; keys are what costs. */
export const keys = { root: generateKey(), issuing: generateKey(), leaf: generateKey(), other: generateKey() }

export const rootName: DistinguishedName = [
  ['O', 'Lab'],
  ['CN', 'Lab Root'],
]
export const issuingName: DistinguishedName = [
  ['O', 'Lab'],
  ['CN', 'Lab Issuing'],
]
export const leafName: DistinguishedName = [['CN', 'fe1.lab.test']]

export interface Variant {
  readonly content?: Partial<CertificateContent>
  readonly signer?: Partial<Signer>
  /** Instead of, and beside, the usual extensions: one with the same id is replaced, `undefined` takes it away. */
  readonly extensions?: Readonly<Record<string, Extension | undefined>>
}

export function root(variant: Variant = {}): Buffer {
  return write(
    { subject: rootName, key: keys.root },
    { name: rootName, key: keys.root },
    caExtensions(keys.root),
    variant,
  )
}

export function issuing(variant: Variant = {}): Buffer {
  const extensions = [...caExtensions(keys.issuing), authorityKeyId(keys.root)]
  return write({ subject: issuingName, key: keys.issuing }, { name: rootName, key: keys.root }, extensions, variant)
}

export function leaf(variant: Variant = {}): Buffer {
  const extensions = [
    basicConstraints({ ca: false }),
    keyUsage('digitalSignature'),
    extendedKeyUsage('serverAuth', 'clientAuth'),
    subjectAltName([{ kind: 'dns', value: 'fe1.lab.test' }]),
    subjectKeyId(keys.leaf),
    authorityKeyId(keys.issuing),
  ]
  return write({ subject: leafName, key: keys.leaf }, { name: issuingName, key: keys.issuing }, extensions, variant)
}

function caExtensions(key: KeyObject): readonly Extension[] {
  return [basicConstraints({ ca: true }), keyUsage('keyCertSign', 'cRLSign'), subjectKeyId(key)]
}

function write(
  content: Pick<CertificateContent, 'subject' | 'key'>,
  signer: Signer,
  extensions: readonly Extension[],
  variant: Variant,
): Buffer {
  const changed = variant.extensions ?? {}
  const kept = extensions.filter(({ id }) => !Object.hasOwn(changed, id))
  const added = Object.values(changed).filter((extension) => extension !== undefined)
  const window = { notBefore: new Date(now.getTime() - 24 * hour), notAfter: new Date(now.getTime() + 24 * hour) }
  return writeCertificate(
    { ...window, ...content, extensions: [...kept, ...added], ...variant.content },
    { ...signer, ...variant.signer },
  )
}

/** `judge({ chain: [leaf({ … })] })`: the good chain, with what is given in the place of it. */
export function judge(request: Partial<ExamineRequest> = {}): Examination {
  return examine({
    chain: [leaf(), issuing()],
    anchors: [root()],
    names: [{ kind: 'dns', value: 'fe1.lab.test' }],
    purpose: 'serverAuth',
    time: now,
    profile: 'modern',
    ...request,
  })
}

/** The codes of all faults, first cause first. */
export function codes(examination: Examination): readonly string[] {
  return examination.faults.map(({ code }) => code)
}
