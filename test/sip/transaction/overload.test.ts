import t from 'tap'
import { OverloadGuard, type OverloadSettings } from '../../../src/sip/transaction/overload.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function setup(settings: Partial<OverloadSettings> = {}) {
  const clock = new FakeClock()
  const ends: (() => void)[] = []
  const guard = new OverloadGuard(clock, (callback) => ends.push(callback), { turnMs: 100, lateMs: 600, retryAfterSeconds: [1, 3], ...settings })
  /** One turn of the event loop: a new request every `ms / requests`. Gives what each was told. */
  const turn = (ms: number, requests = 1): readonly (number | undefined)[] => {
    const told = Array.from({ length: requests }, () => {
      const seconds = guard.shed()
      clock.advance(ms / requests)
      return seconds
    })
    for (const end of ends.splice(0)) end()
    return told
  }
  return { turn }
}

const taken = undefined

t.test('overload guard', async (t) => {
  t.test('takes everything while turns are short', async (t) => {
    const { turn } = setup()
    const told = Array.from({ length: 100 }, () => turn(20, 4)).flat()
    t.same(new Set(told), new Set([taken]))
  })

  t.test('takes everything in single long turns', async (t) => {
    const { turn } = setup()
    const told = Array.from({ length: 30 }, () => [turn(1000, 10), turn(1000, 10), turn(10, 1)]).flat(2)
    t.same(new Set(told), new Set([taken]))
  })

  t.test('takes new work in the first part of a turn only, once turns stay long', async (t) => {
    const { turn } = setup()
    for (let late = 0; late < 3; late++) turn(200)
    t.same(turn(400, 8), [taken, taken, taken, 1, 2, 3, 1, 2])
  })

  t.test('goes on as long as turns are neither short nor late', async (t) => {
    const { turn } = setup()
    for (let late = 0; late < 3; late++) turn(200)
    turn(80)
    t.same(turn(300, 3), [taken, taken, 1])
  })

  t.test('takes everything again after a short turn', async (t) => {
    const { turn } = setup()
    for (let late = 0; late < 3; late++) turn(200)
    turn(50)
    t.same(new Set(turn(1000, 10)), new Set([taken]))
  })
})
