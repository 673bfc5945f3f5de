import t from 'tap'
import { OverloadGuard } from '../../../src/sip/transaction/overload.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** The process stands still: time passes, and what was due is called late. */
function stall(clock: FakeClock, ms: number): void {
  Object.assign(clock, { time: clock.now() + ms })
  clock.advance(0)
}

t.test('overload guard', async (t) => {
  t.test('takes everything while timers come in time', async (t) => {
    const clock = new FakeClock()
    const guard = new OverloadGuard(clock)
    clock.advance(10_000)
    t.same([guard.shed(), guard.lagMs], [undefined, 0])
  })

  t.test('turns new work away once they come late', async (t) => {
    const clock = new FakeClock()
    const guard = new OverloadGuard(clock)
    stall(clock, 400)
    t.equal(guard.shed(), 2)
  })

  t.test('turns a growing part of new work away while round after round is too long', async (t) => {
    const clock = new FakeClock()
    const guard = new OverloadGuard(clock, { lagMs: 1000, steadyMs: 30, steadySamples: 3 })
    const turnedAway = (): number => Array.from({ length: 100 }, () => guard.shed()).filter((seconds) => seconds !== undefined).length
    const counts = [2, 1, 4].map((rounds) => {
      for (let round = 0; round < rounds; round++) stall(clock, 100)
      return turnedAway()
    })
    t.same(counts, [0, 5, 25])
  })

  t.test('takes everything again once rounds are short', async (t) => {
    const clock = new FakeClock()
    const guard = new OverloadGuard(clock, { lagMs: 1000, steadyMs: 30, steadySamples: 1 })
    for (let round = 0; round < 5; round++) stall(clock, 100)
    clock.advance(1000)
    t.same(Array.from({ length: 10 }, () => guard.shed()), Array.from({ length: 10 }, () => undefined))
  })

  t.test('spreads the return of those it turned away', async (t) => {
    const clock = new FakeClock()
    const guard = new OverloadGuard(clock, { sampleMs: 50, lagMs: 100, retryAfterSeconds: [1, 3] })
    stall(clock, 400)
    t.same([1, 2, 3, 4].map(() => guard.shed()), [1, 2, 3, 1])
  })

  t.test('opens again soon after', async (t) => {
    const clock = new FakeClock()
    const guard = new OverloadGuard(clock)
    stall(clock, 400)
    clock.advance(200)
    t.equal(guard.shed(), undefined)
  })

  t.test('stops looking when closed', async (t) => {
    const clock = new FakeClock()
    new OverloadGuard(clock).close()
    t.equal(clock.pending, 0)
  })
})
