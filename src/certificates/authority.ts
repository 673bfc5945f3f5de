/**
 * The lab's own PKI in one folder: an internal root with its issuing CA, and a "public" root with its issuing CA, which
 * plays a commercial CA on the external face of the edge. A lab, never production: the root keys are in the same folder
 * as the rest.
 */
import type { KeyObject } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makePrivateFolder, withLock, writeFileAtomic } from './atomic-files.ts'
import { AuthorityError } from './authority-error.ts'
import {
  type Ca,
  type CaName,
  caNames,
  certificatePath,
  distributionPoints,
  makeCas,
  readCa,
  readSettings,
  settingsPath,
  wholeSecond,
} from './authority-folder.ts'
import type { Authority as AuthorityKind, CertificateRequest, KeyType } from './certificate-request.ts'
import { toPem } from './der.ts'
import {
  authorityKeyId,
  basicConstraints,
  extendedKeyUsage,
  type Extension,
  type GeneralName,
  keyUsage,
  subjectAltName,
  subjectKeyId,
} from './extensions.ts'
import { generateKey, keyToPem } from './keys.ts'
import {
  randomSerial,
  type RevocationReason,
  type RevokedCertificate,
  subjectOf,
  writeCertificate,
  writeCrl,
} from './write-certificate.ts'

export { type CaName, caNames, renewCa } from './authority-folder.ts'

export interface AuthorityOptions {
  /** Part of the names of the CAs, e.g. `lab.test`. */
  readonly domain: string
  /** Milliseconds since 1970. */
  readonly now: number
  /**
   * Where the host `pki` serves CRLs and issuer certificates, e.g. `http://pki.lab.test:8080`. Absent: certificates
   * name no distribution point.
   */
  readonly crlUrl?: string
  /** Keys of the CAs; `p256` when absent. */
  readonly keyType?: KeyType
}

export interface IssuedCertificate {
  readonly name: string
  /** The leaf alone. */
  readonly certificatePem: string
  /** The leaf, then its issuing CA: what a server sends. */
  readonly chainPem: string
  /** PKCS #8. */
  readonly keyPem: string
  /** Hex, lower case. */
  readonly serial: string
  /** ISO 8601, UTC. */
  readonly notBefore: string
  readonly notAfter: string
}

/** One line of `index.jsonl`. */
export type IndexEntry =
  | {
      readonly kind: 'issued'
      readonly at: string
      readonly ca: CaName
      readonly serial: string
      readonly name: string
      readonly subject: string
      readonly names: readonly string[]
      readonly notBefore: string
      readonly notAfter: string
    }
  | {
      readonly kind: 'revoked'
      readonly at: string
      readonly ca: CaName
      readonly serial: string
      readonly reason: RevocationReason
    }

export interface Crl {
  readonly ca: CaName
  /** Label `X509 CRL`; one CRL, as Node's `crl` option wants each. */
  readonly pem: string
  /** What a distribution point serves. */
  readonly der: Buffer
}

export interface SigningCa {
  readonly pem: string
  readonly key: KeyObject
}

export interface Ground {
  readonly root: SigningCa
  readonly issuing: SigningCa
  /** Distribution point and issuer address; empty when the authority has no `crlUrl`. */
  readonly leafExtensions: readonly Extension[]
}

export interface Authority {
  readonly directory: string
  readonly domain: string
  /**
   * Issues a certificate with a fresh key and notes it in the index. Validity runs from one minute before `now`, in
   * whole seconds.
   */
  issue(request: CertificateRequest, now: number): IssuedCertificate
  /** @throws AuthorityError `serial-unknown` when no certificate of that serial was issued here */
  revoke(serial: string, now: number, reason?: RevocationReason): void
  /**
   * A fresh CRL of one CA, valid for `validSeconds` (a day when absent). Written beside the CA as `NAME.crl` (DER) and
   * `NAME.crl.pem`.
   */
  crl(ca: CaName, now: number, validSeconds?: number): Crl
  /** The CRLs of root and issuing CA: once CRLs are used, Node wants one for every CA of a chain. */
  crls(kind: AuthorityKind, now: number, validSeconds?: number): readonly [root: Crl, issuing: Crl]
  /** The root that verifies what this authority issues. */
  trust(kind: AuthorityKind): { readonly path: string; readonly pem: string }
  /** The certificate of one CA, for chains and for `pki` to serve. */
  caCertificate(ca: CaName): { readonly path: string; readonly pem: string }
  /**
   * What faults are made with: both CAs with their keys, and the extensions that every leaf of the issuing CA carries.
   */
  ground(kind: AuthorityKind): Ground
  /** Everything issued and revoked, oldest first. */
  index(): readonly IndexEntry[]
}

const daySeconds = 86_400

/**
 * Makes the four CAs. Of several processes that start at once the first makes them and the others open what it made.
 *
 * @throws AuthorityError `authority-exists` when the folder holds an authority of another domain
 */
export function initAuthority(directory: string, options: AuthorityOptions): Authority {
  mkdirSync(directory, { recursive: true })
  makePrivateFolder(join(directory, 'private'))
  withLock(directory, () => {
    if (!existsSync(settingsPath(directory))) makeCas(directory, options)
  })
  const authority = openAuthority(directory)
  if (authority.domain === options.domain) return authority
  throw new AuthorityError(
    'authority-exists',
    `${directory} already holds the authority of ${authority.domain}, wanted ${options.domain}; name another folder`,
  )
}

/**
 * Opens what `initAuthority` made.
 *
 * @throws AuthorityError `authority-missing` or `authority-incomplete`; KeyFileError when a key is open to others
 */
export function openAuthority(directory: string): Authority {
  const { domain, crlUrl } = readSettings(directory)
  // Under the lock, so that a renewal under way is seen whole.
  const cas = withLock(
    directory,
    () => Object.fromEntries(caNames.map((name) => [name, readCa(directory, name)])) as Readonly<Record<CaName, Ca>>,
  )
  const issuance = new IssuanceIndex(directory)
  const crl: Authority['crl'] = (name, now, validSeconds = daySeconds) =>
    withLock(directory, () =>
      issueCrl(directory, cas[name], { now, validSeconds, revoked: revokedBy(issuance.entries, name) }),
    )
  return {
    directory,
    domain,
    index: () => issuance.entries,
    crl,
    crls: (kind, now, validSeconds) => [
      crl(`${kind}-root`, now, validSeconds),
      crl(`${kind}-issuing`, now, validSeconds),
    ],
    caCertificate: (name) => ({ path: certificatePath(directory, name), pem: cas[name].pem }),
    trust: (kind) => ({ path: certificatePath(directory, `${kind}-root`), pem: cas[`${kind}-root`].pem }),
    ground: (kind) => ({
      root: cas[`${kind}-root`],
      issuing: cas[`${kind}-issuing`],
      leafExtensions: distributionPoints(crlUrl, `${kind}-issuing`),
    }),
    issue(request, now) {
      const ca = cas[`${request.authority}-issuing`]
      const issued = issueLeaf(ca, request, now, crlUrl)
      issuance.noteIssued(ca.name, request, issued, now)
      return issued
    },
    revoke: (serial, now, reason = 'unspecified') => issuance.noteRevoked(serial, now, reason),
  }
}

/** `index.jsonl` of an authority: everything issued and revoked, oldest first. */
class IssuanceIndex {
  readonly #directory: string
  readonly #path: string

  constructor(directory: string) {
    this.#directory = directory
    this.#path = join(directory, 'index.jsonl')
  }

  get entries(): readonly IndexEntry[] {
    return readIndex(this.#path)
  }

  noteIssued(ca: CaName, request: CertificateRequest, issued: IssuedCertificate, now: number): void {
    const { serial, notBefore, notAfter } = issued
    this.#note({
      kind: 'issued',
      at: new Date(now).toISOString(),
      ca,
      serial,
      name: request.name,
      subject: request.commonName,
      names: [...request.dnsNames, ...request.uriNames, ...request.ipAddresses],
      notBefore,
      notAfter,
    })
  }

  noteRevoked(serial: string, now: number, reason: RevocationReason): void {
    const wanted = serial.toLowerCase().replaceAll(':', '')
    const entry = this.entries.find((one) => one.kind === 'issued' && one.serial === wanted)
    if (entry === undefined)
      throw new AuthorityError(
        'serial-unknown',
        `${this.#directory} never issued a certificate with serial ${wanted}; see: siplab certs list`,
      )
    this.#note({ kind: 'revoked', at: new Date(now).toISOString(), ca: entry.ca, serial: wanted, reason })
  }

  #note(entry: IndexEntry): void {
    appendFileSync(this.#path, `${JSON.stringify(entry)}\n`, { mode: 0o600 })
  }
}

function issueLeaf(ca: Ca, request: CertificateRequest, now: number, crlUrl: string | undefined): IssuedCertificate {
  const key = generateKey(request.keyType)
  const serial = randomSerial()
  const notBefore = backdated(now, request.validSeconds)
  const notAfter = new Date(Math.ceil(now / 1000) * 1000 + request.validSeconds * 1000)
  const subject = request.commonName === '' ? [] : [['CN', request.commonName] as const]
  const extensions = [...leafExtensions(request, key), authorityKeyId(ca.key), ...distributionPoints(crlUrl, ca.name)]
  const der = writeCertificate(
    { serial, subject, notBefore, notAfter, key, extensions },
    { name: subjectOf(ca.certificate), key: ca.key },
  )
  const certificatePem = toPem('CERTIFICATE', der)
  return {
    name: request.name,
    certificatePem,
    chainPem: certificatePem + ca.pem,
    keyPem: keyToPem(key),
    serial,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
  }
}

/**
 * A minute before now, for clocks that run late, but never more than a tenth of the validity: a certificate of 20 s
 * must not begin in the last third of its lifetime.
 */
function backdated(now: number, validSeconds: number): Date {
  const back = Math.min(60, Math.floor(validSeconds / 10))
  return new Date((Math.floor(now / 1000) - back) * 1000)
}

function leafExtensions(request: CertificateRequest, key: KeyObject): readonly Extension[] {
  const names: readonly GeneralName[] = [
    ...request.dnsNames.map((value) => ({ kind: 'dns', value }) as const),
    ...request.uriNames.map((value) => ({ kind: 'uri', value }) as const),
    ...request.ipAddresses.map((value) => ({ kind: 'ip', value }) as const),
  ]
  const isRsa = request.keyType.startsWith('rsa')
  return [
    basicConstraints({ ca: false }),
    isRsa ? keyUsage('digitalSignature', 'keyEncipherment') : keyUsage('digitalSignature'),
    ...(request.purposes.length === 0 ? [] : [extendedKeyUsage(...request.purposes)]),
    ...(names.length === 0 ? [] : [subjectAltName(names, request.commonName === '')]),
    subjectKeyId(key),
  ]
}

function issueCrl(
  directory: string,
  ca: Ca,
  options: { readonly now: number; readonly validSeconds: number; readonly revoked: readonly RevokedCertificate[] },
): Crl {
  const thisUpdate = new Date(wholeSecond(options.now))
  const der = writeCrl(
    {
      number: nextCrlNumber(directory, ca.name),
      thisUpdate,
      nextUpdate: new Date(thisUpdate.getTime() + options.validSeconds * 1000),
      revoked: options.revoked,
    },
    { name: subjectOf(ca.certificate), key: ca.key },
  )
  const pem = toPem('X509 CRL', der)
  writeFileAtomic(join(directory, `${ca.name}.crl`), der)
  writeFileAtomic(join(directory, `${ca.name}.crl.pem`), pem)
  return { ca: ca.name, pem, der }
}

/** CRL numbers only ever grow (RFC 5280 §5.2.3); the caller holds the lock. */
function nextCrlNumber(directory: string, name: CaName): number {
  const path = join(directory, 'private', `${name}.crl-number`)
  const last = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0
  writeFileAtomic(path, String(last + 1), 0o600)
  return last + 1
}

function revokedBy(index: readonly IndexEntry[], ca: CaName): readonly RevokedCertificate[] {
  const bySerial = new Map<string, RevokedCertificate>()
  for (const entry of index) {
    if (entry.kind !== 'revoked' || entry.ca !== ca || bySerial.has(entry.serial)) continue
    const reason = entry.reason === 'unspecified' ? {} : { reason: entry.reason }
    bySerial.set(entry.serial, { serial: entry.serial, at: new Date(entry.at), ...reason })
  }
  return [...bySerial.values()]
}

/** A last line without its end is a write in progress, or one that a crash cut: it was never acknowledged. */
function readIndex(path: string): readonly IndexEntry[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  lines.pop()
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as IndexEntry)
}
