import t from 'tap'
import { fc } from '../../support/property.ts'
import { type TimerName, TimerWheel, WheelTimer } from '../../../src/sip/transaction/timer-wheel.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function setup(time = 1_000_000) {
  const clock = new FakeClock(Date.UTC(2006, 0, 1), time)
  const fired: { readonly name: TimerName; readonly at: number }[] = []
  const wheel = new TimerWheel(clock)
  const timer = (): WheelTimer => new WheelTimer({ onTimer: (name) => void fired.push({ name, at: clock.now() }) })
  return { clock, wheel, fired, timer }
}

t.test('timer wheel', async (t) => {
  t.test('never fires early and at most 20 ms late, whatever is armed when', async () => {
    const plan = fc.array(
      fc.record({
        wait: fc.double({ min: 0, max: 5000, noNaN: true }),
        delay: fc.double({ min: 0, max: 400_000, noNaN: true }),
      }),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), plan, (start, entries) => {
        const { clock, wheel } = setup(start)
        const late: number[] = []
        for (const { wait, delay } of entries) {
          clock.advance(wait)
          const due = clock.now() + delay
          wheel.arm(new WheelTimer({ onTimer: () => void late.push(clock.now() - due) }), 'limit', delay)
        }
        clock.advance(500_000)
        // A clock of 1e9 ms in doubles resolves about 1e-7 ms.
        return late.length === entries.length && late.every((ms) => ms >= -1e-6 && ms <= 20)
      }),
      { numRuns: 60 },
    )
  })

  t.test('wakes up once for a timer that was cancelled, and then sleeps', async (t) => {
    const { clock, wheel, timer, fired } = setup()
    const one = timer()
    wheel.arm(one, 'A', 500)
    wheel.cancel(one)
    wheel.arm(one, 'A', 600)
    wheel.cancel(one)
    const waiting = clock.pending
    clock.advance(520)
    t.same([waiting, clock.pending, fired], [1, 0, []])
  })

  t.test('sleeps again after the last timer fired', async (t) => {
    const { clock, wheel, timer } = setup()
    wheel.arm(timer(), 'A', 500)
    clock.advance(520)
    t.same([clock.pending, wheel.size], [0, 0])
  })

  t.test('fires a timer that was moved only at its new time', async (t) => {
    const { clock, wheel, timer, fired } = setup()
    const one = timer()
    wheel.arm(one, 'A', 100)
    wheel.arm(one, 'B', 1000)
    clock.advance(1020)
    t.same(
      fired.map(({ name }) => name),
      ['B'],
    )
  })

  t.test('does not fire a timer that another one of the same tick cancels', async (t) => {
    const { clock, wheel, fired, timer } = setup()
    const victim = timer()
    wheel.arm(new WheelTimer({ onTimer: () => wheel.cancel(victim) }), 'A', 100)
    wheel.arm(victim, 'B', 100)
    clock.advance(200)
    t.same(fired, [])
  })

  t.test('goes on after a callback threw', async (t) => {
    const { clock, wheel, fired, timer } = setup()
    wheel.arm(
      new WheelTimer({
        onTimer: () => {
          throw new Error('a bug')
        },
      }),
      'A',
      100,
    )
    wheel.arm(timer(), 'B', 100)
    t.throws(() => clock.advance(120), /a bug/)
    clock.advance(40)
    t.same(
      fired.map(({ name }) => name),
      ['B'],
    )
  })

  t.test('tells what a timer threw, and fires the others of its tick', async (t) => {
    const clock = new FakeClock()
    const failures: unknown[] = []
    const fired: string[] = []
    const wheel = new TimerWheel(clock, (error) => failures.push(error))
    wheel.arm(
      new WheelTimer({
        onTimer: () => {
          throw new Error('a bug')
        },
      }),
      'A',
      100,
    )
    wheel.arm(new WheelTimer({ onTimer: (name) => void fired.push(name) }), 'B', 100)
    clock.advance(120)
    t.match([failures, fired], [[{ message: 'a bug' }], ['B']])
  })

  t.test('fires everything due after the process stood still for minutes', async (t) => {
    const { clock, wheel, fired, timer } = setup()
    for (const delay of [20, 500, 32_000, 181_000]) wheel.arm(timer(), 'A', delay)
    clock.advance(0)
    Object.assign(clock, { time: clock.now() + 300_000 })
    clock.advance(0)
    t.equal(fired.length, 4)
  })

  t.test('forgets everything when closed', async (t) => {
    const { clock, wheel, timer, fired } = setup()
    wheel.arm(timer(), 'A', 100)
    wheel.close()
    clock.advance(1000)
    t.same([fired.length, clock.pending], [0, 0])
  })
})
