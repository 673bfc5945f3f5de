/**
 * The keys of NTLMv2: from a password to the four keys that sign and seal one association ([MS-NLMP] 3.3.2, 3.4.5).
 * Names in the comments are those of the specification.
 */
import { createHash, createHmac } from 'node:crypto'
import md4 from 'js-md4'
import { rc4 } from './rc4.ts'

/** NTOWFv1, as the directory keeps it: 16 octets, lower-case hex. Anyone who has it needs no password. */
export function ntHash(password: string): string {
  return Buffer.from(md4.arrayBuffer(Buffer.from(password, 'utf16le'))).toString('hex')
}

/** NTOWFv2. User and domain as the client sent them: its spelling is in its key. */
export function responseKey(nt: Buffer, user: string, domain: string): Buffer {
  return hmacMd5(nt, Buffer.from(upperCase(user) + domain, 'utf16le'))
}

/** NTProofStr. @param blob the NT response from octet 16 on */
export function proofOf(key: Buffer, serverChallenge: Buffer, blob: Buffer): Buffer {
  return hmacMd5(key, Buffer.concat([serverChallenge, blob]))
}

/** ExportedSessionKey of a client that chose a key of its own (NTLMSSP_NEGOTIATE_KEY_EXCH). */
export function sessionKeyOf(key: Buffer, proof: Buffer, encrypted: Buffer): Buffer {
  return rc4(hmacMd5(key, proof), encrypted)
}

/** SIGNKEY and SEALKEY of one direction, 128 bits. */
export interface DirectionKeys {
  readonly sign: Buffer
  readonly seal: Buffer
}

export function directionKeys(sessionKey: Buffer, direction: 'client-to-server' | 'server-to-client'): DirectionKeys {
  const key = (use: string): Buffer =>
    md5(sessionKey, Buffer.from(`session key to ${direction} ${use} key magic constant\0`, 'latin1'))
  return { sign: key('signing'), seal: key('sealing') }
}

export function hmacMd5(key: Buffer, data: Buffer): Buffer {
  return createHmac('md5', key).update(data).digest()
}

export function md5(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** ASCII letters only, as the clients do it: other letters differ from system to system. */
function upperCase(text: string): string {
  return text.replace(/[a-z]/g, (letter) => letter.toUpperCase())
}
