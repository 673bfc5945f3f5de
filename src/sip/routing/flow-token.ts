/**
 * Flow tokens (RFC 5626 §5.2): the user part of our Record-Route and Path values says by which flow a later request shall
 * go. `Xb0…mac.k3f9.2s.fe1` = MAC, start of the process, flow id, node name. A forged one must not open a way to a
 * flow, so it is authenticated; one made by another node of the pool, which has the same key, names that node.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import { randomToken } from '../message/random.ts'
import type { Flow, FlowId } from '../transport/flow.ts'

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
  /** Made once: handing `createHmac` a Buffer costs 9 µs a token, this 1.5 (bench/proxy.ts, UDP calls). */
  private readonly key: KeyObject
  private readonly boot = randomToken(4)

  constructor(settings: FlowTokenSettings) {
    if (settings.key !== undefined && settings.key.length < 16) throw new RangeError(`a flow token key has at least 16 octets, found ${settings.key.length}`)
    this.settings = settings
    this.key = createSecretKey(settings.key ?? randomBytes(32))
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

  read(token: string): TokenReading {
    const dot = token.indexOf('.')
    const [boot, id, ...node] = token.slice(dot + 1).split('.')
    if (dot !== macLength || boot === undefined || id === undefined || node.length === 0) return noToken
    const flow = boot === this.boot ? this.settings.flow(parseInt(id, 36) as FlowId) : undefined
    // The flow's own token was made here: comparing with it spares the MAC.
    const genuine = flow?.open === true ? equal(token, this.of(flow)) : equal(token.slice(0, macLength), this.mac(token.slice(dot + 1)))
    if (!genuine) return forged
    if (flow?.open === true) return { kind: 'flow', flow }
    const maker = node.join('.')
    return maker === this.settings.node ? gone : { kind: 'elsewhere', node: maker }
  }

  /**
   * A token that names no flow: it says that the dialog of this Call-ID was let in here. `d~k3f9…`. For a dialog whose ends
   * both lie behind servers, where no flow needs naming and yet its later requests shall not be challenged.
   */
  ofDialog(callId: string): string {
    return dialogMark + this.mac(dialogMark + callId)
  }

  isOfDialog(token: string, callId: string): boolean {
    return token.startsWith(dialogMark) && equal(token, this.ofDialog(callId))
  }

  private mac(claim: string): string {
    return createHmac('sha256', this.key).update(claim).digest('base64url').slice(0, macLength)
  }
}

const dialogMark = 'd~'

const forged: TokenReading = { kind: 'forged' }
const noToken: TokenReading = { kind: 'no-token' }
const gone: TokenReading = { kind: 'gone' }

function equal(found: string, wanted: string): boolean {
  const a = Buffer.from(found, 'latin1')
  const b = Buffer.from(wanted, 'latin1')
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Two tokens in one user part: a single Record-Route value that serves both directions. */
export const tokenSeparator = '+'

/** Only a client's own connection cannot be dialled anew: the peer is no server, and the flow is not one we opened. */
export function needsToken(flow: Flow): boolean {
  return flow.direction === 'accepted' && flow.reliable && flow.peer?.class !== 'server' && flow.peer?.class !== 'edge'
}
