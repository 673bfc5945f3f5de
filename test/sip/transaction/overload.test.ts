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

  t.test('turns new work away when round after round is too long, not for one', async (t) => {
    const clock = new FakeClock()
    const guard = new OverloadGuard(clock, { lagMs: 1000, steadyMs: 30, steadySamples: 3 })
    const answers = [1, 2, 3].map(() => {
      stall(clock, 100)
      return guard.shed() !== undefined
    })
    t.same(answers, [false, false, true])
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
