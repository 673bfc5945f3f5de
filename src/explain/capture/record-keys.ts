/** Opens encrypted records with the secrets of a key log: TLS 1.3 (RFC 8446 §5.2, §7.3), TLS 1.2 (RFC 5246 §6). */
import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import { cipherName } from './tls-names.ts'

export interface OpenedRecord {
  readonly type: number
  readonly content: Buffer
}

export interface RecordOpener {
  /** @returns undefined when the record was not sealed with this key */
  open(type: number, version: number, sealed: Buffer): OpenedRecord | undefined
}

interface Sealing {
  readonly algorithm: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305' | 'aes-128-ccm'
  readonly keyLength: number
  readonly tagLength: number
}

type Hash = 'sha1' | 'sha256' | 'sha384'

/** RFC 8446 §B.4. */
const suites13: ReadonlyMap<number, Sealing & { readonly hash: Hash }> = new Map([
  [0x1301, { algorithm: 'aes-128-gcm', keyLength: 16, tagLength: 16, hash: 'sha256' }],
  [0x1302, { algorithm: 'aes-256-gcm', keyLength: 32, tagLength: 16, hash: 'sha384' }],
  [0x1303, { algorithm: 'chacha20-poly1305', keyLength: 32, tagLength: 16, hash: 'sha256' }],
  [0x1304, { algorithm: 'aes-128-ccm', keyLength: 16, tagLength: 16, hash: 'sha256' }],
  [0x1305, { algorithm: 'aes-128-ccm', keyLength: 16, tagLength: 8, hash: 'sha256' }],
])

/**
 * The keys of one direction of TLS 1.3, from one traffic secret on.
 *
 * @returns undefined for a cipher suite that is not known here, or a secret of the wrong length
 */
export function opener13(cipher: number, secret: Buffer): RecordOpener | undefined {
  const suite = suites13.get(cipher)
  if (suite === undefined || secret.length !== (suite.hash === 'sha384' ? 48 : 32)) return undefined
  let traffic = secret
  let keys = trafficKeys(suite, traffic)
  let sequence = 0
  return {
    open(type, version, sealed) {
      const header = recordHeader(type, version, sealed.length)
      const inner = unseal(suite, keys.key, nonce(keys.iv, sequence), header, sealed)
      if (inner === undefined) return undefined
      sequence += 1
      const opened = withoutPadding(inner)
      if (opened === undefined || !endsInKeyUpdate(opened)) return opened
      traffic = expandLabel(suite.hash, traffic, 'traffic upd', traffic.length)
      keys = trafficKeys(suite, traffic)
      sequence = 0
      return opened
    },
  }
}

/** RFC 8446 §4.6.3: one message of 5 octets, after which the sender uses the next keys. */
function endsInKeyUpdate({ type, content }: OpenedRecord): boolean {
  return type === 22 && content.length === 5 && content[0] === 24
}

/** RFC 8446 §5.4: the type is the last octet before the zeros. */
function withoutPadding(inner: Buffer): OpenedRecord | undefined {
  let end = inner.length - 1
  while (end >= 0 && inner[end] === 0) end -= 1
  const type = inner[end]
  return type === undefined ? undefined : { type, content: inner.subarray(0, end) }
}

function trafficKeys(
  { hash, keyLength }: Sealing & { readonly hash: Hash },
  secret: Buffer,
): { readonly key: Buffer; readonly iv: Buffer } {
  return { key: expandLabel(hash, secret, 'key', keyLength), iv: expandLabel(hash, secret, 'iv', 12) }
}

/** HKDF-Expand-Label with an empty context; one block of HMAC is enough for every use here (RFC 8446 §7.1). */
function expandLabel(hash: Hash, secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`)
  const info = Buffer.concat([Buffer.from([length >> 8, length & 0xff, name.length]), name, Buffer.from([0, 1])])
  return createHmac(hash, secret).update(info).digest().subarray(0, length)
}

function nonce(iv: Buffer, sequence: number): Buffer {
  const octets = Buffer.from(iv)
  const low = sequence % 2 ** 32
  octets.writeUInt32BE((octets.readUInt32BE(8) ^ low) >>> 0, 8)
  octets.writeUInt32BE((octets.readUInt32BE(4) ^ Math.floor(sequence / 2 ** 32)) >>> 0, 4)
  return octets
}

function recordHeader(type: number, version: number, length: number): Buffer {
  return Buffer.from([type, version >> 8, version & 0xff, length >> 8, length & 0xff])
}

function unseal(
  { algorithm, tagLength }: Sealing,
  key: Buffer,
  iv: Buffer,
  associated: Buffer,
  sealed: Buffer,
): Buffer | undefined {
  const length = sealed.length - tagLength
  if (length < 0) return undefined
  try {
    // The overloads of createDecipheriv tell the kinds of AEAD apart by a literal name.
    const decipher =
      algorithm === 'aes-128-ccm'
        ? createDecipheriv(algorithm, key, iv, { authTagLength: tagLength })
        : algorithm === 'chacha20-poly1305'
          ? createDecipheriv(algorithm, key, iv, { authTagLength: tagLength })
          : createDecipheriv(algorithm, key, iv, { authTagLength: tagLength })
    decipher.setAuthTag(sealed.subarray(length))
    decipher.setAAD(associated, { plaintextLength: length })
    const opened = decipher.update(sealed.subarray(0, length))
    decipher.final()
    return opened
  } catch (error) {
    if (isWrongKey(error)) return undefined
    throw error
  }
}

/** OpenSSL says so of a tag that does not fit. */
function isWrongKey(error: unknown): boolean {
  return error instanceof Error && /unable to authenticate data|Unsupported state/i.test(error.message)
}

export interface MainSecretUse {
  readonly cipher: number
  readonly mainSecret: Buffer
  /** Hex. */
  readonly clientRandom: string
  readonly serverRandom: string
  readonly encryptThenMac: boolean
}

/** The keys of both directions under TLS 1.2; absent for a cipher suite that is not known here. */
export function openers12(
  use: MainSecretUse,
): { readonly dialler: RecordOpener; readonly acceptor: RecordOpener } | undefined {
  const name = cipherName(use.cipher)
  const hash: Hash = name.endsWith('SHA384') ? 'sha384' : 'sha256'
  const seed = Buffer.concat([Buffer.from('key expansion'), Buffer.from(use.serverRandom + use.clientRandom, 'hex')])
  const block = pseudoRandom(hash, use.mainSecret, seed, 256)
  const sealing = aead12(name)
  if (sealing !== undefined) return aeadOpeners(sealing, block)
  const [, bits, mac] = /_AES_(128|256)_CBC_(SHA|SHA256|SHA384)$/.exec(name) ?? []
  if (bits === undefined) return undefined
  const macHash = mac === 'SHA' ? 'sha1' : mac === 'SHA384' ? 'sha384' : 'sha256'
  return cbcOpeners(bits === '128' ? 16 : 32, macHash, block, use.encryptThenMac)
}

function aead12(name: string): Sealing | undefined {
  if (name.includes('_CHACHA20_POLY1305_')) return { algorithm: 'chacha20-poly1305', keyLength: 32, tagLength: 16 }
  if (name.includes('_AES_128_GCM_')) return { algorithm: 'aes-128-gcm', keyLength: 16, tagLength: 16 }
  return name.includes('_AES_256_GCM_') ? { algorithm: 'aes-256-gcm', keyLength: 32, tagLength: 16 } : undefined
}

/** P_hash of RFC 5246 §5. */
function pseudoRandom(hash: Hash, secret: Buffer, seed: Buffer, length: number): Buffer {
  const mac = (octets: Buffer): Buffer => createHmac(hash, secret).update(octets).digest()
  const parts: Buffer[] = []
  let a = seed
  for (let made = 0; made < length; ) {
    a = mac(a)
    const part = mac(Buffer.concat([a, seed]))
    parts.push(part)
    made += part.length
  }
  return Buffer.concat(parts).subarray(0, length)
}

function aeadOpeners(
  sealing: Sealing,
  block: Buffer,
): { readonly dialler: RecordOpener; readonly acceptor: RecordOpener } {
  const { keyLength } = sealing
  const fixed = sealing.algorithm === 'chacha20-poly1305' ? 12 : 4
  const iv = (index: number): Buffer =>
    block.subarray(2 * keyLength + index * fixed, 2 * keyLength + (index + 1) * fixed)
  const opener = (index: number): RecordOpener =>
    aeadOpener12(sealing, block.subarray(index * keyLength, (index + 1) * keyLength), iv(index))
  return { dialler: opener(0), acceptor: opener(1) }
}

/** GCM sends 8 octets of the nonce (RFC 5288 §3), ChaCha20 counts (RFC 7905 §2). */
function aeadOpener12(sealing: Sealing, key: Buffer, iv: Buffer): RecordOpener {
  let sequence = 0
  const explicit = sealing.algorithm === 'chacha20-poly1305' ? 0 : 8
  return {
    open(type, version, sealed) {
      const length = sealed.length - explicit - sealing.tagLength
      if (length < 0) return undefined
      const full = explicit === 0 ? nonce(iv, sequence) : Buffer.concat([iv, sealed.subarray(0, explicit)])
      const associated = Buffer.concat([sequenceOctets(sequence), recordHeader(type, version, length)])
      const content = unseal(sealing, key, full, associated, sealed.subarray(explicit))
      if (content === undefined) return undefined
      sequence += 1
      return { type, content }
    },
  }
}

function sequenceOctets(sequence: number): Buffer {
  const octets = Buffer.alloc(8)
  octets.writeBigUInt64BE(BigInt(sequence))
  return octets
}

function cbcOpeners(
  keyLength: number,
  macHash: Hash,
  block: Buffer,
  encryptThenMac: boolean,
): { readonly dialler: RecordOpener; readonly acceptor: RecordOpener } {
  const macLength = { sha1: 20, sha256: 32, sha384: 48 }[macHash]
  const opener = (index: number): RecordOpener => {
    const macKey = block.subarray(index * macLength, (index + 1) * macLength)
    const from = 2 * macLength + index * keyLength
    return cbcOpener({ key: block.subarray(from, from + keyLength), macKey, macHash, macLength, encryptThenMac })
  }
  return { dialler: opener(0), acceptor: opener(1) }
}

interface CbcKeys {
  readonly key: Buffer
  readonly macKey: Buffer
  readonly macHash: Hash
  readonly macLength: number
  readonly encryptThenMac: boolean
}

/** RFC 5246 §6.2.3.2; the MAC outside with encrypt-then-MAC (RFC 7366). */
function cbcOpener({ key, macKey, macHash, macLength, encryptThenMac }: CbcKeys): RecordOpener {
  let sequence = 0
  const algorithm = key.length === 16 ? 'aes-128-cbc' : 'aes-256-cbc'
  const macOf = (type: number, version: number, content: Buffer): Buffer =>
    createHmac(macHash, macKey)
      .update(sequenceOctets(sequence))
      .update(recordHeader(type, version, content.length))
      .update(content)
      .digest()
  return {
    open(type, version, sealed) {
      const body = encryptThenMac ? sealed.subarray(0, sealed.length - macLength) : sealed
      if (body.length < 32 || body.length % 16 !== 0) return undefined
      if (encryptThenMac && !timingSafeEqual(macOf(type, version, body), sealed.subarray(body.length))) return undefined
      const decipher = createDecipheriv(algorithm, key, body.subarray(0, 16)).setAutoPadding(false)
      const plain = Buffer.concat([decipher.update(body.subarray(16)), decipher.final()])
      const unpadded = plain.length - (plain.at(-1) ?? 0) - 1
      const end = encryptThenMac ? unpadded : unpadded - macLength
      if (end < 0) return undefined
      const content = plain.subarray(0, end)
      if (!encryptThenMac && !timingSafeEqual(macOf(type, version, content), plain.subarray(end, unpadded)))
        return undefined
      sequence += 1
      return { type, content }
    },
  }
}
