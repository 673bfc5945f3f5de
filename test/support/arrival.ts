/** What a policy is asked, made from the text of a request. */
import { parseText, parseUri } from '../../src/sip/message/index.ts'
import type { SipRequest } from '../../src/sip/message/types.ts'
import type { Arrival, Remarks } from '../../src/sip/routing/decision.ts'
import type { Flow, FlowId, PeerClass, TransportName } from '../../src/sip/transport/flow.ts'

let lastFlow = 0

export interface FlowParts {
  readonly transport?: TransportName
  readonly address?: string
  readonly port?: number
  /** Class of the peer's certificate; undefined: it showed none. */
  readonly peer?: PeerClass
}

/** An accepted, open flow that sends nowhere. */
export function testFlow({ transport = 'tls', address = '192.0.2.7', port = 40_001, peer }: FlowParts = {}): Flow {
  return {
    id: ++lastFlow as FlowId,
    transport,
    reliable: transport !== 'udp',
    secure: transport === 'tls' || transport === 'wss',
    direction: 'accepted',
    face: 'internal',
    local: { address: '192.0.2.1', port: 5061 },
    remote: { address, port },
    peer:
      peer === undefined
        ? undefined
        : {
            class: peer,
            names: ['peer.lab.test'],
            subject: 'CN=peer.lab.test',
            serial: '01',
            fingerprint: '',
            notAfter: 0,
          },
    own: undefined,
    dialledName: undefined,
    open: true,
    confirmed: true,
    openedAt: 0,
    send: () => true,
    close: () => undefined,
    notes: new Map(),
  }
}

export interface ArrivalParts {
  readonly flow?: Flow
  readonly wall?: number
}

export function arrival(text: string, { flow = testFlow(), wall = 0 }: ArrivalParts = {}): Arrival {
  const request = parseText(text) as SipRequest
  return {
    request,
    flow,
    face: flow.face,
    uri: parseUri(request.requestUri),
    routes: [],
    ownRoute: undefined,
    nearRoute: undefined,
    claimsDialog: request.toTag !== undefined,
    wall,
    remarks: noRemarks(),
    leaveRoute: () => undefined,
  }
}

export function noRemarks(): Remarks {
  return {
    identity: undefined,
    claimed: undefined,
    organisation: '',
    trunk: '',
    dialog: undefined,
    remote: false,
    add: [],
    remove: [],
    other: new Map(),
  }
}

export interface RequestParts {
  readonly method?: string
  readonly uri?: string
  /** Inside the brackets of From. */
  readonly from?: string
  readonly to?: string
  readonly fromParameters?: string
  readonly toParameters?: string
  readonly callId?: string
  readonly cseq?: number
  /** Via values below the top one. */
  readonly vias?: readonly string[]
  /** Whole lines without their ends: `Contact: <sip:alice@192.0.2.7>`. */
  readonly headers?: readonly string[]
  readonly body?: string
}

/** A request of alice, a REGISTER unless said otherwise. */
export function requestText({
  method = 'REGISTER',
  uri = 'sip:lab.test',
  from = 'sip:alice@lab.test',
  to = from,
  fromParameters = ';tag=1',
  toParameters = '',
  callId = 'call-1',
  cseq = 1,
  vias = [],
  headers = [],
  body = '',
}: RequestParts = {}): string {
  const lines = [
    `${method} ${uri} SIP/2.0`,
    'Via: SIP/2.0/TLS 192.0.2.7:40001;branch=z9hG4bK1',
    ...vias.map((via) => `Via: ${via}`),
    `From: <${from}>${fromParameters}`,
    `To: <${to}>${toParameters}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    'Max-Forwards: 70',
    ...headers,
    `Content-Length: ${body.length}`,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}
