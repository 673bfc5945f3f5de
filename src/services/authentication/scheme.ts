/** What an authentication scheme is to the policy that asks for credentials. Digest is one; others join beside it. */
import type { HeaderField } from '../../sip/message/types.ts'
import type { Arrival } from '../../sip/routing/decision.ts'
import type { MaybePromise } from '../maybe-promise.ts'

/** One Authorization header field, taken apart. */
export interface Authorization {
  /** Lower case: `digest`. */
  readonly scheme: string
  /** Names lower case, values unquoted, latin1. */
  readonly parameters: ReadonlyMap<string, string>
}

export type Check =
  /** The credentials of that account are right. */
  | { readonly kind: 'accepted'; readonly aor: string }
  /** Right, but with a nonce that is over: the client asks again without asking its user. */
  | { readonly kind: 'stale' }
  /** One more round, with these challenges. */
  | { readonly kind: 'continue'; readonly challenges: readonly string[] }
  | { readonly kind: 'rejected'; readonly because: string; readonly headers?: readonly HeaderField[] }
  /** Not to be answered with a challenge: 400. */
  | { readonly kind: 'malformed'; readonly because: string; readonly found: string }

/** Where secrets are looked up; a cached directory, usually. */
export interface CredentialSource {
  credential(
    username: string,
    scheme: string,
    realm: string,
  ): MaybePromise<{ readonly aor: string; readonly hash: string } | undefined>
}

export interface Scheme {
  /** As in the header: `Digest`. */
  readonly name: string
  /** Values of WWW-Authenticate, one a line, the preferred first. */
  challenges(arrival: Arrival, stale: boolean): readonly string[]
  check(authorization: Authorization, arrival: Arrival): MaybePromise<Check>
  /** Whether this message needs credentials although its flow has signed in. Absent: none does. */
  demands?(arrival: Arrival): boolean
  /** The name that a wrong attempt counts for. Absent: the parameter `username`. */
  subject?(authorization: Authorization): string
}

/**
 * Reads `Digest username="alice", realm="SIP Communications Service", nc=00000001`.
 *
 * @returns undefined when it is not of that form
 * @see RFC 3261 §25.1 `credentials`, RFC 7235 §2.1
 */
export function readAuthorization(value: string): Authorization | undefined {
  const blank = value.search(/[ \t]/)
  const scheme = (blank === -1 ? value : value.slice(0, blank)).toLowerCase()
  const parameters = new Map<string, string>()
  if (blank === -1) return { scheme, parameters }
  const parameter = /[ \t]*([\w!#$%&'*+\-.^`|~]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))[ \t]*(?:,|$)/y
  parameter.lastIndex = blank
  while (parameter.lastIndex < value.length) {
    const match = parameter.exec(value)
    if (match === null) return undefined
    const [, name = '', quoted, plain = ''] = match
    if (parameters.has(name.toLowerCase())) return undefined
    parameters.set(name.toLowerCase(), quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1'))
  }
  return { scheme, parameters }
}
