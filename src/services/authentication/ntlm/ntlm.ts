/**
 * NTLM for SIP ([MS-SIPAE], [MS-NLMP]): NTLMv2 only, connectionless, versions 2, 3 and 4. Three REGISTERs prove a
 * password; after that, every message between the client and this server carries a signature.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { flat } from '../../../sip/message/fast/flat.ts'
import type { Clock } from '../../../sip/clock.ts'
import type { SipMessage } from '../../../sip/message/types.ts'
import { addressOfRecord } from '../../../sip/message/uri.ts'
import type { Arrival } from '../../../sip/routing/decision.ts'
import { diagnostics } from '../../refusals.ts'
import { andThen } from '../../maybe-promise.ts'
import type { MaybePromise } from '../../maybe-promise.ts'
import { ntHashScheme } from '../hashes.ts'
import type { Authorization, Check, CredentialSource, Scheme } from '../scheme.ts'
import { type Association, type Associations, isNewNumber, newOpaque } from './associations.ts'
import { endpointOf, instanceOf, isSignedFlow, noteSigned } from './endpoint.ts'
import { directionKeys, proofOf, responseKey, sessionKeyOf } from './keys.ts'
import { isSignature, signedText, signerOf } from './signature.ts'
import { type AuthenticateToken, readAuthenticate, writeChallenge } from './tokens.ts'

export interface NtlmOptions {
  readonly credentials: CredentialSource
  readonly realm: string
  /** FQDN of this server: the `targetname`. */
  readonly self: string
  /** SIP domain. */
  readonly domain: string
  readonly clock: Clock
  readonly associations: Associations
}

/** [MS-SIP] 3: clocks may differ by this much. */
const skewMs = 15 * 60_000
/** A challenge is answered at once. */
const pendingMs = 60_000
const pendingLimit = 20_000
/** Base64 of one token at most. */
const tokenText = 6000

interface Pending {
  readonly challenge: Buffer
  readonly at: number
}

export function ntlm(options: NtlmOptions): Scheme {
  return new Ntlm(options)
}

class Ntlm implements Scheme {
  readonly name = 'NTLM'
  readonly #options: NtlmOptions
  /** Challenges not answered yet, oldest first: each is taken once. */
  readonly #pending = new Map<string, Pending>()
  /** An unknown user costs the same work as a wrong password. */
  readonly #unknownUser = randomBytes(16)

  constructor(options: NtlmOptions) {
    this.#options = options
  }

  challenges(): readonly string[] {
    const { realm, self } = this.#options
    return [`NTLM realm="${realm}", targetname="${self}", version=4`]
  }

  demands({ request, flow }: Arrival): boolean {
    const { associations } = this.#options
    if (associations.size === 0) return false
    if (/^ntlm[ \t]/i.test(request.header('Authorization') ?? '')) return true
    // Whatever epid it names: else a message without a signature would pass under the epid of no endpoint.
    return isSignedFlow(flow) && associations.hasUser(addressOfRecord(request.fromUri))
  }

  subject({ parameters }: Authorization): string {
    const token = readToken(parameters.get('gssapi-data'))
    return token === undefined ? '' : token.user.toLowerCase()
  }

  check(authorization: Authorization, arrival: Arrival): MaybePromise<Check> {
    const { parameters } = authorization
    if (parameters.get('targetname') !== this.#options.self) return { kind: 'stale' }
    const data = parameters.get('gssapi-data')
    if (data === undefined) return this.#verify(authorization, arrival)
    // A request that has no answer tries no password: the attempts would not be counted.
    if (isUnanswered(arrival)) return { kind: 'rejected', because: 'auth.unsigned' }
    if (data === '') return this.#begin()
    const token = readToken(data)
    if (token === undefined) return { kind: 'rejected', because: 'auth.ntlm-token' }
    const pending = this.#take(parameters.get('opaque') ?? '', this.#options.clock.now())
    if (pending === undefined) return { kind: 'stale' }
    const { credentials, realm } = this.#options
    return andThen(credentials.credential(token.user.toLowerCase(), ntHashScheme, realm), (row) =>
      this.#judge(authorization, arrival, { token, pending, row }),
    )
  }

  #begin(): Check {
    const { realm, self, domain, clock } = this.#options
    const challenge = randomBytes(8)
    const opaque = newOpaque()
    if (this.#pending.size >= pendingLimit)
      for (const oldest of this.#pending.keys()) {
        this.#pending.delete(oldest)
        break
      }
    this.#pending.set(opaque, { challenge, at: clock.now() })
    const data = writeChallenge(challenge, { self, domain }).toString('base64')
    return {
      kind: 'continue',
      challenges: [`NTLM opaque="${opaque}", gssapi-data="${data}", realm="${realm}", targetname="${self}", version=4`],
    }
  }

  #take(opaque: string, now: number): Pending | undefined {
    const pending = this.#pending.get(opaque)
    this.#pending.delete(opaque)
    return pending === undefined || now - pending.at > pendingMs ? undefined : pending
  }

  #judge(authorization: Authorization, arrival: Arrival, { token, pending, row }: Attempt): Check {
    const nt = row === undefined ? this.#unknownUser : Buffer.from(row.hash, 'hex')
    const key = responseKey(nt, token.user, token.domain)
    const proof = proofOf(key, pending.challenge, token.blob)
    const isRight = timingSafeEqual(proof, token.proof)
    if (row === undefined || !isRight)
      return { kind: 'rejected', because: row === undefined ? 'auth.unknown-user' : 'auth.wrong-password' }
    if (Math.abs(token.time - arrival.wall) > skewMs) return this.#skewed()
    const sessionKey = sessionKeyOf(key, proof, token.sessionKey)
    const version = versionOf(authorization)
    if (!this.#isSignedToken(authorization, arrival, version, sessionKey))
      return { kind: 'rejected', because: 'auth.bad-signature' }
    this.#associate(authorization, arrival, { aor: row.aor, version, sessionKey })
    return { kind: 'accepted', aor: row.aor }
  }

  #skewed(): Check {
    const { self } = this.#options
    return {
      kind: 'rejected',
      because: 'auth.clock-skew',
      headers: [diagnostics(1013, 'Significant time skew detected during authentication', self)],
    }
  }

  /** Version 4 signs the last message of the exchange too, with the keys that it brings. */
  #isSignedToken(authorization: Authorization, { request }: Arrival, version: number, sessionKey: Buffer): boolean {
    if (version < 4) return true
    const signer = signerOf(directionKeys(sessionKey, 'client-to-server'))
    const text = this.#textOf(authorization, request, version)
    return isSignature(signer, text, authorization.parameters.get('response') ?? '')
  }

  #associate(
    { parameters }: Authorization,
    { request, flow }: Arrival,
    { aor, version, sessionKey }: { readonly aor: string; readonly version: number; readonly sessionKey: Buffer },
  ): void {
    const opaque = flat(parameters.get('opaque') ?? '')
    const endpoint = flat(endpointOf(request))
    const instance = instanceOf(request)
    const named = { opaque, aor: flat(aor), endpoint, instance: instance && flat(instance) }
    const association = this.#options.associations.add({
      ...named,
      version,
      sessionKey,
      now: this.#options.clock.now(),
    })
    const num = parameters.get('cnum')
    if (num !== undefined) isNewNumber(association, num)
    noteSigned(flow)
  }

  #verify(authorization: Authorization, { request, flow }: Arrival): Check {
    const { parameters } = authorization
    const { associations, clock } = this.#options
    const association = associations.byOpaque(parameters.get('opaque') ?? '', clock.now())
    // Ours before a restart, or over: the client starts anew.
    if (association === undefined) return { kind: 'stale' }
    if (!this.#isFrom(request, association)) return { kind: 'rejected', because: 'auth.other-endpoint' }
    const why = this.#wrongIn(authorization, request, association)
    if (why !== undefined) return { kind: 'rejected', because: why }
    noteSigned(flow)
    return { kind: 'accepted', aor: association.aor }
  }

  /** Why the signature of a message of this client is not accepted; undefined: it is. */
  #wrongIn(authorization: Authorization, message: SipMessage, association: Association): string | undefined {
    const text = this.#textOf(authorization, message, association.version)
    if (!isSignature(association.client, text, authorization.parameters.get('response') ?? ''))
      return 'auth.bad-signature'
    return isNewNumber(association, authorization.parameters.get('cnum') ?? '') ? undefined : 'auth.replayed'
  }

  #isFrom(request: SipMessage, { aor, endpoint }: Association): boolean {
    return addressOfRecord(request.fromUri) === aor && endpointOf(request) === endpoint
  }

  #textOf({ parameters }: Authorization, message: SipMessage, version: number): string {
    const { realm, self } = this.#options
    const [rand = '', num = ''] = [parameters.get('crand'), parameters.get('cnum')]
    return signedText(message, { rand, num, realm, target: self, version })
  }
}

interface Attempt {
  readonly token: AuthenticateToken
  readonly pending: Pending
  readonly row: { readonly aor: string; readonly hash: string } | undefined
}

function isUnanswered({ request: { method } }: Arrival): boolean {
  return method === 'ACK' || method === 'CANCEL'
}

function readToken(data: string | undefined): AuthenticateToken | undefined {
  if (data === undefined || data === '' || data.length > tokenText) return undefined
  return readAuthenticate(Buffer.from(data, 'base64'))
}

/** Absent: 2. One that we do not know counts as the newest that we do. */
function versionOf({ parameters }: Authorization): number {
  const text = parameters.get('version')
  if (text === undefined || !/^[0-9]{1,3}$/.test(text)) return 2
  return Math.min(4, Math.max(2, Number(text)))
}
