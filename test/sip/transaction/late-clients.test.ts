import t from 'tap'
import type { SipRequest } from '../../../src/sip/message/types.ts'
import type { ClientTransaction, TransactionLayer } from '../../../src/sip/transaction/types.ts'
import { FakeFlow } from '../../support/fake-transport.ts'
import { request, responseTo } from '../../support/sip-messages.ts'
import { transactionBench } from '../../support/transaction-bench.ts'

const flow = (): FakeFlow => new FakeFlow({ transport: 'udp' })
const deaf = { onResponse() {}, onTimeout() {}, onTransportError() {} }

interface Sent {
  readonly transaction: ClientTransaction
  readonly request: SipRequest
  readonly told: readonly number[]
}

/** A client transaction over UDP that got an answer with that status. */
function answered(layer: TransactionLayer, method: string, status: number): Sent {
  const told: number[] = []
  const out = flow()
  const transaction = layer.client(method, 'l00p', {
    ...deaf,
    onResponse: (response) => void told.push(response.status),
  })
  if (transaction === undefined) throw new TypeError('the table is full')
  transaction.send(request({ method, branch: transaction.branch }).text, out)
  layer.onResponse(responseTo(out.request(0), status), out)
  return { transaction, request: out.request(0), told }
}

t.test('in a full client table one that has its answer gives way, one under way does not', async (t) => {
  const { layer } = transactionBench({ limits: { client: 2 } })
  const gone = [answered(layer, 'INVITE', 200), answered(layer, 'INVITE', 200)]
  const ringing = [answered(layer, 'INVITE', 180), answered(layer, 'INVITE', 180)]
  const full = layer.client('INVITE', '', deaf)
  for (const { request } of [...gone, ...ringing]) layer.onResponse(responseTo(request, 200), flow())
  t.same(
    [full, gone.map(({ told }) => told), ringing.map(({ told }) => told), layer.counts.stray],
    [
      undefined,
      [[200], [200]],
      [
        [180, 200],
        [180, 200],
      ],
      2,
    ],
  )
})

t.test('what only drops repetitions gives way before what hands further 2xx on', async (t) => {
  const { layer } = transactionBench({ limits: { client: 2 } })
  const invite = answered(layer, 'INVITE', 200)
  const bye = answered(layer, 'BYE', 200)
  layer.client('OPTIONS', '', deaf)
  for (const { request } of [invite, bye]) layer.onResponse(responseTo(request, 202), flow())
  t.same([invite.told, bye.told, layer.counts.stray], [[200, 202], [200], 1])
})

t.test('let go before its time, it frees its slot once: the next one keeps it', async (t) => {
  const { layer } = transactionBench({ limits: { client: 1 } })
  const first = answered(layer, 'BYE', 200)
  first.transaction.abandon()
  const second = answered(layer, 'MESSAGE', 200)
  first.transaction.abandon()
  layer.onResponse(responseTo(second.request, 200), flow())
  t.same([second.told, layer.counts.client, layer.counts.stray], [[200], 1, 0])
})

t.test('a response to another method on the same branch is not taken for a further 2xx', async (t) => {
  const { layer } = transactionBench()
  const { request: invite, told } = answered(layer, 'INVITE', 200)
  layer.onResponse(responseTo(request({ method: 'CANCEL', branch: invite.branch ?? '' }), 200), flow())
  t.same([told, layer.counts.stray], [[200], 1])
})

t.test('thousands that have their answer all go when their time is over, and only then', async (t) => {
  const { clock, layer } = transactionBench()
  const all = Array.from({ length: 3000 }, () => answered(layer, 'BYE', 200))
  clock.advance(4900)
  for (const { request } of all) layer.onResponse(responseTo(request, 200), flow())
  const inTime = [layer.counts.client, layer.counts.stray]
  clock.advance(200)
  t.same([inTime, layer.counts.client], [[3000, 0], 0])
})
