import t from 'tap'
import { failWaiting, startWaiting, stopWaiting, type Waits } from '../../../src/sip/transaction/waiting.ts'
import { FakeFlow } from '../../support/fake-transport.ts'

function waiter(flow: FakeFlow, onFail: () => void): Waits {
  const one: Waits = { flow, nextWaiting: undefined, previousWaiting: undefined, failTransport: onFail }
  startWaiting(flow, one)
  return one
}

t.test('tells all who wait on a flow once', async (t) => {
  const flow = new FakeFlow()
  const told: number[] = []
  for (let number = 0; number < 3; number++) waiter(flow, () => told.push(number))
  failWaiting(flow, 'gone')
  failWaiting(flow, 'gone')
  t.same(told.sort(), [0, 1, 2])
})

t.test('leaves out who stopped: first, last, between', async (t) => {
  for (const left of [0, 1, 2]) {
    const flow = new FakeFlow()
    const told: number[] = []
    const all = [0, 1, 2].map((number) => waiter(flow, () => told.push(number)))
    const stopping = all[left]
    if (stopping !== undefined) stopWaiting(stopping)
    if (stopping !== undefined) stopWaiting(stopping)
    failWaiting(flow, 'gone')
    t.same(
      told.sort(),
      [0, 1, 2].filter((number) => number !== left),
    )
  }
})

t.test('one that is told may stop the others and itself', async (t) => {
  const flow = new FakeFlow()
  const told: string[] = []
  const last = waiter(flow, () => told.push('last'))
  const middle = waiter(flow, () => told.push('middle'))
  const first: Waits = waiter(flow, () => {
    told.push('first')
    stopWaiting(middle)
    stopWaiting(first)
  })
  failWaiting(flow, 'gone')
  t.same([told, last.nextWaiting], [['first', 'last'], undefined])
})
