import t from 'tap'
import { Throttle } from '../../../src/services/presence/throttle.ts'
import { FakeClock } from '../../support/fake-clock.ts'

t.test('the first runs at once, the last of a span at its end, and nothing is kept after that', async (t) => {
  const clock = new FakeClock()
  const throttle = new Throttle({ clock, everyMs: 1000, limit: 10 })
  const ran: string[] = []
  for (const what of ['a', 'b', 'c']) throttle.run('alice', () => void ran.push(what))
  t.strictSame(ran, ['a'])
  clock.advance(1000)
  t.strictSame(ran, ['a', 'c'])
  clock.advance(1000)
  t.equal(clock.pending, 0)
})

t.test('what is one too many is not held back', async (t) => {
  const clock = new FakeClock()
  const throttle = new Throttle({ clock, everyMs: 1000, limit: 1 })
  let ran = 0
  for (const who of ['alice', 'bob', 'bob']) throttle.run(who, () => void (ran += 1))
  t.equal(ran, 3)
})
