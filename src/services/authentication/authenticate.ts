/**
 * Finds out who sends a request (RFC 3261 §22, RFC 3325): by the flow, by a trusted server's word, or by credentials.
 * A user who proved an identity is put into P-Asserted-Identity; what others wrote there is removed.
 */
import { addressOfRecord, parseUri } from '../../sip/message/uri.ts'
import { flat } from '../../sip/message/fast/flat.ts'
import type { Clock } from '../../sip/clock.ts'
import type { HeaderField, SipUri } from '../../sip/message/types.ts'
import { pass, refuse } from '../../sip/routing/decision.ts'
import type { Arrival, Decision, Policy } from '../../sip/routing/decision.ts'
import { dateHeader } from '../../sip/message/date-header.ts'
import { diagnostics, refusalOf, refuseDisabled } from '../refusals.ts'
import { recovering, andThen } from '../maybe-promise.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Account } from '../store/directory.ts'
import { Attempts } from './attempts.ts'
import type { FailureLimit } from './failures.ts'
import { hasIdentity, noteProof } from './flow-identity.ts'
import { readAuthorization } from './scheme.ts'
import type { Authorization, Check, Scheme } from './scheme.ts'
import { SlowAnswers } from './slow-answers.ts'

export interface AuthenticateOptions {
  /** In the order offered. */
  readonly schemes: readonly Scheme[]
  readonly realm: string
  /** FQDN of this server, for diagnostics. */
  readonly self: string
  /** Times the answers to attempts that failed too often. */
  readonly clock: Clock
  /** For the switches `enabled` and `remote`; undefined: not looked at. */
  readonly accounts?: { account(aor: string): MaybePromise<Account | undefined> } | undefined
  /**
   * Who else than the user in From may answer for a request: the recorded end of a dialog that was called by another
   * name. Default: no one.
   */
  readonly party?: (arrival: Arrival) => string | undefined
  /** Requests that need no credentials, e.g. OPTIONS to the server itself. Default: none. */
  readonly exempt?: (arrival: Arrival) => boolean
  /** 401 passes unharmed through every hop to the old clients, 407 does not; default 401. */
  readonly status?: 401 | 407
  readonly limit?: FailureLimit
  /** Challenges carry Date. */
  readonly dated?: boolean
}

const name = 'authenticate'

export function authenticate(options: AuthenticateOptions): Policy {
  return new Authenticator(options)
}

class Authenticator implements Policy {
  readonly name = name
  readonly #options: AuthenticateOptions
  readonly #status: 401 | 407
  readonly #attempts: Attempts
  readonly #slow: SlowAnswers

  constructor(options: AuthenticateOptions) {
    this.#options = options
    this.#status = options.status ?? 401
    this.#attempts = new Attempts(options.limit ?? { failures: 10, seconds: 60 })
    this.#slow = new SlowAnswers(options.clock)
  }

  decide(arrival: Arrival): MaybePromise<Decision> {
    const { request, flow, remarks } = arrival
    removeCredentials(arrival, this.#options.realm)
    // Neither can be answered with a challenge (RFC 3261 §22.1).
    const isUnanswerable = request.method === 'ACK' || request.method === 'CANCEL'
    if (flow.peer?.class === 'server') return isUnanswerable ? pass : believe(arrival)
    if (isUnanswerable) return this.#demands(arrival) ? this.#signedOrDropped(arrival) : pass
    if (request.header('P-Asserted-Identity') !== undefined) remarks.remove.push('p-asserted-identity')
    return recovering(
      () => this.#prove(arrival),
      (error) => refusalOf(error, this.#options.self),
    )
  }

  /** [MS-SIPAE] 3.3.5.1: an ACK with a wrong signature is discarded. */
  #signedOrDropped(arrival: Arrival): MaybePromise<Decision> {
    const authorization = this.#authorizationFor(arrival)
    const scheme = this.#schemeOf(authorization)
    if (authorization === undefined || scheme === undefined) return { kind: 'drop', because: 'auth.unsigned' }
    return andThen(scheme.check(authorization, arrival), (check) =>
      check.kind === 'accepted' ? pass : { kind: 'drop', because: 'auth.bad-signature' },
    )
  }

  #prove(arrival: Arrival): MaybePromise<Decision> {
    const { request, flow, wall, remarks } = arrival
    // No credentials would help.
    if (request.method === 'REGISTER' && !isSip(request.toUri))
      return refuse(
        400,
        'register.address-of-record',
        [],
        `To: the scheme "${request.toUri.scheme}" is no address-of-record`,
      )
    const from = addressOfRecord(request.fromUri)
    if (flow.peer?.class === 'treated-as-authenticated') return identify(arrival, from)
    const other = this.#options.party?.(arrival)
    if (this.#demands(arrival)) return this.#checkCredentials(arrival, from, other)
    if (hasIdentity(flow, from, wall)) return this.#acceptProven(arrival, from)
    if (other !== undefined && hasIdentity(flow, other, wall)) return this.#acceptProven(arrival, other)
    if (remarks.dialog?.proved === true) return pass
    // A partner's user has no account here; the edge has let the domain in and says so in its own marks.
    if (remarks.organisation !== '' && request.method !== 'REGISTER') return pass
    if (remarks.identity === undefined && this.#options.exempt?.(arrival) === true) return pass
    return this.#checkCredentials(arrival, from, other)
  }

  /** A client that signs its messages proves each of them; its connection alone proves none. */
  #demands(arrival: Arrival): boolean {
    for (const scheme of this.#options.schemes) if (scheme.demands?.(arrival) === true) return true
    return false
  }

  #checkCredentials(arrival: Arrival, from: string, other: string | undefined): MaybePromise<Decision> {
    const authorization = this.#authorizationFor(arrival)
    const scheme = this.#schemeOf(authorization)
    if (authorization === undefined || scheme === undefined) return this.#challenge(arrival, false)
    const username = scheme.subject?.(authorization) ?? authorization.parameters.get('username') ?? ''
    return andThen(scheme.check(authorization, arrival), (check) =>
      this.#answerTo(arrival, check, check.kind === 'accepted' && check.aor === other ? other : from, username),
    )
  }

  #answerTo(arrival: Arrival, check: Check, from: string, username: string): MaybePromise<Decision> {
    switch (check.kind) {
      case 'accepted':
        this.#attempts.proved(arrival, username)
        return check.aor === from ? this.#acceptProven(arrival, from) : this.#mismatch()
      case 'stale':
        return this.#challenge(arrival, true)
      case 'continue':
        return refuse(this.#status, 'auth.continue', this.#challengeHeaders(arrival, check.challenges))
      case 'rejected':
        return this.#unproved(arrival, username, this.#challenge(arrival, false, check.because, check.headers))
      case 'malformed':
        return this.#unproved(arrival, username, refuse(400, check.because, [], check.found))
      default:
        return check satisfies never
    }
  }

  /** The password was looked at first: a failure of others never keeps the right one out. */
  #unproved(arrival: Arrival, username: string, usual: Decision): MaybePromise<Decision> {
    const manner = this.#attempts.failed(arrival, username)
    switch (manner) {
      case 'usual':
        return usual
      case 'slow':
        return this.#slow.later(usual)
      case 'blocked':
        return this.#slow.later(
          refuse(403, 'auth.too-many-failures', [
            diagnostics(1000, 'Too many failed attempts; try again later', this.#options.self),
          ]),
        )
      default:
        return manner satisfies never
    }
  }

  #mismatch(): Decision {
    return refuse(403, 'auth.identity-mismatch', [
      diagnostics(4004, 'Credentials provided are not authorized to act as specified from URI', this.#options.self),
    ])
  }

  /** Proven by the user's own credentials, now or when the flow signed in. */
  #acceptProven(arrival: Arrival, aor: string): MaybePromise<Decision> {
    const { accounts, self } = this.#options
    if (accounts === undefined) return accept(arrival, aor)
    return andThen(accounts.account(aor), (account) => {
      if (account?.enabled !== true) return refuseDisabled('auth.user-disabled', arrival.request, self)
      if (arrival.remarks.remote && !account.remote)
        return refuse(403, 'auth.remote-not-allowed', [
          ['ms-diagnostics-public', '4003;reason="User is not enabled for remote access"'],
        ])
      return accept(arrival, aor)
    })
  }

  #challenge(
    arrival: Arrival,
    stale: boolean,
    because: string = stale ? 'auth.nonce-stale' : 'auth.required',
    headers: readonly HeaderField[] = [],
  ): Decision {
    const challenges = this.#options.schemes.flatMap((scheme) => scheme.challenges(arrival, stale))
    return refuse(this.#status, because, [...this.#challengeHeaders(arrival, challenges), ...headers])
  }

  /** With the time of this server: NTLM clients compare it with theirs ([MS-SIP] 3). */
  #challengeHeaders({ wall }: Arrival, values: readonly string[]): readonly HeaderField[] {
    const name = this.#status === 401 ? 'WWW-Authenticate' : 'Proxy-Authenticate'
    const challenges = values.map((value): HeaderField => [name, value])
    return this.#options.dated === true ? [...challenges, dateHeader(wall)] : challenges
  }

  #schemeOf(authorization: Authorization | undefined): Scheme | undefined {
    return this.#options.schemes.find((one) => one.name.toLowerCase() === authorization?.scheme)
  }

  /** Only the one for our realm counts; others are meant for others. An unknown scheme counts as none. */
  #authorizationFor({ request }: Arrival): Authorization | undefined {
    for (const value of request.headers(this.#status === 401 ? 'Authorization' : 'Proxy-Authorization')) {
      const authorization = readAuthorization(value)
      if (authorization?.parameters.get('realm') === this.#options.realm) return authorization
    }
    return undefined
  }
}

function accept(arrival: Arrival, aor: string): Decision {
  arrival.remarks.other.set(name, aor)
  noteProof(arrival.flow)
  return identify(arrival, aor)
}

const credentials = ['Authorization', 'Proxy-Authorization'] as const

/**
 * Credentials of our realm stay with the server that checks them: who is called could try passwords against the answer
 * (RFC 3261 §22.3, RFC 7616 §5). Those of other realms are meant for others.
 */
function removeCredentials({ request, remarks }: Arrival, realm: string): void {
  for (const name of credentials) {
    if (request.header(name) === undefined) continue
    const values = request.headers(name)
    const others = values.filter((value) => !isOfRealm(value, realm))
    if (others.length === values.length) continue
    remarks.remove.push(name.toLowerCase())
    for (const value of others) remarks.add.push([name, value])
  }
}

/** What cannot be read, or names no realm, may be a password all the same. */
function isOfRealm(value: string, realm: string): boolean {
  const named = readAuthorization(value)?.parameters.get('realm')
  return named === undefined || named === realm
}

/** True when this arrival was let in by the user's own credentials, not by another server's word. */
export function provenHere({ remarks }: Arrival, aor: string): boolean {
  return remarks.other.get(name) === aor
}

function isSip({ scheme }: SipUri): boolean {
  return scheme === 'sip' || scheme === 'sips'
}

/** A listed server vouches for its users (RFC 3325 §5); without its assertion the request has no identity. */
export function believe(arrival: Arrival): Decision {
  const asserted = arrival.request.addresses('P-Asserted-Identity').find((value) => isSip(value.uri))
  if (asserted !== undefined) arrival.remarks.identity = flat(addressOfRecord(asserted.uri))
  return pass
}

function identify({ remarks }: Arrival, aor: string): Decision {
  remarks.identity = flat(aor)
  remarks.add.push(['P-Asserted-Identity', `<${parseUri(aor).text}>`])
  return pass
}
