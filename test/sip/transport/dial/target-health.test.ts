/** Targets that are out are left alone for their time (RFC 3263 §4.3, RFC 3261 §21.5.4). */
import t from 'tap'
import { TargetHealth } from '../../../../src/sip/transport/index.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

const one = { transport: 'tls', address: '192.0.2.1', port: 5061 } as const
const two = { transport: 'tls', address: '192.0.2.2', port: 5061 } as const

// conformance: RFC 3263 §4.3 — a target that is out is left alone for a time
t.test('leaves an unreachable target alone for a short time', async (t) => {
  const clock = new FakeClock()
  const health = new TargetHealth(clock, { downSeconds: 5 })
  health.markDown(one)
  const during = health.available([one, two])
  clock.advance(5_000)
  t.same({ during, after: health.available([one, two]) }, { during: [two], after: [one, two] })
})

t.test('leaves a target that sent 503 alone for its Retry-After, within bounds', async (t) => {
  const clock = new FakeClock()
  const health = new TargetHealth(clock, { mostSeconds: 100 })
  health.markDown(one, 60)
  health.markDown(two, 9_999)
  t.same(
    {
      all: health.available([one, two]),
      retry: health.retryAfterSeconds([one, two]),
      two: health.retryAfterSeconds([two]),
    },
    { all: [], retry: 60, two: 100 },
  )
})

t.test('takes an answer as the end of the trouble', async (t) => {
  const health = new TargetHealth(new FakeClock())
  health.markDown(one)
  health.markUp(one)
  t.equal(health.isDown(one), false)
})

t.test('remembers a bounded number of targets', async (t) => {
  const health = new TargetHealth(new FakeClock(), { most: 2 })
  for (const port of [1, 2, 3]) health.markDown({ ...one, port })
  t.same(
    [1, 2, 3].map((port) => health.isDown({ ...one, port })),
    [false, true, true],
  )
})
