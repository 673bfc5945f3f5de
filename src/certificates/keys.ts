/** Private keys: made by node:crypto, kept as PEM PKCS #8 in files that only their owner may read. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { KeyType } from './certificate-request.ts'
import { writeFileAtomic } from './atomic-files.ts'

/** Makes a private key. P-256 and Ed25519 take less than a millisecond, RSA 25 to 400. */
export function generateKey(type: KeyType = 'p256'): KeyObject {
  switch (type) {
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey
    case 'p384':
      return generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey
    case 'rsa1024':
      return generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
    case 'rsa2048':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    case 'rsa3072':
      return generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey
    default:
      throw new TypeError(`no such key type: ${String(type satisfies never)}`)
  }
}

/** The public half of a private key. */
export function publicHalf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key
}

/** `-----BEGIN PRIVATE KEY-----…`, PKCS #8. */
export function keyToPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** Writes a key file of mode 0600, whole or not at all. */
export function writeKeyFile(path: string, key: KeyObject | string): void {
  writeFileAtomic(path, typeof key === 'string' ? key : keyToPem(key), 0o600)
}

/** A key file that others may read, or one that cannot be used. `code` is a verdict code. */
export class KeyFileError extends Error {
  readonly code: 'key.permissions'
  readonly path: string
  constructor(path: string, mode: number) {
    super(`${path}: key files have mode 0600, found 0${mode.toString(8)}; run: chmod 600 ${path}`)
    this.name = 'KeyFileError'
    this.code = 'key.permissions'
    this.path = path
  }
}

/**
 * Reads a key file.
 *
 * @throws KeyFileError `key.permissions` when group or others have any access
 */
export function readKeyFile(path: string): KeyObject {
  const mode = statSync(path).mode & 0o777
  if (!isPrivateMode(mode)) throw new KeyFileError(path, mode)
  return createPrivateKey(readFileSync(path))
}

/** True when neither group nor others have any access. */
export function isPrivateMode(mode: number): boolean {
  return (mode & 0o077) === 0
}
