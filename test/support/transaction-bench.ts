/** A transaction layer on a fake clock whose user writes down what it is told. */
import { answer } from '../../src/sip/message/index.ts'
import type { SipRequest, SipResponse } from '../../src/sip/message/types.ts'
import { createTransactions } from '../../src/sip/transaction/layer.ts'
import type { SameUser } from '../../src/sip/transaction/peer.ts'
import { defaultTransactionLimits, type TransactionLimits } from '../../src/sip/transaction/settings.ts'
import { TimerWheel } from '../../src/sip/transaction/timer-wheel.ts'
import {
  type ClientTransaction,
  type ClientTransactionUser,
  defaultTimers,
  type ServerTransaction,
  type TransactionLayer,
  type TransactionUser,
} from '../../src/sip/transaction/types.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeFlow } from './fake-transport.ts'
import { request } from './sip-messages.ts'

export interface ServerBench {
  readonly clock: FakeClock
  readonly wheel: TimerWheel
  readonly layer: TransactionLayer
  readonly requests: ServerTransaction[]
  readonly acks: SipRequest[]
  readonly cancels: ServerTransaction[]
  readonly strays: SipResponse[]
  readonly undeliverable: string[]
}

export interface BenchOptions {
  readonly limits?: Partial<TransactionLimits>
  readonly trying?: number | 'at-once'
  readonly onRequest?: (transaction: ServerTransaction) => void
  readonly shed?: (request: SipRequest) => number | undefined
  readonly sameUser?: SameUser
}

/** A transaction forgets its request when it answers; a test may answer again. */
const requestOf = new WeakMap<ServerTransaction, SipRequest>()

export function transactionBench(options: BenchOptions = {}): ServerBench {
  const clock = new FakeClock()
  const wheel = new TimerWheel(clock)
  const seen: Omit<ServerBench, 'clock' | 'wheel' | 'layer'> = {
    requests: [],
    acks: [],
    cancels: [],
    strays: [],
    undeliverable: [],
  }
  const user: TransactionUser = {
    onRequest(transaction) {
      seen.requests.push(transaction)
      transaction.context = transaction.request
      requestOf.set(transaction, transaction.request)
      options.onRequest?.(transaction)
    },
    onAck: (ack) => void seen.acks.push(ack),
    onCancel: (invite) => void seen.cancels.push(invite),
    onStrayResponse: (response) => void seen.strays.push(response),
  }
  const layer = createTransactions({
    clock,
    wheel,
    timers: defaultTimers,
    limits: { ...defaultTransactionLimits, ...options.limits },
    trying: options.trying ?? 200,
    user,
    onUndeliverable: (_, text) => void seen.undeliverable.push(text),
    ...(options.shed === undefined ? {} : { shed: options.shed }),
    ...(options.sameUser === undefined ? {} : { sameUser: options.sameUser }),
  })
  return { clock, wheel, layer, ...seen }
}

export function respond(transaction: ServerTransaction | undefined, status: number): void {
  const request = transaction === undefined ? undefined : requestOf.get(transaction)
  if (transaction === undefined || request === undefined) throw new TypeError('no such transaction')
  transaction.respond(status, answer(request, status, { toTag: 'b1' }))
}

export interface ClientBench extends ServerBench {
  readonly flow: FakeFlow
  readonly transaction: ClientTransaction
  /** e.g. `180`, `timeout`, `transport flow.closed`. */
  readonly told: string[]
  /** The request as it went out. */
  readonly sent: () => SipRequest
}

/** One client transaction that has just been sent. */
export function clientBench(method: string, transport: 'udp' | 'tls'): ClientBench {
  const bench = transactionBench()
  const told: string[] = []
  const user: ClientTransactionUser = {
    onResponse: (response) => void told.push(String(response.status)),
    onTimeout: () => void told.push('timeout'),
    onTransportError: (_, because) => void told.push(`transport ${because}`),
  }
  const transaction = bench.layer.client(method, 'l00p', user)
  if (transaction === undefined) throw new TypeError('the table is full')
  const flow = new FakeFlow({ transport, direction: 'dialled' })
  transaction.send(request({ method, branch: transaction.branch }).text, flow)
  return { ...bench, flow, transaction, told, sent: () => flow.request(0) }
}
