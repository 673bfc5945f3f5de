/** Digest (RFC 7616, RFC 8760): MD5 and SHA-256, `qop=auth`. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { decodeText } from '../../sip/message/fast/flat.ts'
import type { Clock } from '../../sip/clock.ts'
import type { Arrival } from '../../sip/routing/decision.ts'
import { andThen } from '../maybe-promise.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { digestHash, schemeOf } from './hashes.ts'
import type { DigestAlgorithm } from './hashes.ts'
import { nonces } from './nonce.ts'
import type { Authorization, Check, CredentialSource, Scheme } from './scheme.ts'

export interface DigestOptions {
  readonly credentials: CredentialSource
  readonly realm: string
  readonly clock: Clock
  /** In the order offered, the preferred one first (RFC 8760 §2.3). What the clients of the time can read decides. */
  readonly algorithms: readonly DigestAlgorithm[]
}

interface Attempt {
  readonly algorithm: DigestAlgorithm
  readonly username: string
  readonly nonce: string
  readonly count: string
  readonly cnonce: string
  readonly uri: string
  readonly response: string
}

export function digest(options: DigestOptions): Scheme {
  const { credentials, realm, clock, algorithms } = options
  const nobodysKey = randomBytes(32)
  const counted = nonces({ realm, lifetimeMs: 300_000, limit: 20_000 })

  function challenges(_arrival: Arrival, stale: boolean): readonly string[] {
    const nonce = counted.make(clock.now())
    return algorithms.map(
      (algorithm) =>
        `Digest realm="${realm}", nonce="${nonce}", algorithm=${algorithm}, qop="auth"${stale ? ', stale=true' : ''}`,
    )
  }

  function check(authorization: Authorization, { request }: Arrival): MaybePromise<Check> {
    const attempt = readAttempt(authorization, algorithms)
    if ('kind' in attempt) return attempt
    const username = decodeText(attempt.username)
    return andThen(credentials.credential(username, schemeOf(attempt.algorithm), realm), (credential) =>
      judge(attempt, request.method, credential),
    )
  }

  /** An unknown user costs the same work as a wrong password and earns the same answer. */
  function judge(
    attempt: Attempt,
    method: string,
    credential: { readonly aor: string; readonly hash: string } | undefined,
  ): Check {
    const secret = credential?.hash ?? createHmac('sha256', nobodysKey).update(attempt.username).digest('hex')
    const right = equalText(attempt.response, responseOf(attempt, method, secret))
    if (credential === undefined || !right)
      return { kind: 'rejected', because: credential === undefined ? 'auth.unknown-user' : 'auth.wrong-password' }
    const now = clock.now()
    if (!counted.isFresh(attempt.nonce, now) || !counted.use(attempt.nonce, parseInt(attempt.count, 16), now))
      return { kind: 'stale' }
    return { kind: 'accepted', aor: credential.aor }
  }

  return { name: 'Digest', challenges, check }
}

function readAttempt({ parameters }: Authorization, offered: readonly DigestAlgorithm[]): Attempt | Check {
  const wanted = (parameters.get('algorithm') ?? 'MD5').toUpperCase()
  const algorithm = offered.find((one) => one === wanted)
  if (algorithm === undefined) return { kind: 'rejected', because: 'auth.algorithm-not-offered' }
  const [username, nonce, uri, response] = ['username', 'nonce', 'uri', 'response'].map((name) => parameters.get(name))
  if (username === undefined || nonce === undefined || uri === undefined || response === undefined)
    return malformed('username, nonce, uri and response')
  const [count, cnonce] = ['nc', 'cnonce'].map((name) => parameters.get(name))
  // Without qop there is no count, and a recorded request could be sent again (RFC 7616 §3.4.3 asks for it too).
  if (parameters.get('qop')?.toLowerCase() !== 'auth') return { kind: 'rejected', because: 'auth.qop-missing' }
  if (count === undefined || !/^[0-9a-fA-F]{8}$/.test(count) || cnonce === undefined)
    return malformed('nc of eight hexadecimal digits and cnonce')
  return { algorithm, username, nonce, uri, response: response.toLowerCase(), count, cnonce }
}

function malformed(wanted: string): Check {
  return { kind: 'malformed', because: 'auth.parameter-missing', found: `Authorization: wanted ${wanted}` }
}

/**
 * RFC 7616 §3.4.1. The URI is the one the client hashed: hops before us may have changed the Request-URI, and clients
 * differ in what they put there, so it is not compared (the count keeps an attempt from being used for another
 * request).
 */
function responseOf({ algorithm, nonce, count, cnonce, uri }: Attempt, method: string, secret: string): string {
  const a2 = digestHash(algorithm, `${method}:${uri}`)
  return digestHash(algorithm, `${secret}:${nonce}:${count}:${cnonce}:auth:${a2}`)
}

function equalText(a: string, b: string): boolean {
  const left = Buffer.from(a, 'latin1')
  const right = Buffer.from(b, 'latin1')
  return left.length === right.length && timingSafeEqual(left, right)
}
