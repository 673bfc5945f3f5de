/**
 * The folder of the lab's authority: names of files, the four CA certificates and their keys, made, read and renewed.
 */
import { type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isSystemError, withLock, writeFileAtomic } from './atomic-files.ts'
import { AuthorityError } from './authority-error.ts'
import type { Authority as AuthorityKind, KeyType } from './certificate-request.ts'
import { toPem } from './der.ts'
import {
  authorityInfoAccess,
  authorityKeyId,
  basicConstraints,
  crlDistributionPoint,
  type Extension,
  keyUsage,
  subjectKeyId,
} from './extensions.ts'
import { generateKey, readKeyFile, writeKeyFile } from './keys.ts'
import { type DistinguishedName, writeCertificate } from './write-certificate.ts'

/** The four CAs; the name is the stem of every file of that CA. */
export const caNames = ['internal-root', 'internal-issuing', 'public-root', 'public-issuing'] as const
export type CaName = (typeof caNames)[number]

const yearSeconds = 365 * 86_400

/** One CA as the folder holds it. */
export interface Ca {
  readonly name: CaName
  readonly pem: string
  readonly certificate: X509Certificate
  readonly key: KeyObject
}

/** What `authority.json` holds. */
export interface Settings {
  readonly domain: string
  readonly crlUrl?: string
}

export const settingsPath = (directory: string): string => join(directory, 'authority.json')
export const certificatePath = (directory: string, name: CaName): string => join(directory, `${name}.pem`)
const keyPath = (directory: string, name: CaName): string => join(directory, 'private', `${name}.key`)

/** The settings are written last: a folder that has them has the rest. */
export function makeCas(
  directory: string,
  { domain, now, crlUrl, keyType = 'p256' }: Settings & { readonly now: number; readonly keyType?: KeyType },
): void {
  const settings: Settings = crlUrl === undefined ? { domain } : { domain, crlUrl }
  for (const kind of ['internal', 'public'] as const) {
    const root = makeCa(settings, `${kind}-root`, { now, key: generateKey(keyType) })
    saveCa(directory, root)
    saveCa(directory, makeCa(settings, `${kind}-issuing`, { now, key: generateKey(keyType), issuer: root }))
  }
  writeFileAtomic(settingsPath(directory), `${JSON.stringify(settings, undefined, 2)}\n`)
}

/**
 * Renews one CA certificate: new dates under the same key, or a new key as well. What was issued before stays as it is,
 * so a new key cuts off whatever still shows the old chain: that is the drill. The old certificate stays as
 * `NAME.previous.pem`, for trust lists that hold both during the change.
 *
 * Open the authority again afterwards.
 *
 * @throws AuthorityError as `openAuthority`
 */
export function renewCa(
  directory: string,
  name: CaName,
  now: number,
  options: { readonly newKey: boolean },
): { readonly pem: string; readonly previousPem: string } {
  return withLock(directory, () => {
    const settings = readSettings(directory)
    const old = readCa(directory, name)
    const key = options.newKey ? generateKey(keyTypeOf(old.key)) : old.key
    const issuer = name.endsWith('-root') ? {} : { issuer: readCa(directory, rootOf(name)) }
    const renewed = makeCa(settings, name, { now, key, ...issuer })
    writeFileAtomic(join(directory, `${name}.previous.pem`), old.pem)
    saveCa(directory, renewed)
    return { pem: renewed.pem, previousPem: old.pem }
  })
}

function rootOf(name: CaName): CaName {
  return name.startsWith('internal') ? 'internal-root' : 'public-root'
}

function keyTypeOf(key: KeyObject): KeyType {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519'
  if (key.asymmetricKeyType === 'rsa')
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) > 2048 ? 'rsa3072' : 'rsa2048'
  return key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'p384' : 'p256'
}

interface CaWanted {
  readonly now: number
  readonly key: KeyObject
  /** Absent: a root. */
  readonly issuer?: Ca
}

/** A root lasts ten years and allows one CA below it; an issuing CA lasts five and allows none. */
function makeCa({ domain, crlUrl }: Settings, name: CaName, { now, key, issuer }: CaWanted): Ca {
  const kind = name.startsWith('internal') ? 'internal' : 'public'
  const subject = caSubject(domain, kind, issuer === undefined ? 'Root CA' : 'Issuing CA')
  const der = writeCertificate(
    {
      subject,
      key,
      notBefore: oneMinuteBefore(now),
      notAfter: new Date(wholeSecond(now) + (issuer === undefined ? 10 : 5) * yearSeconds * 1000),
      extensions: [
        basicConstraints({ ca: true, pathLength: issuer === undefined ? 1 : 0 }),
        keyUsage('keyCertSign', 'cRLSign'),
        subjectKeyId(key),
        authorityKeyId(issuer?.key ?? key),
        ...(issuer === undefined ? [] : distributionPoints(crlUrl, issuer.name)),
      ],
    },
    { name: issuer === undefined ? subject : caSubject(domain, kind, 'Root CA'), key: issuer?.key ?? key },
  )
  const pem = toPem('CERTIFICATE', der)
  return { name, pem, certificate: new X509Certificate(pem), key }
}

/** The private authority of a lab, by the name it signs with: `CN=lab.test internal Issuing CA,O=siplab`. */
export function isInternalAuthority(name: string): boolean {
  return /^CN=[^,]+ internal (?:Root|Issuing) CA,O=siplab$/.test(name)
}

function caSubject(domain: string, kind: AuthorityKind, role: string): DistinguishedName {
  const organisation = kind === 'internal' ? 'siplab' : 'siplab, stand-in for a public authority'
  return [
    ['O', organisation],
    ['CN', `${domain} ${kind} ${role}`],
  ]
}

function saveCa(directory: string, { name, key, pem }: Ca): void {
  writeKeyFile(keyPath(directory, name), key)
  writeFileAtomic(certificatePath(directory, name), pem)
}

export function readSettings(directory: string): Settings {
  try {
    const read: unknown = JSON.parse(readFileSync(settingsPath(directory), 'utf8'))
    if (isSettings(read)) return read
  } catch (cause) {
    if (isSystemError(cause) && cause.code === 'ENOENT') {
      throw new AuthorityError('authority-missing', `${directory} holds no authority; run: siplab certs init`, cause)
    }
    throw new AuthorityError(
      'authority-incomplete',
      `${settingsPath(directory)} cannot be read: ${String(cause)}`,
      cause,
    )
  }
  throw new AuthorityError('authority-incomplete', `${settingsPath(directory)}: wanted {"domain":"…"}`)
}

function isSettings(value: unknown): value is Settings {
  if (typeof value !== 'object' || value === null || !('domain' in value) || typeof value.domain !== 'string')
    return false
  return !('crlUrl' in value) || typeof value.crlUrl === 'string'
}

export function readCa(directory: string, name: CaName): Ca {
  try {
    const pem = readFileSync(certificatePath(directory, name), 'utf8')
    return { name, pem, certificate: new X509Certificate(pem), key: readKeyFile(keyPath(directory, name)) }
  } catch (cause) {
    if (!isSystemError(cause) || cause.code !== 'ENOENT') throw cause
    throw new AuthorityError(
      'authority-incomplete',
      `${directory} lacks a file of ${name}: ${cause.message}; start again with: siplab certs init in an empty folder`,
      cause,
    )
  }
}

/** Where the CRL and the certificate of a CA are fetched; empty when no server offers them. */
export function distributionPoints(crlUrl: string | undefined, ca: CaName): readonly Extension[] {
  if (crlUrl === undefined) return []
  const base = crlUrl.replace(/\/$/, '')
  return [crlDistributionPoint(`${base}/${ca}.crl`), authorityInfoAccess({ issuerUrl: `${base}/${ca}.cer` })]
}

export const wholeSecond = (now: number): number => Math.floor(now / 1000) * 1000
const oneMinuteBefore = (now: number): Date => new Date(wholeSecond(now) - 60_000)
