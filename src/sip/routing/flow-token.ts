/**
 * Flow tokens (RFC 5626 §5.2): the user part of our Record-Route and Path values says by which flow a later request
 * shall go. `Xb0…mac~k3f9.2s.fe1` = MAC, start of the process, flow id, node name. A forged one must not open a way to
 * a flow, so it is authenticated; one made by another node of the pool, which has the same key, names that node. Other
 * servers of the organisation have other keys: what an edge seals says nothing at a home.
 *
 * Both ends of a dialog learn the tokens in its route set, and a client's token would lead anybody to that client for
 * as long as it is connected. In Record-Route a sealed record of the dialog follows them (dialog-record.ts,
 * docs/decisions/0053). Path values, which only servers see, carry the token alone.
 */
import { createHmac, hash, randomBytes } from 'node:crypto'
import { flat } from '../message/fast/flat.ts'
import { randomToken } from '../message/random.ts'
import type { SipRequest } from '../message/types.ts'
import type { Flow, FlowId } from '../transport/flow.ts'
import { type DialogRecord, type Ends, hintOf, isServer, readRecord, recordStart, recordText } from './dialog-record.ts'
import { equalTexts } from './equal-text.ts'
import { macLength, RecentSeals } from './recent-seals.ts'

export type TokenReading =
  | { readonly kind: 'flow'; readonly flow: Flow }
  /**
   * Ours and genuine, but the flow is closed: 430 (RFC 5626 §5.3.1). Also what has the shape of an earlier version: the
   * process with such a flow has ended.
   */
  | { readonly kind: 'gone' }
  /** Made by another node of the pool. */
  | { readonly kind: 'elsewhere'; readonly node: string }
  /** Has the shape of a token, but no node of this pool made it. */
  | { readonly kind: 'forged' }
  /** An ordinary user part. */
  | { readonly kind: 'no-token' }

export interface FlowTokenSettings {
  /** e.g. `fe1.lab.test`: other nodes of the pool forward by this name. */
  readonly node: string
  /** Shared by the organisation; undefined: one for this process alone. At least 16 octets. */
  readonly key: Buffer | undefined
  /** Which of those with this key read each other's tokens, e.g. `pool.lab.test`. Absent: all of them. */
  readonly pool?: string
  /** The live flow of that id. */
  readonly flow: (id: FlowId) => Flow | undefined
}

const noteKey = 'flow-token'

export class FlowTokens {
  private readonly settings: FlowTokenSettings
  /** 43 characters, so that what follows cannot be taken for a part of it. */
  private readonly key: string
  private readonly boot = randomToken(4)
  private readonly recent = new RecentSeals()
  /** What `recognise` was asked last: several policies ask it of one request. */
  private askedUser = ''
  private askedRequest: Tagged | undefined = undefined
  private answered: Recognised = unsealed

  constructor(settings: FlowTokenSettings) {
    if (settings.key !== undefined && settings.key.length < 16)
      throw new RangeError(`a flow token key has at least 16 octets, found ${settings.key.length}`)
    this.settings = settings
    this.key = createHmac('sha256', settings.key ?? randomBytes(32))
      .update(settings.pool ?? '')
      .digest('base64url')
  }

  /** The token of `flow`, made once and kept with it. */
  of(flow: Flow): string {
    const known = flow.notes.get(noteKey)
    if (typeof known === 'string') return known
    const claim = `${this.boot}.${flow.id.toString(36)}.${this.settings.node}`
    const token = this.mac(claim) + claimMark + claim
    flow.notes.set(noteKey, token)
    return token
  }

  /** @param user one token; a seal behind it is not looked at */
  read(user: string): TokenReading {
    const token = flowsIn(user)
    const idStart = token.indexOf('.', macLength + 1) + 1
    const nodeStart = token.indexOf('.', idStart) + 1
    const firstDot = token.indexOf('.')
    if (idStart === 0 || nodeStart === 0 || firstDot < macLength) return noToken
    if (firstDot === macLength) return gone
    if (token.indexOf(claimMark) !== macLength) return noToken
    const isOurs = token.startsWith(this.boot, macLength + 1) && idStart === macLength + this.boot.length + 2
    const flow = isOurs ? this.settings.flow(parseInt(token.slice(idStart, nodeStart - 1), 36) as FlowId) : undefined
    // The flow's own token was made here: comparing with it spares the MAC.
    const genuine =
      flow?.open === true
        ? equalTexts(token, this.of(flow))
        : equalTexts(token.slice(0, macLength), this.mac(token.slice(macLength + 1)))
    if (!genuine) return forged
    if (flow?.open === true) return { kind: 'flow', flow }
    const maker = token.slice(nodeStart)
    return maker === this.settings.node ? gone : { kind: 'elsewhere', node: maker }
  }

  /** The token without its MAC, where a record covers it. */
  claimOf(flow: Flow): string {
    return this.of(flow).slice(macLength + 1)
  }

  /**
   * The user part of a Record-Route value: the tokens of the flows that it stands for, what is known of the dialog, and
   * a MAC over both, the Call-ID and the caller's tag.
   *
   * @param flows one token, or two with `tokenSeparator` between them; empty: none
   */
  seal(record: DialogRecord, { callId, tag }: DialogName, flows = ''): string {
    const covered = (flows === '' ? '' : flows + tokenSeparator) + recordText(record, tag)
    const user = covered + this.mac(`${covered}${callId} ${tag}`)
    this.recent.note(callId, tag, user, record)
    return user
  }

  /**
   * What a Route value proves about its request. Who sent that request is another question: the ends are
   * told apart by the tag in From alone.
   */
  recognise(user: string, request: Tagged): Recognised {
    if (user !== this.askedUser || request !== this.askedRequest) {
      this.askedUser = user
      this.askedRequest = request
      this.answered = this.examine(user, request)
    }
    return this.answered
  }

  private examine(user: string, { callId, fromTag, toTag }: Tagged): Recognised {
    const start = recordStart(user)
    if (start === -1) return hasOldSeal(user) ? old : unsealed
    if (fromTag === undefined || toTag === undefined || fromTag === toTag) return notThis
    // What was made here a moment ago is compared with, not made again.
    const recent = this.recent.find(callId, user)
    if (recent !== undefined) return endsOf(recent.record, recent.tag === fromTag, recent.tag === toTag)
    // A copy: what is read from it is kept with what is sealed next.
    const read = readRecord(flat(user), start)
    if (read === undefined) return notThis
    const { hint, record, covered } = read
    const isOf = (tag: string): boolean => hint === hintOf(tag) && this.isGenuine(user, covered, callId, tag)
    const byCaller = isOf(fromTag)
    return endsOf(record, byCaller, !byCaller && isOf(toTag))
  }

  private isGenuine(user: string, covered: number, callId: string, tag: string): boolean {
    return equalTexts(user.slice(covered), this.mac(`${user.slice(0, covered)}${callId} ${tag}`))
  }

  /** Whether it is a token in any way, ours or not: then it must be of the dialog it comes in. */
  isToken(user: string): boolean {
    if (recordStart(user) !== -1 || hasOldSeal(user)) return true
    return user.split(tokenSeparator, 2).some((token) => this.read(token).kind !== 'no-token')
  }

  /**
   * A keyed hash of which 96 of 256 bits are shown: what HMAC guards against cannot be done without the others
   * (chop-MD), at a third of the time. Processors have instructions for SHA-256, and fewer for SHA-512.
   */
  private mac(claim: string): string {
    return hash('sha256', this.key + claim, 'base64url').slice(0, macLength)
  }
}

/** Before the claim; an earlier version, whose key was that of the organisation, wrote a dot. */
const claimMark = '~'

/** Two tokens in one user part: a single Record-Route value that serves both directions. */
export const tokenSeparator = '+'

/** The tokens without the record; empty when the record is all there is. */
export function flowsIn(user: string): string {
  const start = recordStart(user)
  return start === -1 ? user : user.slice(0, Math.max(0, start - tokenSeparator.length))
}

/**
 * What earlier versions made: `…+d~MAC` names no party, and `…+e~RECORD+MAC` every server of the organisation could
 * make. Both prove nothing.
 */
function hasOldSeal(user: string): boolean {
  return /^e~|\+e~|(?:^|\+)d~.{16}$/.test(user)
}

/** What tells one dialog from another, as its caller began it. */
export interface DialogName {
  readonly callId: string
  /** Of the caller. */
  readonly tag: string
}

type Tagged = Pick<SipRequest, 'callId' | 'fromTag' | 'toTag'>

export type Recognised =
  | ({ readonly kind: 'dialog' } & Ends)
  /** No record in it. */
  | { readonly kind: 'unsealed' }
  /** Sealed by an earlier version. */
  | { readonly kind: 'old' }
  /** Forged, or of another dialog. */
  | { readonly kind: 'not-this' }

/** @param byCaller the caller's tag is in From; @param byCallee it is in To */
function endsOf({ caller, callee }: DialogRecord, byCaller: boolean, byCallee: boolean): Recognised {
  if (byCaller) return { kind: 'dialog', sender: caller, other: callee, isCaller: true }
  return byCallee ? { kind: 'dialog', sender: callee, other: caller, isCaller: false } : notThis
}

const unsealed: Recognised = { kind: 'unsealed' }
const old: Recognised = { kind: 'old' }
const notThis: Recognised = { kind: 'not-this' }
const forged: TokenReading = { kind: 'forged' }
const noToken: TokenReading = { kind: 'no-token' }
const gone: TokenReading = { kind: 'gone' }

/** Only a client's own connection cannot be dialled anew: the peer is no server, and the flow is not one we opened. */
export function needsToken(flow: Flow): boolean {
  return flow.direction === 'accepted' && flow.reliable && !isServer(flow)
}
