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

t.test('so many run at once in a span as are allowed, then the last at its end, and so on', async (t) => {
  const clock = new FakeClock()
  const throttle = new Throttle({ clock, everyMs: 1000, limit: 10, atOnce: 3 })
  const ran: number[] = []
  for (let at = 1; at <= 9; at++) throttle.run('alice', () => void ran.push(at))
  t.strictSame(ran, [1, 2, 3])
  clock.advance(1000)
  t.strictSame(ran, [1, 2, 3, 9])
  for (let at = 10; at <= 15; at++) throttle.run('alice', () => void ran.push(at))
  t.strictSame(ran, [1, 2, 3, 9, 10, 11])
  clock.advance(2000)
  t.strictSame(ran, [1, 2, 3, 9, 10, 11, 15])
  clock.advance(1000)
  t.equal(clock.pending, 0)
})
