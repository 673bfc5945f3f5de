/**
 * What faults are made of: one root, one issuing CA, and builders in which every field of a certificate can be wrong.
 */
import { type KeyObject, X509Certificate } from 'node:crypto'
import type { Authority } from '../../certificates/authority.ts'
import type { CertificateRequest, KeyType, Purpose } from '../../certificates/certificate-request.ts'
import { toPem } from '../../certificates/der.ts'
import {
  authorityKeyId,
  basicConstraints,
  extendedKeyUsage,
  type Extension,
  type GeneralName,
  type KeyUse,
  keyUsage,
  subjectAltName,
  subjectKeyId,
} from '../../certificates/extensions.ts'
import { generateKey, keyToPem } from '../../certificates/keys.ts'
import {
  type CrlContent,
  type Digest,
  type DistinguishedName,
  subjectOf,
  writeCertificate,
  writeCrl,
} from '../../certificates/write-certificate.ts'
import type { Presenter, Variation } from './variation.ts'

/** A CA with its key. */
interface Ca {
  readonly pem: string
  readonly key: KeyObject
}

export interface Leaf {
  readonly pem: string
  readonly key: KeyObject
  readonly serial: string
}

/** What may differ from the good leaf. */
export interface LeafChange {
  readonly commonName?: string
  readonly names?: readonly GeneralName[]
  readonly purposes?: readonly Purpose[]
  readonly uses?: readonly KeyUse[]
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly keyType?: KeyType
  readonly key?: KeyObject
  readonly ca?: boolean
  readonly issuer?: Ca
  readonly digest?: Digest
  readonly wrongSignature?: boolean
  readonly more?: readonly Extension[]
}

/** What may differ from a good CA. */
export interface CaChange {
  /** The whole subject, instead of `commonName`. */
  readonly subject?: DistinguishedName
  readonly commonName?: string
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly keyType?: KeyType
  readonly key?: KeyObject
  /** `omitted` leaves basicConstraints out. */
  readonly ca?: boolean | 'omitted'
  readonly pathLength?: number
  readonly uses?: readonly KeyUse[]
  readonly purposes?: readonly Purpose[]
  /** Absent: signed by itself. */
  readonly issuer?: Ca
  readonly digest?: Digest
  readonly more?: readonly Extension[]
}

/** What may differ from a good CRL, which starts yesterday, lasts eight days and revokes nothing. */
interface CrlChange {
  readonly number?: number
  readonly thisUpdate?: Date
  readonly nextUpdate?: Date | 'never'
  readonly revoked?: CrlContent['revoked']
  readonly wrongSignature?: boolean
}

export interface FaultPki {
  /** Milliseconds since 1970. */
  readonly now: number
  /** The name of the presenter, e.g. `fe1.lab.test`. */
  readonly name: string
  readonly root: Ca
  readonly issuing: Ca
  leaf(change?: LeafChange): Leaf
  ca(change?: CaChange): Ca
  crl(ca: Ca, change?: CrlChange): string
  /** CRLs of root and issuing CA that revoke nothing. */
  goodCrls(): readonly [root: string, issuing: string]
  /** Both ends as they should be; the presenter shows leaf and issuing CA. */
  good(): Variation
}

export interface FaultPkiOptions {
  readonly now: number
  /** Absent: `fe1.lab.test`. */
  readonly name?: string
  /** What the good leaf says beside the usual: further names, another key type, a distribution point. */
  readonly leaf?: LeafChange
  /** The authority of a lab. Absent: a fresh one, for tests. */
  readonly root?: Ca
  readonly issuing?: Ca
}

/**
 * The ground for the faults of one node in a running lab: its own authority signs, so that the peers trust what is
 * made, and the good leaf is the one the plan asks for.
 *
 * @param request the certificate that is to be broken, as the plan has it
 */
export function labFaultPki(authority: Pick<Authority, 'ground'>, request: CertificateRequest, now: number): FaultPki {
  const { root, issuing, leafExtensions } = authority.ground(request.authority)
  const uris = request.uriNames.map((value) => ({ kind: 'uri', value }) as const)
  const addresses = request.ipAddresses.map((value) => ({ kind: 'ip', value }) as const)
  const names = [...request.dnsNames.map(dns), ...uris, ...addresses]
  const leaf = {
    commonName: request.commonName,
    names,
    purposes: request.purposes,
    keyType: request.keyType,
    more: leafExtensions,
  }
  return faultPki({ now, name: request.dnsNames[0] ?? request.commonName, root, issuing, leaf })
}

const dayMs = 86_400_000

/** Builds the ground for faults; everything made from one `FaultPki` shares its root. */
export function faultPki(options: FaultPkiOptions): FaultPki {
  const { now, name = 'fe1.lab.test' } = options
  const ca = (change: CaChange = {}): Ca => makeCa(now, change)
  const root = options.root ?? ca({ commonName: 'fault lab Root CA' })
  const issuing = options.issuing ?? ca({ commonName: 'fault lab Issuing CA', issuer: root })
  const usual = { commonName: name, names: [dns(name)], issuer: issuing, ...options.leaf }
  const leaf = (change: LeafChange = {}): Leaf =>
    makeLeaf(now, { ...usual, ...change, more: [...(usual.more ?? []), ...(change.more ?? [])] })
  const crl: FaultPki['crl'] = (of, change = {}) => makeCrl(now, of, change)
  const good = (): Variation => ({ presenter: show(leaf(), issuing), judge: { trust: [root.pem] }, wantedName: name })
  return { now, name, root, issuing, leaf, ca, crl, good, goodCrls: () => [crl(root), crl(issuing)] }
}

/** A general name of the DNS kind. */
export function dns(value: string): GeneralName {
  return { kind: 'dns', value }
}

/** What the files of an end hold that shows this leaf and these CAs. */
export function show(leaf: Leaf, ...issuers: readonly { readonly pem: string }[]): Presenter {
  return { certificate: [leaf, ...issuers].map(({ pem }) => pem).join(''), key: keyToPem(leaf.key) }
}

/** The name of a CA, for another that shall bear it: `O=siplab`, `CN=lab.test internal Root CA`. */
export function nameOf({ pem }: { readonly pem: string }): DistinguishedName {
  return new X509Certificate(pem).subject
    .split('\n')
    .map((line): readonly [string, string] => [
      line.slice(0, line.indexOf('=')),
      line.slice(line.indexOf('=') + 1),
    ]) as DistinguishedName
}

/** The good pair, with another leaf under the usual issuing CA. */
export function presenting(pki: FaultPki, leaf: Leaf): Variation {
  return { ...pki.good(), presenter: show(leaf, pki.issuing) }
}

export function daysBefore(now: number, days: number): Date {
  return new Date(now - days * dayMs)
}

export function daysAfter(now: number, days: number): Date {
  return new Date(now + days * dayMs)
}

function makeLeaf(
  now: number,
  change: LeafChange & { readonly issuer: Ca; readonly commonName: string; readonly names: readonly GeneralName[] },
): Leaf {
  const key = change.key ?? generateKey(change.keyType)
  const purposes = change.purposes ?? ['serverAuth', 'clientAuth']
  const pem = toPem(
    'CERTIFICATE',
    writeCertificate(
      {
        subject: change.commonName === '' ? [] : [['CN', change.commonName]],
        key,
        notBefore: change.notBefore ?? daysBefore(now, 1),
        notAfter: change.notAfter ?? daysAfter(now, 30),
        extensions: [
          basicConstraints({ ca: change.ca ?? false }),
          keyUsage(...(change.uses ?? ['digitalSignature'])),
          ...(purposes.length === 0 ? [] : [extendedKeyUsage(...purposes)]),
          ...(change.names.length === 0 ? [] : [subjectAltName(change.names, change.commonName === '')]),
          subjectKeyId(key),
          authorityKeyId(change.issuer.key),
          ...(change.more ?? []),
        ],
      },
      signerOf(change.issuer, change),
    ),
  )
  return { pem, key, serial: new X509Certificate(pem).serialNumber.toLowerCase() }
}

function makeCa(now: number, change: CaChange): Ca {
  const key = change.key ?? generateKey(change.keyType)
  const subject: DistinguishedName = change.subject ?? [
    ['O', 'siplab'],
    ['CN', change.commonName ?? 'fault lab CA'],
  ]
  const signer =
    change.issuer === undefined ? { name: subject, key, ...digestOf(change) } : signerOf(change.issuer, change)
  const pem = toPem(
    'CERTIFICATE',
    writeCertificate(
      {
        subject,
        key,
        notBefore: change.notBefore ?? daysBefore(now, 40),
        notAfter: change.notAfter ?? daysAfter(now, 3650),
        extensions: [
          ...(change.ca === 'omitted'
            ? []
            : [
                basicConstraints({
                  ca: change.ca ?? true,
                  ...(change.pathLength === undefined ? {} : { pathLength: change.pathLength }),
                }),
              ]),
          keyUsage(...(change.uses ?? ['keyCertSign', 'cRLSign'])),
          ...(change.purposes === undefined ? [] : [extendedKeyUsage(...change.purposes)]),
          subjectKeyId(key),
          authorityKeyId(signer.key),
          ...(change.more ?? []),
        ],
      },
      signer,
    ),
  )
  return { pem, key }
}

function makeCrl(
  now: number,
  ca: Ca,
  { nextUpdate = daysAfter(now, 7), wrongSignature = false, ...change }: CrlChange,
): string {
  const content = {
    number: 1,
    thisUpdate: daysBefore(now, 1),
    revoked: [],
    ...change,
    ...(nextUpdate === 'never' ? {} : { nextUpdate }),
  }
  return toPem(
    'X509 CRL',
    writeCrl(content, { name: subjectOf(new X509Certificate(ca.pem)), key: ca.key, wrongSignature }),
  )
}

type SignerChange = Pick<LeafChange, 'digest' | 'wrongSignature'>

function signerOf(issuer: Ca, change: SignerChange): Parameters<typeof writeCertificate>[1] {
  const wrong = change.wrongSignature === undefined ? {} : { wrongSignature: change.wrongSignature }
  return { name: subjectOf(new X509Certificate(issuer.pem)), key: issuer.key, ...digestOf(change), ...wrong }
}

function digestOf({ digest }: { readonly digest?: Digest }): { readonly digest?: Digest } {
  return digest === undefined ? {} : { digest }
}
