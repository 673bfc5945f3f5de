/**
 * The security associations of this process: who has proved a password by NTLM, and the keys of that proof. One is
 * found by its name (`opaque`), and by the endpoint it belongs to ([MS-SIPAE] 3.3.5.2), never by a flow: behind an edge
 * many clients share one. They are not stored: after a restart a client meets a 401 and starts anew.
 */
import { randomBytes } from 'node:crypto'
import { type Counts, useCount } from '../nonce.ts'
import { directionKeys } from './keys.ts'
import { type Signer, signerOf } from './signature.ts'

export interface Association {
  /** As in the header fields: `3CD1BFEA90F1C2D4`. */
  readonly opaque: string
  readonly aor: string
  /** See `endpointOf`. */
  readonly endpoint: string
  /** See `instanceOf`. */
  readonly instance: string | undefined
  /** 2, 3 or 4: what a signature covers. */
  readonly version: number
  /** Signs what this server sends. */
  readonly own: Signer
  /** Checks what the client sends. */
  readonly client: Signer
  /** Wall-clock milliseconds. */
  readonly until: number
  /** Contacts and GRUUs that lead to the endpoint. */
  uris: readonly string[]
  /** `snum` of the last message signed. */
  sent: number
  /** Undefined: nothing was received yet. */
  received: Counts | undefined
}

export interface NewAssociation {
  readonly opaque: string
  readonly aor: string
  readonly endpoint: string
  readonly instance: string | undefined
  readonly version: number
  readonly sessionKey: Buffer
  /** On the scale of `Clock.now`: an association lives its time however the calendar of the machine steps. */
  readonly now: number
}

/** [MS-SIPAE] 3.3.6: no association lives longer, and clients start anew before. */
const lifetimeMs = 8 * 3_600_000
const urisLimit = 8

export interface AssociationLimits {
  readonly all: number
  readonly perUser: number
}

export class Associations {
  readonly #byOpaque = new Map<string, Association>()
  readonly #byEndpoint = new Map<string, Association>()
  /** The one that named the URI last comes first: any user may register the Contact of another. */
  readonly #byUri = new Map<string, readonly Association[]>()
  /** Of one user, oldest first. */
  readonly #byUser = new Map<string, Set<Association>>()
  readonly #limits: AssociationLimits

  constructor(limits: AssociationLimits = { all: 50_000, perUser: 16 }) {
    this.#limits = limits
  }

  get size(): number {
    return this.#byOpaque.size
  }

  /** The endpoint's former association goes. */
  add({ sessionKey, now, ...named }: NewAssociation): Association {
    const former = this.#byEndpoint.get(endpointKey(named))
    if (former !== undefined) this.remove(former)
    this.#makeRoom(named.aor)
    const association: Association = {
      ...named,
      own: signerOf(directionKeys(sessionKey, 'server-to-client')),
      client: signerOf(directionKeys(sessionKey, 'client-to-server')),
      until: now + lifetimeMs,
      uris: [],
      sent: 0,
      received: undefined,
    }
    this.#byOpaque.set(association.opaque, association)
    this.#byEndpoint.set(endpointKey(association), association)
    const ofUser = this.#byUser.get(association.aor)
    if (ofUser === undefined) this.#byUser.set(association.aor, new Set([association]))
    else ofUser.add(association)
    return association
  }

  /** Users with an association. */
  get aors(): readonly string[] {
    return [...this.#byUser.keys()]
  }

  byOpaque(opaque: string, now: number): Association | undefined {
    return this.#living(this.#byOpaque.get(opaque), now)
  }

  byEndpoint(aor: string, endpoint: string, now: number): Association | undefined {
    return this.#living(this.#byEndpoint.get(endpointKey({ aor, endpoint })), now)
  }

  hasUser(aor: string): boolean {
    return this.#byUser.has(aor)
  }

  /**
   * @param uri a Request-URI as it goes out
   * @param aor the user in To; where it has no such endpoint, the URI must be that of one user alone
   */
  byUri(uri: string, aor: string, now: number): Association | undefined {
    const all = (this.#byUri.get(uri) ?? none).filter((one) => this.#living(one, now) !== undefined)
    const [first] = all
    return all.find((one) => one.aor === aor) ?? (all.every((one) => one.aor === first?.aor) ? first : undefined)
  }

  /** The registrar's answer says by which URIs the endpoint is reached from now on. */
  reach(association: Association, uris: readonly string[]): void {
    this.#forgetUris(association)
    association.uris = uris.slice(0, urisLimit)
    for (const uri of new Set(association.uris)) this.#byUri.set(uri, [association, ...(this.#byUri.get(uri) ?? none)])
  }

  remove(association: Association): void {
    if (this.#byOpaque.get(association.opaque) !== association) return
    this.#byOpaque.delete(association.opaque)
    this.#byEndpoint.delete(endpointKey(association))
    this.#forgetUris(association)
    const ofUser = this.#byUser.get(association.aor)
    ofUser?.delete(association)
    if (ofUser?.size === 0) this.#byUser.delete(association.aor)
  }

  removeUser(aor: string): void {
    for (const association of this.#byUser.get(aor) ?? []) this.remove(association)
  }

  #living(association: Association | undefined, now: number): Association | undefined {
    if (association === undefined || association.until > now) return association
    this.remove(association)
    return undefined
  }

  #makeRoom(aor: string): void {
    const ofUser = this.#byUser.get(aor)
    if (ofUser !== undefined && ofUser.size >= this.#limits.perUser) this.#removeFirst(ofUser)
    if (this.#byOpaque.size >= this.#limits.all) this.#removeFirst(this.#byOpaque.values())
  }

  #removeFirst(associations: Iterable<Association>): void {
    for (const oldest of associations) return this.remove(oldest)
  }

  #forgetUris(association: Association): void {
    for (const uri of association.uris) {
      const others = (this.#byUri.get(uri) ?? none).filter((one) => one !== association)
      if (others.length === 0) this.#byUri.delete(uri)
      else this.#byUri.set(uri, others)
    }
  }
}

const none: readonly Association[] = []

/** True once for each number: a message that is sent again is not taken ([MS-SIPAE] 3.3.5.1). */
export function isNewNumber(association: Association, num: string): boolean {
  if (!/^[0-9]{1,10}$/.test(num)) return false
  const number = Number(num)
  if (association.received !== undefined) return useCount(association.received, number)
  association.received = { highest: number, window: 1 }
  return true
}

export function newOpaque(): string {
  return randomBytes(8).toString('hex').toUpperCase()
}

function endpointKey({ aor, endpoint }: Pick<Association, 'aor' | 'endpoint'>): string {
  return `${aor}\n${endpoint}`
}
