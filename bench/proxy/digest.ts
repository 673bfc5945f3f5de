/** The answer of a phone to a challenge (RFC 7616 §3.4, RFC 8760). */
import { createHash, randomBytes } from 'node:crypto'
import { fields } from './wire.ts'

export interface Login {
  readonly user: string
  readonly password: string
}

/**
 * The header field line to repeat a request with.
 *
 * @param refusal a 401; of its challenges the first Digest counts
 * @throws Error when there is none
 */
export function authorization(refusal: string, method: string, uri: string, { user, password }: Login): string {
  const challenge = fields(refusal, 'WWW-Authenticate').find((value) => /^digest /i.test(value))
  if (challenge === undefined) throw new Error('a 401 came without a Digest challenge')
  const parameter = (name: string): string => new RegExp(`[ ,]${name}="?([^",]*)`, 'i').exec(challenge)?.[1] ?? ''
  const [realm, nonce, algorithm] = [parameter('realm'), parameter('nonce'), parameter('algorithm') || 'MD5']
  const hash = (text: string): string =>
    createHash(algorithm.toUpperCase() === 'SHA-256' ? 'sha256' : 'md5')
      .update(text)
      .digest('hex')
  const cnonce = randomBytes(8).toString('hex')
  const secret = hash(`${user}:${realm}:${password}`)
  const response = hash(`${secret}:${nonce}:00000001:${cnonce}:auth:${hash(`${method}:${uri}`)}`)
  return (
    `Authorization: Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
    `response="${response}", algorithm=${algorithm}, cnonce="${cnonce}", qop=auth, nc=00000001\r\n`
  )
}
