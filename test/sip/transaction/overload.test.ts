import t from 'tap'
import { type EventLoop, OverloadGuard } from '../../../src/sip/transaction/overload.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** @param share of the processor that the thread gets */
function setup(share = 1) {
  const clock = new FakeClock()
  const ends: (() => void)[] = []
  const loop: EventLoop = { atEndOfTurn: (callback) => ends.push(callback), cpuMs: () => clock.now() * share }
  const guard = new OverloadGuard(clock, loop, {
    lateMs: 100,
    lateCpuMs: 20,
    lateWaitMs: 200,
    enoughMs: 600,
    enoughWaitMs: 600,
    enoughLossMs: 200,
    takeMs: 50,
    takeWaitMs: 50,
    quietMs: 300,
    retryAfterSeconds: [1, 3],
  })
  const end = (): void => {
    for (const callback of ends.splice(0)) callback()
  }
  /** One turn of the event loop: a new request every `ms / requests`. Gives what each was told. */
  const turn = (ms: number, requests = 1, leaves = false): readonly (number | undefined)[] => {
    const told = Array.from({ length: requests }, () => {
      const seconds = guard.shed()
      clock.advance(ms / requests)
      return seconds
    })
    if (leaves) guard.fallBehind()
    end()
    return told
  }
  /** Turns of 50 ms with one new request each, told at their end how long datagrams wait. */
  const waiting = (ms: number, turns: number): readonly (number | undefined)[] =>
    Array.from({ length: turns }, () => {
      const told = turn(50)
      guard.waits(ms)
      return told
    }).flat()
  return { turn, waiting, ends, guard, clock }
}

const taken = undefined

t.test('overload guard', async (t) => {
  t.test('takes everything while turns are short', async (t) => {
    const { turn } = setup()
    const told = Array.from({ length: 100 }, () => turn(80, 4)).flat()
    t.same(new Set(told), new Set([taken]))
  })

  t.test('takes everything in single long turns', async (t) => {
    const { turn } = setup()
    const told = Array.from({ length: 30 }, () => [turn(5000, 10), turn(10, 1)]).flat(2)
    t.same(new Set(told), new Set([taken]))
  })

  t.test('takes everything in turns that are long because others have the processor', async (t) => {
    const { turn } = setup(0.1)
    const told = Array.from({ length: 30 }, () => turn(190, 10)).flat()
    t.same(new Set(told), new Set([taken]))
  })

  t.test('sees too much work with a part of the processor as well', async (t) => {
    const { turn } = setup(0.1)
    for (let late = 0; late < 4; late++) turn(200)
    t.same(turn(200, 8), [taken, taken, taken, 1, 2, 3, 1, 2])
  })

  t.test('takes new work in the first part of a turn only, once turns stay long', async (t) => {
    const { turn } = setup()
    for (let late = 0; late < 4; late++) turn(200)
    t.same(turn(200, 8), [taken, taken, taken, 1, 2, 3, 1, 2])
  })

  t.test(
    'takes no new work in a turn after one that left something in the sockets, once that happens turn after turn',
    async (t) => {
      const { turn } = setup()
      t.same(Array.from({ length: 15 }, () => turn(40, 1, true)).flat(), Array(15).fill(taken), 'not yet')
      t.same(
        [turn(40, 2, true), turn(120, 4), turn(120, 4)],
        [
          [1, 2],
          [3, 1, 2, 3],
          [taken, taken, 1, 2],
        ],
      )
    },
  )

  t.test('forgets what was left when nothing came for long', async (t) => {
    const { turn, clock } = setup()
    for (let late = 0; late < 20; late++) turn(40, 1, true)
    clock.advance(101)
    t.same(turn(1), [taken])
  })

  t.test('does not count the time between two late turns', async (t) => {
    const { turn, clock } = setup()
    turn(200)
    clock.advance(3_600_000)
    turn(200)
    t.same(new Set(turn(200, 8)), new Set([taken]))
  })

  t.test('goes on in the next turn while there is too much', async (t) => {
    const { turn } = setup()
    for (let late = 0; late < 4; late++) turn(200)
    turn(120)
    t.same(turn(120, 4), [taken, taken, 1, 2])
  })

  t.test('goes on in short turns as long as each has something to refuse', async (t) => {
    const { turn } = setup()
    for (let late = 0; late < 4; late++) turn(200)
    for (let short = 0; short < 40; short++) turn(80, 4)
    t.same(turn(80, 4), [taken, taken, taken, 2])
  })

  t.test('goes on for a while after there was nothing to refuse', async (t) => {
    const { turn } = setup()
    for (let late = 0; late < 4; late++) turn(200)
    for (let short = 0; short < 7; short++) turn(40, 4)
    t.same(turn(120, 4), [taken, taken, 1, 2])
  })

  t.test('takes everything again when there was nothing to refuse for long', async (t) => {
    const { turn } = setup()
    for (let late = 0; late < 4; late++) turn(200)
    for (let short = 0; short < 8; short++) turn(40, 4)
    t.same(new Set(turn(1000, 10)), new Set([taken]))
  })

  t.test('takes everything again after a time in which nothing came', async (t) => {
    const { turn, clock } = setup()
    for (let late = 0; late < 4; late++) turn(200)
    clock.advance(101)
    t.same(new Set(turn(1000, 10)), new Set([taken]))
  })

  t.test('goes on refusing after a shorter one', async (t) => {
    const { turn, clock } = setup()
    for (let late = 0; late < 4; late++) turn(200)
    clock.advance(100)
    t.same(turn(200, 4), [taken, taken, 1, 2])
  })

  t.test('refuses new work while datagrams wait for long, once they did so for a while', async (t) => {
    const { waiting } = setup()
    t.same(waiting(201, 13), Array(13).fill(taken), 'not yet')
    t.same(waiting(201, 3), [1, 2, 3])
  })

  t.test('does the same sooner when some are lost', async (t) => {
    const { waiting } = setup()
    t.same(waiting(Infinity, 5), Array(5).fill(taken), 'not yet')
    t.same(waiting(Infinity, 3), [1, 2, 3])
  })

  t.test('takes what waited for little under overload', async (t) => {
    const { waiting } = setup()
    waiting(Infinity, 5)
    t.same([waiting(50, 1), waiting(51, 1), waiting(51, 1)], [[1], [taken], [2]])
  })

  t.test('takes long waits with an empty queue between them for no overload', async (t) => {
    const { waiting } = setup()
    for (let count = 0; count < 20; count++) {
      waiting(201, 12)
      waiting(0, 1)
    }
    t.same(waiting(201, 1), [taken])
  })

  t.test('goes on counting long waits behind a short one', async (t) => {
    const { waiting } = setup()
    waiting(201, 6)
    waiting(2, 6)
    waiting(201, 1)
    t.same(waiting(0, 1), [1])
  })

  t.test('forgets a wait when nothing came for long', async (t) => {
    const { waiting, turn, clock } = setup()
    waiting(Infinity, 5)
    clock.advance(101)
    t.same(turn(1), [taken])
  })

  t.test('goes on refusing when only old work came for a while, and waited', async (t) => {
    const { waiting, guard, turn, clock } = setup()
    waiting(Infinity, 5)
    clock.advance(90)
    guard.waits(60)
    clock.advance(90)
    t.same(turn(1), [1])
  })

  t.test('asks for the end of a turn once, however many requests it has', async (t) => {
    const { guard, ends } = setup()
    for (let count = 0; count < 50; count++) guard.shed()
    t.equal(ends.length, 1)
  })
})
