/**
 * What is kept of a password: for Digest the hash of name, realm and password (RFC 7616 §3.4.2 `A1`), for NTLM the hash
 * of the password alone.
 */
import { createHash } from 'node:crypto'
import { ntHash } from './ntlm/keys.ts'

export type DigestAlgorithm = 'MD5' | 'SHA-256'

interface Row {
  readonly username: string
  readonly scheme: string
  readonly realm: string
  readonly hash: string
}

/** Scheme of the credential row that NTLM needs: NTOWFv1 ([MS-NLMP] 3.3.1). */
export const ntHashScheme = 'nt-hash'

const schemes = { MD5: 'digest-md5', 'SHA-256': 'digest-sha-256' } as const

/** Name of the credential row an algorithm needs: `digest-md5`. */
export function schemeOf(algorithm: DigestAlgorithm): string {
  return schemes[algorithm]
}

/**
 * One row for each scheme we know. Schemes that join later add theirs here.
 *
 * @param user the name as the client sends it, e.g. `alice`; NTLM does not tell capitals from small letters
 */
export function credentialRows(user: string, realm: string, password: string): readonly Row[] {
  const digests = (['MD5', 'SHA-256'] as const).map((algorithm) => ({
    username: user,
    scheme: schemeOf(algorithm),
    realm,
    hash: digestHash(algorithm, Buffer.from(`${user}:${realm}:${password}`, 'utf8')),
  }))
  return [...digests, { username: user.toLowerCase(), scheme: ntHashScheme, realm, hash: ntHash(password) }]
}

/** Lower-case hex. Text is taken as latin1: what came in a message is hashed octet for octet. */
export function digestHash(algorithm: DigestAlgorithm, data: string | Buffer): string {
  const hash = createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
  return (typeof data === 'string' ? hash.update(data, 'latin1') : hash.update(data)).digest('hex')
}
