/** The client's side of NTLM, for tests: answers a challenge, signs what it sends, checks what it gets. */
import { randomBytes } from 'node:crypto'
import { directionKeys, hmacMd5, ntHash, proofOf, responseKey } from '../../src/services/authentication/ntlm/keys.ts'
import { rc4 } from '../../src/services/authentication/ntlm/rc4.ts'
import { isSignature, signatureOf, signedText, signerOf } from '../../src/services/authentication/ntlm/signature.ts'
import { readAuthorization } from '../../src/services/authentication/scheme.ts'
import { parseText } from '../../src/sip/message/index.ts'
import type { SipMessage } from '../../src/sip/message/types.ts'

export interface NtlmAnswer {
  readonly user: string
  readonly domain?: string
  readonly password: string
  /** Wall-clock milliseconds of the client. */
  readonly time: number
}

/** An AUTHENTICATE message, and the key that it brings. */
export function authenticateToken(
  challengeToken: Buffer,
  { user, domain = '', password, time }: NtlmAnswer,
): { readonly token: Buffer; readonly sessionKey: Buffer } {
  const challenge = challengeToken.subarray(24, 32)
  const info = challengeToken.subarray(challengeToken.readUInt32LE(44)).subarray(0, challengeToken.readUInt16LE(40))
  const key = responseKey(Buffer.from(ntHash(password), 'hex'), user, domain)
  const head = Buffer.alloc(28)
  head[0] = head[1] = 1
  head.writeBigUInt64LE(BigInt(time + 11_644_473_600_000) * 10_000n, 8)
  randomBytes(8).copy(head, 16)
  const blob = Buffer.concat([head, info, Buffer.alloc(4)])
  const proof = proofOf(key, challenge, blob)
  const sessionKey = randomBytes(16)
  const parts = [
    [28, Buffer.from(domain, 'utf16le')],
    [36, Buffer.from(user, 'utf16le')],
    [44, Buffer.from('HOST', 'utf16le')],
    [12, Buffer.alloc(24)],
    [20, Buffer.concat([proof, blob])],
    [52, rc4(hmacMd5(key, proof), sessionKey)],
  ] as const
  const fixed = Buffer.alloc(72)
  fixed.write('NTLMSSP\0', 'latin1')
  fixed.writeUInt32LE(3, 8)
  fixed.writeUInt32LE(0x62988255, 60)
  let offset = fixed.length
  for (const [at, part] of parts) {
    fixed.writeUInt16LE(part.length, at)
    fixed.writeUInt16LE(part.length, at + 2)
    fixed.writeUInt32LE(offset, at + 4)
    offset += part.length
  }
  return { token: Buffer.concat([fixed, ...parts.map(([, part]) => part)]), sessionKey }
}

export interface NtlmSession {
  readonly opaque: string
  readonly realm: string
  readonly target: string
  readonly version: number
  readonly sessionKey: Buffer
  /** `cnum` of the last message signed. */
  sent: number
}

/** @param text the request or response without credentials; gives the header line that signs it */
export function signatureLine(session: NtlmSession, text: string, extra = ''): string {
  const { opaque, realm, target, version, sessionKey } = session
  const rand = randomBytes(4).toString('hex')
  const num = String(++session.sent)
  const signed = signedText(parseText(text), { rand, num, realm, target, version })
  const response = signatureOf(signerOf(directionKeys(sessionKey, 'client-to-server')), signed)
  return (
    `Authorization: NTLM qop="auth", opaque="${opaque}", realm="${realm}", targetname="${target}", ${extra}` +
    `crand="${rand}", cnum="${num}", response="${response}"`
  )
}

/** Whether the server's signature of a message is right; undefined: it carries none. */
export function isSignedByServer(
  { realm, target, version, sessionKey }: NtlmSession,
  message: SipMessage,
): boolean | undefined {
  const value = message.header('Authentication-Info')
  if (value === undefined) return undefined
  const { parameters } = readAuthorization(value) ?? { parameters: new Map<string, string>() }
  const [rand = '', num = '', rspauth = ''] = ['srand', 'snum', 'rspauth'].map((name) => parameters.get(name))
  const signer = signerOf(directionKeys(sessionKey, 'server-to-client'))
  return isSignature(signer, signedText(message, { rand, num, realm, target, version }), rspauth)
}
