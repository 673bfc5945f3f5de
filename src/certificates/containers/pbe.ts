/**
 * Password-based encryption of keys and containers: PKCS #5 (RFC 8018) and the older forms of PKCS #12 (RFC 7292
 * Appendix B and C). Work is bounded before it begins: a hostile file may ask for billions of rounds.
 */
import { createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto'
import { createRequire } from 'node:module'
import type Forge from 'node-forge'
import { DerReader, readSmallInteger, Tag } from '../examine/der.ts'
import { readAlgorithm, type AlgorithmIdentifier } from '../examine/key-info.ts'

/** Why a container or key was not opened. */
export class PasswordError extends Error {
  readonly reason: 'wrong-password' | 'too-costly' | 'unknown-cipher'
  constructor(reason: PasswordError['reason'], message: string) {
    super(message)
    this.name = 'PasswordError'
    this.reason = reason
  }
}

/** Rounds that one file may cost altogether: about three seconds. Exporters use 2,000 to 600,000. */
const maxRounds = 3_000_000

/** Counts the rounds of one file. */
export class RoundBudget {
  #left = maxRounds

  spend(rounds: number): number {
    if (rounds < 1 || rounds > this.#left)
      throw new PasswordError(
        'too-costly',
        `wants ${rounds} rounds of its key derivation, at most ${maxRounds} are run`,
      )
    this.#left -= rounds
    return rounds
  }
}

/** The digests of RFC 7292 Appendix B: block length `v` in octets. */
const blockOctets: Readonly<Record<string, number>> = { sha1: 64, sha224: 64, sha256: 64, sha384: 128, sha512: 128 }

/** RFC 7292 Appendix B.2; `id` 1 is a key, 2 an IV, 3 a MAC key. */
export function pkcs12Key(
  password: Buffer,
  {
    digest,
    id,
    length,
    salt,
    rounds,
  }: {
    readonly digest: string
    readonly id: 1 | 2 | 3
    readonly length: number
    readonly salt: Buffer
    readonly rounds: number
  },
): Buffer {
  const v = blockOctets[digest] ?? 64
  const input = Buffer.concat([fill(salt, v), fill(password, v)])
  const out: Buffer[] = []
  for (let made = 0; made < length; ) {
    let a = createHash(digest).update(Buffer.alloc(v, id)).update(input).digest()
    for (let round = 1; round < rounds; round += 1) a = createHash(digest).update(a).digest()
    out.push(a)
    made += a.length
    addOne(input, fill(a, v).subarray(0, v), v)
  }
  return Buffer.concat(out).subarray(0, length)
}

/** `I = (I + B + 1) mod 2^v` for every block of I. */
function addOne(input: Buffer, b: Buffer, v: number): void {
  for (let block = 0; block < input.length; block += v) {
    let carry = 1
    for (let at = v - 1; at >= 0; at -= 1) {
      carry += (input[block + at] ?? 0) + (b[at] ?? 0)
      input[block + at] = carry & 0xff
      carry >>= 8
    }
  }
}

function fill(octets: Buffer, block: number): Buffer {
  const length = Math.ceil(octets.length / block) * block
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, octets)
}

/** UTF-16 with a zero at the end (RFC 7292 Appendix B.1). */
export function bmpPassword(password: string): Buffer {
  return Buffer.concat([Buffer.from(password, 'utf16le').swap16(), Buffer.alloc(2)])
}

const oldCiphers: ReadonlyMap<
  string,
  { readonly name: 'des-ede3-cbc' | 'des-ede-cbc' | 'rc2'; readonly octets: number }
> = new Map([
  ['1.2.840.113549.1.12.1.3', { name: 'des-ede3-cbc', octets: 24 }],
  ['1.2.840.113549.1.12.1.4', { name: 'des-ede-cbc', octets: 16 }],
  ['1.2.840.113549.1.12.1.5', { name: 'rc2', octets: 16 }],
  ['1.2.840.113549.1.12.1.6', { name: 'rc2', octets: 5 }],
])

/** True for what OpenSSL 3 reads only with its legacy provider: RC2 and RC4. */
export function isLegacyCipher({ oid }: AlgorithmIdentifier): boolean {
  return /^1\.2\.840\.113549\.1\.12\.1\.[1256]$/.test(oid)
}

/**
 * Decrypts what `algorithm` says was encrypted with `password`.
 *
 * @throws PasswordError
 * @throws CertificateError for parameters that cannot be read
 */
export function decryptWithPassword(
  algorithm: AlgorithmIdentifier,
  encrypted: Buffer,
  password: string,
  budget: RoundBudget,
): Buffer {
  const old = oldCiphers.get(algorithm.oid)
  if (old !== undefined) {
    const { salt, rounds } = saltAndRounds(algorithm, budget)
    const derive = (id: 1 | 2, length: number): Buffer =>
      pkcs12Key(bmpPassword(password), { digest: 'sha1', id, length, salt, rounds })
    return opened(() =>
      old.name === 'rc2'
        ? rc2(derive(1, old.octets), derive(2, 8), encrypted)
        : cipher(old.name, derive(1, old.octets), derive(2, 8), encrypted),
    )
  }
  if (algorithm.oid === '1.2.840.113549.1.5.13') return pbes2(algorithm, encrypted, password, budget)
  throw new PasswordError('unknown-cipher', `is encrypted with ${algorithm.oid}, which is not read here`)
}

function saltAndRounds(algorithm: AlgorithmIdentifier, budget: RoundBudget): { salt: Buffer; rounds: number } {
  const inside = parametersOf(algorithm)
  const salt = inside.take(Tag.octetString, 'salt').content
  const rounds = budget.spend(readSmallInteger(inside, 'iterations') * 3)
  return { salt, rounds: rounds / 3 }
}

function parametersOf({ oid, parameters }: AlgorithmIdentifier): DerReader {
  return new DerReader(parameters ?? Buffer.alloc(0), 'file.pfx-malformed').sequence(`parameters of ${oid}`)
}

const aes: ReadonlyMap<string, { readonly name: string; readonly octets: number }> = new Map([
  ['2.16.840.1.101.3.4.1.2', { name: 'aes-128-cbc', octets: 16 }],
  ['2.16.840.1.101.3.4.1.22', { name: 'aes-192-cbc', octets: 24 }],
  ['2.16.840.1.101.3.4.1.42', { name: 'aes-256-cbc', octets: 32 }],
  ['1.2.840.113549.3.7', { name: 'des-ede3-cbc', octets: 24 }],
])

function pbes2(algorithm: AlgorithmIdentifier, encrypted: Buffer, password: string, budget: RoundBudget): Buffer {
  const inside = parametersOf(algorithm)
  const derivation = readAlgorithm(inside, 'keyDerivationFunc')
  const scheme = readAlgorithm(inside, 'encryptionScheme')
  const known = aes.get(scheme.oid)
  if (known === undefined)
    throw new PasswordError('unknown-cipher', `is encrypted with ${scheme.oid}, which is not read here`)
  const iv = new DerReader(scheme.parameters ?? Buffer.alloc(0), 'file.pfx-malformed').take(Tag.octetString, 'IV')
  const key = pbkdf2Key(derivation, password, known.octets, budget)
  return opened(() => cipher(known.name, key, iv.content, encrypted))
}

const hmacs: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.8', 'sha224'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
])

/** The digest of an HMAC by its OID (RFC 8018 Appendix B.1.2). */
export function hmacDigest(oid: string): string {
  const digest = hmacs.get(oid)
  if (digest === undefined) throw new PasswordError('unknown-cipher', `uses the HMAC ${oid}, which is not read here`)
  return digest
}

/** PBKDF2 (RFC 8018 §5.2) with the parameters of the file. */
export function pbkdf2Key(
  algorithm: AlgorithmIdentifier,
  password: string,
  length: number,
  budget: RoundBudget,
): Buffer {
  if (algorithm.oid !== '1.2.840.113549.1.5.12')
    throw new PasswordError('unknown-cipher', `derives its key by ${algorithm.oid}, which is not read here`)
  const inside = parametersOf(algorithm)
  const salt = inside.take(Tag.octetString, 'salt').content
  const rounds = budget.spend(readSmallInteger(inside, 'iterations'))
  inside.optional(Tag.integer, 'keyLength')
  const prf = inside.done ? 'sha1' : hmacDigest(readAlgorithm(inside, 'prf').oid)
  return pbkdf2Sync(password, salt, rounds, length, prf)
}

function cipher(name: string, key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  const decipher = createDecipheriv(name, key, iv)
  return Buffer.concat([decipher.update(encrypted), decipher.final()])
}

/** RC2 is gone from OpenSSL 3; containers of Windows up to 2016 use it for their certificates. */
function rc2(key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  // Loaded only here: it takes longer than all other work on a file.
  const forge = createRequire(import.meta.url)('node-forge') as typeof Forge
  const decipher = forge.rc2.createDecryptionCipher(key.toString('latin1'), key.length * 8)
  decipher.start(iv.toString('latin1'))
  decipher.update(forge.util.createBuffer(encrypted.toString('latin1')))
  if (!decipher.finish()) throw new PasswordError('wrong-password', 'the password does not open it')
  return Buffer.from(decipher.output.getBytes(), 'latin1')
}

/** A wrong password shows as wrong padding; the library's exception says no more than that. */
function opened(decrypt: () => Buffer): Buffer {
  try {
    return decrypt()
  } catch (error) {
    if (error instanceof PasswordError) throw error
    if (error instanceof Error)
      throw new PasswordError('wrong-password', `the password does not open it: ${error.message}`)
    throw error
  }
}

/** EncryptedPrivateKeyInfo (RFC 5958 §3) to PKCS #8. */
export function decryptKey(der: Buffer, password: string, budget: RoundBudget): Buffer {
  const info = new DerReader(der, 'key.malformed').sequence('EncryptedPrivateKeyInfo')
  const algorithm = readAlgorithm(info, 'encryptionAlgorithm')
  return decryptWithPassword(algorithm, info.take(Tag.octetString, 'encryptedData').content, password, budget)
}
