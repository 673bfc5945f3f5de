/** A transport whose news can be awaited, and the messages its tests send. */
import type { Test } from 'tap'
import { X509Certificate } from 'node:crypto'
import { systemClock, type Clock } from '../../src/sip/clock.ts'
import type { SipRequest, SipResponse } from '../../src/sip/message/types.ts'
import {
  createTransport,
  type Flow,
  type Judgement,
  type ListenerSettings,
  type NextHop,
  type PeerEvidence,
  type Refusal,
  type TransportLayer,
  type TransportSettings,
} from '../../src/sip/transport/index.ts'

type News =
  | { readonly kind: 'request'; readonly request: SipRequest; readonly flow: Flow }
  | { readonly kind: 'response'; readonly response: SipResponse; readonly flow: Flow }
  | { readonly kind: 'opened'; readonly flow: Flow }
  | { readonly kind: 'closed'; readonly flow: Flow; readonly because: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'incident'; readonly event: string; readonly reason: string }

export interface Harness {
  readonly layer: TransportLayer
  readonly news: News[]
  /** The n-th news of that kind (0: the first), when it is there. */
  next<K extends News['kind']>(kind: K, index?: number): Promise<Extract<News, { kind: K }>>
  of<K extends News['kind']>(kind: K): Extract<News, { kind: K }>[]
}

export interface HarnessOptions {
  readonly clock?: Clock
  readonly judge?: (evidence: PeerEvidence) => Judgement
  readonly settings?: Partial<TransportSettings>
  readonly onRequest?: (request: SipRequest, flow: Flow) => void
}

export function harness(t: Test, options: HarnessOptions = {}): Harness {
  const news: News[] = []
  const waiting = new Set<() => void>()
  const tell = (item: News): void => {
    news.push(item)
    for (const wake of waiting) wake()
  }
  const of = <K extends News['kind']>(kind: K): Extract<News, { kind: K }>[] =>
    news.filter((item): item is Extract<News, { kind: K }> => item.kind === kind)
  const layer = createTransport({
    clock: options.clock ?? systemClock,
    judge: options.judge ?? nodeJudge,
    ...(options.settings === undefined ? {} : { settings: options.settings }),
    user: {
      onRequest: (request, flow) => {
        tell({ kind: 'request', request, flow })
        options.onRequest?.(request, flow)
      },
      onResponse: (response, flow) => tell({ kind: 'response', response, flow }),
      onFlowOpened: (flow) => tell({ kind: 'opened', flow }),
      onFlowClosed: (flow, because) => tell({ kind: 'closed', flow, because }),
      onRefused: (refusal) => tell({ kind: 'refused', refusal }),
      onWait: (ms) => tell({ kind: 'wait', ms }),
      onIncident: ({ event, reason }) => tell({ kind: 'incident', event, reason }),
    },
  })
  t.teardown(() => layer.close())
  return {
    layer,
    news,
    of,
    next: (kind, index = 0) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = of(kind)[index]
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
  }
}

/** Node's verdict, then the dialled name: enough for transport tests. */
function nodeJudge(evidence: PeerEvidence): Judgement {
  const [leaf] = evidence.chain
  if (leaf === undefined || !evidence.authorized)
    return {
      kind: 'refuse',
      code: evidence.errorCode === 'CERT_HAS_EXPIRED' ? 'cert.expired' : 'chain.untrusted-root',
      detail: evidence.chain.length,
    }
  const certificate = new X509Certificate(leaf)
  if (evidence.wantedName !== undefined && certificate.checkHost(evidence.wantedName) === undefined)
    return { kind: 'refuse', code: 'cert.name-mismatch', detail: undefined }
  const names = (certificate.subjectAltName ?? '').split(', ').map((name) => name.replace('DNS:', '').toLowerCase())
  return {
    kind: 'accept',
    peer: {
      class: 'server',
      names,
      subject: certificate.subject,
      serial: certificate.serialNumber,
      fingerprint: certificate.fingerprint256,
      notAfter: certificate.validToDate.getTime(),
    },
  }
}

export function listening(
  transport: ListenerSettings['transport'],
  changes: Partial<ListenerSettings> = {},
): ListenerSettings {
  return { face: 'internal', transport, address: '127.0.0.1', port: 0, mutual: 'off', tls: undefined, ...changes }
}

export function hopTo(
  local: { readonly address: string; readonly port: number },
  transport: NextHop['transport'],
  changes: Partial<NextHop> = {},
): NextHop {
  return { transport, address: local.address, port: local.port, verifyName: undefined, face: 'internal', ...changes }
}

let calls = 0

/** A whole MESSAGE request; `transport` stands in its Via. */
export function messageText(
  changes: {
    readonly transport?: string
    readonly body?: string
    readonly via?: string
    readonly branch?: string
  } = {},
): string {
  calls += 1
  const body = changes.body ?? ''
  const branch = changes.branch ?? `z9hG4bK${calls}`
  return [
    'MESSAGE sip:bob@lab.test SIP/2.0',
    `Via: ${changes.via ?? `SIP/2.0/${changes.transport ?? 'TCP'} client.lab.test;branch=${branch};rport`}`,
    'Max-Forwards: 70',
    'From: <sip:alice@lab.test>;tag=a',
    'To: <sip:bob@lab.test>',
    `Call-ID: call-${calls}`,
    'CSeq: 1 MESSAGE',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n')
}

export function okText(request: SipRequest): string {
  return [
    'SIP/2.0 200 OK',
    `Via: ${request.header('via') ?? ''}`,
    `From: ${request.header('from') ?? ''}`,
    `To: ${request.header('to') ?? ''};tag=b`,
    `Call-ID: ${request.callId}`,
    `CSeq: ${request.cseq} ${request.method}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')
}
