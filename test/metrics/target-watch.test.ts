/** How often targets are dialled, and how many at one time, by a clock moved by hand. */
import t from 'tap'
import { checkReport, type CheckReport } from '../../src/check/index.ts'
import { TargetWatch, type WatchSettings } from '../../src/metrics/target-watch.ts'
import { FakeClock } from '../support/fake-clock.ts'

const report = (target: string): CheckReport => checkReport(target, 'sbc', new Date(0), [], undefined, 1)

/** Checks that end when the test says so. */
function held(name: string) {
  const ends: (() => void)[] = []
  return {
    name,
    check: () => new Promise<CheckReport>((resolve) => ends.push(() => resolve(report(name)))),
    begun: () => ends.length,
    async end(): Promise<void> {
      ends.at(-1)?.()
      await settled()
    },
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function watchOf(targets: WatchSettings['targets'], parallel = 2) {
  const clock = new FakeClock()
  return { clock, watch: new TargetWatch({ targets, clock, everyMs: 60_000, freshMs: 5000, parallel }) }
}

t.test('each round checks every target once, one after the other beside the place of probes', async (t) => {
  const [one, two] = [held('a:5061'), held('b:5061')]
  const { clock, watch } = watchOf([one, two])
  watch.start()
  t.strictSame([one.begun(), two.begun()], [1, 0])
  await one.end()
  t.strictSame([one.begun(), two.begun()], [1, 1])
  await two.end()
  clock.advance(59_999)
  t.equal(one.begun(), 1)
  clock.advance(1)
  t.equal(one.begun(), 2)
  watch.stop()
})

t.test('a target that is not in the list is never dialled', async (t) => {
  const { watch } = watchOf([held('a:5061')])
  t.strictSame(await watch.probe('127.0.0.1:22'), { kind: 'unknown' })
})

t.test('probes of one target at one time share one check', async (t) => {
  const one = held('a:5061')
  const { watch } = watchOf([one])
  const answers = [watch.probe('a:5061'), watch.probe('a:5061')]
  await one.end()
  const kinds = (await Promise.all(answers)).map(({ kind }) => kind)
  t.strictSame([kinds, one.begun()], [['result', 'result'], 1])
})

t.test('a result younger than five seconds answers a probe', async (t) => {
  const one = held('a:5061')
  const { clock, watch } = watchOf([one])
  const first = watch.probe('a:5061')
  await one.end()
  await first
  clock.advance(4999)
  t.match(await watch.probe('a:5061'), { kind: 'result' })
  t.equal(one.begun(), 1)
  clock.advance(1)
  void watch.probe('a:5061')
  t.equal(one.begun(), 2)
})

t.test('a probe beyond the bound is told to come later', async (t) => {
  const targets = ['a', 'b', 'c'].map(held)
  const { watch } = watchOf(targets)
  void watch.probe('a')
  void watch.probe('b')
  t.strictSame(await watch.probe('c'), { kind: 'busy' })
  t.equal(targets[2]?.begun(), 0)
})

t.test('a check that cannot be done is a result with its reason', async (t) => {
  const { watch } = watchOf([{ name: 'a', check: () => Promise.reject(new Error('me.key is gone')) }])
  await watch.probe('a')
  t.strictSame(watch.results(), [{ target: 'a', error: 'me.key is gone' }])
})
