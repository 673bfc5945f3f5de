/** Flows that keep what was sent, for tests of the layers above the transport. */
import { parseText } from '../../src/sip/message/index.ts'
import type { SipMessage, SipRequest, SipResponse } from '../../src/sip/message/types.ts'
import type { Flow, FlowId, PeerIdentity, TransportName } from '../../src/sip/transport/flow.ts'
import type { NextHop, TransportLayer } from '../../src/sip/transport/types.ts'

let lastId = 0

export interface FakeFlowOptions {
  readonly transport?: TransportName
  readonly direction?: 'accepted' | 'dialled'
  readonly face?: string
  readonly peer?: PeerIdentity
  readonly remote?: string
  readonly port?: number
  readonly dialledName?: string
}

export class FakeFlow implements Flow {
  readonly id: FlowId
  readonly transport: TransportName
  readonly reliable: boolean
  readonly secure: boolean
  readonly direction: 'accepted' | 'dialled'
  readonly face: string
  readonly local = { address: '127.0.41.11', port: 5061 }
  readonly remote: { readonly address: string; readonly port: number }
  readonly peer: PeerIdentity | undefined
  readonly own = undefined
  readonly dialledName: string | undefined
  readonly confirmed = true
  readonly openedAt = 0
  readonly notes = new Map<string, unknown>()
  /** Every message sent, oldest first. */
  readonly sent: string[] = []
  open = true
  /** Refuse to take messages, as a full queue does. */
  full = false
  onSend: ((text: string) => void) | undefined

  constructor(options: FakeFlowOptions = {}) {
    this.id = ++lastId as FlowId
    this.transport = options.transport ?? 'tls'
    this.reliable = this.transport !== 'udp'
    this.secure = this.transport === 'tls' || this.transport === 'wss'
    this.direction = options.direction ?? 'accepted'
    this.face = options.face ?? 'internal'
    this.peer = options.peer
    this.remote = { address: options.remote ?? '127.0.41.99', port: options.port ?? 40_000 }
    this.dialledName = options.dialledName
  }

  send(text: string): boolean {
    if (!this.open || this.full) return false
    this.sent.push(text)
    this.onSend?.(text)
    return true
  }

  close(): void {
    this.open = false
  }

  /** Start lines of what was sent. */
  get lines(): string[] {
    return this.sent.map((text) => text.slice(0, text.indexOf('\r\n')))
  }

  message(index: number): SipMessage {
    const text = this.sent.at(index)
    if (text === undefined)
      throw new RangeError(`message ${index} was never sent; there are ${this.sent.length}: ${this.lines.join(' | ')}`)
    return parseText(text)
  }

  request(index = -1): SipRequest {
    const message = this.message(index)
    if (message.kind === 'request') return message
    throw new TypeError(`message ${index} is a response: ${message.status}`)
  }

  response(index = -1): SipResponse {
    const message = this.message(index)
    if (message.kind === 'response') return message
    throw new TypeError(`message ${index} is a request: ${message.method}`)
  }
}

export const server: PeerIdentity = {
  class: 'server',
  names: ['peer.lab.test'],
  subject: 'CN=peer.lab.test',
  serial: '01',
  fingerprint: '00',
  notAfter: 0,
}

class DialFailure extends Error {
  readonly code: string

  constructor(code: string) {
    super(`no flow: ${code}`)
    this.code = code
  }
}

/** Dials at once. A port in `failing` cannot be reached, for the reason that stands there. */
export class FakeTransport implements Pick<TransportLayer, 'existing' | 'connect' | 'flow'> {
  readonly flows = new Map<FlowId, FakeFlow>()
  readonly failing = new Map<number, string>()
  readonly dialled: NextHop[] = []
  /** Called for each flow that is made. */
  onFlow: ((flow: FakeFlow, hop: NextHop) => void) | undefined
  private readonly reusable = new Map<string, FakeFlow>()

  accept(options: FakeFlowOptions = {}): FakeFlow {
    return this.add(new FakeFlow(options))
  }

  existing(hop: NextHop): FakeFlow | undefined {
    const flow = this.reusable.get(keyOf(hop))
    return flow?.open === true ? flow : undefined
  }

  async connect(hop: NextHop): Promise<FakeFlow> {
    this.dialled.push(hop)
    const failure = this.failing.get(hop.port)
    if (failure !== undefined) throw new DialFailure(failure)
    return this.open(hop)
  }

  /** A flow that is there before anybody dials. */
  open(hop: NextHop): FakeFlow {
    const flow = this.add(
      new FakeFlow({
        transport: hop.transport,
        direction: 'dialled',
        face: hop.face,
        remote: hop.address,
        port: hop.port,
        ...(hop.verifyName === undefined ? {} : { peer: server, dialledName: hop.verifyName }),
      }),
    )
    this.reusable.set(keyOf(hop), flow)
    this.onFlow?.(flow, hop)
    return flow
  }

  flow(id: FlowId): FakeFlow | undefined {
    const flow = this.flows.get(id)
    return flow?.open === true ? flow : undefined
  }

  private add(flow: FakeFlow): FakeFlow {
    this.flows.set(flow.id, flow)
    return flow
  }
}

function keyOf(hop: NextHop): string {
  return `${hop.face}/${hop.transport}/${hop.address}:${hop.port}/${hop.verifyName ?? ''}`
}
