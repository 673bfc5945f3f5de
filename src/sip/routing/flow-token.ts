/**
 * Flow tokens (RFC 5626 §5.2): the user part of our Record-Route and Path values says by which flow a later request
 * shall go. `Xb0…mac.k3f9.2s.fe1` = MAC, start of the process, flow id, node name. A forged one must not open a way to
 * a flow, so it is authenticated; one made by another node of the pool, which has the same key, names that node.
 *
 * Both ends of a dialog learn the tokens in its route set, and a client's token would lead anybody to that client for
 * as long as it is connected. In Record-Route a seal stands behind them, `Xb0….k3f9.2s.fe1+Yc1….k3f9.2t.fe1+d~Qm2…`,
 * which binds them to the Call-ID (docs/decisions/0030). Path values, which only servers see, carry the token alone.
 */
import { hash, randomBytes } from 'node:crypto'
import { randomToken } from '../message/random.ts'
import type { Flow, FlowId } from '../transport/flow.ts'
import { RecentSeals } from './recent-seals.ts'

export type TokenReading =
  | { readonly kind: 'flow'; readonly flow: Flow }
  /** Ours and genuine, but the flow is closed: 430 (RFC 5626 §5.3.1). */
  | { readonly kind: 'gone' }
  /** Made by another node of the pool. */
  | { readonly kind: 'elsewhere'; readonly node: string }
  /** Has the shape of a token, but nobody of this pool made it. */
  | { readonly kind: 'forged' }
  /** An ordinary user part. */
  | { readonly kind: 'no-token' }

export interface FlowTokenSettings {
  /** e.g. `fe1.lab.test`: other nodes of the pool forward by this name. */
  readonly node: string
  /** Shared by the pool; undefined: one for this process alone. At least 16 octets. */
  readonly key: Buffer | undefined
  /** The live flow of that id. */
  readonly flow: (id: FlowId) => Flow | undefined
}

const macLength = 16
const noteKey = 'flow-token'

export class FlowTokens {
  private readonly settings: FlowTokenSettings
  /** 64 characters, so that what follows cannot be taken for a part of it. */
  private readonly key: string
  private readonly boot = randomToken(4)
  private readonly recent = new RecentSeals()
  /** What `isOfDialog` was asked last: several policies ask it of one request. */
  private askedUser = ''
  private askedCallId = ''
  private answered = false

  constructor(settings: FlowTokenSettings) {
    if (settings.key !== undefined && settings.key.length < 16)
      throw new RangeError(`a flow token key has at least 16 octets, found ${settings.key.length}`)
    this.settings = settings
    this.key = hash('sha256', settings.key ?? randomBytes(32), 'hex')
  }

  /** The token of `flow`, made once and kept with it. */
  of(flow: Flow): string {
    const known = flow.notes.get(noteKey)
    if (typeof known === 'string') return known
    const claim = `${this.boot}.${flow.id.toString(36)}.${this.settings.node}`
    const token = `${this.mac(claim)}.${claim}`
    flow.notes.set(noteKey, token)
    return token
  }

  /** @param user one token; a seal behind it is not looked at */
  read(user: string): TokenReading {
    const token = flowsIn(user)
    const idStart = token.indexOf('.', macLength + 1) + 1
    const nodeStart = token.indexOf('.', idStart) + 1
    if (token.indexOf('.') !== macLength || idStart === 0 || nodeStart === 0) return noToken
    const isOurs = token.startsWith(this.boot, macLength + 1) && idStart === macLength + this.boot.length + 2
    const flow = isOurs ? this.settings.flow(parseInt(token.slice(idStart, nodeStart - 1), 36) as FlowId) : undefined
    // The flow's own token was made here: comparing with it spares the MAC.
    const genuine =
      flow?.open === true
        ? equal(token, this.of(flow))
        : equal(token.slice(0, macLength), this.mac(token.slice(macLength + 1)))
    if (!genuine) return forged
    if (flow?.open === true) return { kind: 'flow', flow }
    const maker = token.slice(nodeStart)
    return maker === this.settings.node ? gone : { kind: 'elsewhere', node: maker }
  }

  /**
   * The user part of a Record-Route value in a dialog: what says later that the dialog of this Call-ID was let in here,
   * and that its requests go by these flows. Without a flow the seal alone, `d~Qm2…`: where both ends lie behind
   * servers no flow needs naming, and yet later requests shall not be challenged.
   *
   * @param flows one token, or two with `tokenSeparator` between them; empty: none
   */
  ofDialog(callId: string, flows = ''): string {
    const user = this.sealed(callId, flows)
    this.recent.note(callId, user)
    return user
  }

  /** Whether that user part was made here, or by a node with the same key, for the dialog of this Call-ID. */
  isOfDialog(user: string, callId: string): boolean {
    if (user !== this.askedUser || callId !== this.askedCallId) {
      this.askedUser = user
      this.askedCallId = callId
      this.answered = isSealed(user) && (this.isRecent(user, callId) || equal(user, this.sealed(callId, flowsIn(user))))
    }
    return this.answered
  }

  /** Whether it is a token in any way, ours or not: then it must be of the dialog it comes in. */
  isToken(user: string): boolean {
    return isSealed(user) || user.split(tokenSeparator, 2).some((token) => this.read(token).kind !== 'no-token')
  }

  /** What was made here a moment ago is compared with, not made again. */
  private isRecent(user: string, callId: string): boolean {
    const made = this.recent.of(callId)
    return made !== undefined && equal(user, made)
  }

  private sealed(callId: string, flows: string): string {
    const seal = dialogMark + this.mac(`${dialogMark}${callId} ${flows}`)
    return flows === '' ? seal : flows + tokenSeparator + seal
  }

  /**
   * A keyed hash of a hash whose output is a part of its state: what HMAC guards against cannot be done with it
   * (chop-MD), at a third of the time (bench/forward.ts).
   */
  private mac(claim: string): string {
    return hash('sha512-256', this.key + claim, 'base64url').slice(0, macLength)
  }
}

/** Two tokens in one user part: a single Record-Route value that serves both directions. */
export const tokenSeparator = '+'

const dialogMark = 'd~'
const sealLength = dialogMark.length + macLength

function isSealed(user: string): boolean {
  return user.length >= sealLength && user.startsWith(dialogMark, user.length - sealLength)
}

/** The tokens without the seal; empty when the seal is all there is. */
export function flowsIn(user: string): string {
  if (!isSealed(user)) return user
  return user.length === sealLength ? '' : user.slice(0, user.length - sealLength - tokenSeparator.length)
}

const forged: TokenReading = { kind: 'forged' }
const noToken: TokenReading = { kind: 'no-token' }
const gone: TokenReading = { kind: 'gone' }

/**
 * In a time that does not tell where they differ. Two Buffers for `timingSafeEqual` take five times as long
 * (bench/forward.ts).
 */
function equal(found: string, wanted: string): boolean {
  if (found.length !== wanted.length) return false
  let difference = 0
  for (let at = 0; at < found.length; at++) difference |= found.charCodeAt(at) ^ wanted.charCodeAt(at)
  return difference === 0
}

/** In the notes of a flow: its peer is a server although no list names it; it can be dialled anew. */
export const dialable = 'dialable'

/** Only a client's own connection cannot be dialled anew: the peer is no server, and the flow is not one we opened. */
export function needsToken(flow: Flow): boolean {
  return (
    flow.direction === 'accepted' &&
    flow.reliable &&
    flow.peer?.class !== 'server' &&
    flow.peer?.class !== 'edge' &&
    !(flow.peer !== undefined && flow.notes.has(dialable))
  )
}
