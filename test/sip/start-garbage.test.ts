import { getHeapSpaceStatistics } from 'node:v8'
import t from 'tap'
import { collectStartGarbage } from '../../src/sip/start-garbage.ts'
import { FakeClock } from '../support/fake-clock.ts'

function watched(share: number) {
  const clock = new FakeClock()
  const node = { share, collections: 0, canCollect: true }
  const collect = (): boolean => {
    node.collections += 1
    return node.canCollect
  }
  collectStartGarbage({ clock, busyShare: () => node.share, collect })
  return { clock, node }
}

t.test('an idle node collects the garbage of its start after three seconds, and never again', async (t) => {
  const { clock, node } = watched(0.001)
  clock.advance(2999)
  t.equal(node.collections, 0)
  clock.advance(1)
  t.equal(node.collections, 1)
  t.equal(clock.pending, 0)
  clock.advance(600_000)
  t.equal(node.collections, 1)
})

t.test('a node with work does not collect until it was idle for three seconds in a row', async (t) => {
  const { clock, node } = watched(0.5)
  clock.advance(60_000)
  node.share = 0.001
  clock.advance(2000)
  node.share = 0.02
  clock.advance(1000)
  node.share = 0.001
  clock.advance(2000)
  t.equal(node.collections, 0)
  clock.advance(1000)
  t.equal(node.collections, 1)
})

t.test('a collection that is not possible is tried again a second later', async (t) => {
  const { clock, node } = watched(0.001)
  node.canCollect = false
  clock.advance(3000)
  node.canCollect = true
  clock.advance(1000)
  t.equal(node.collections, 2)
  t.equal(clock.pending, 0)
})

t.test('the collection makes the young generation small, and no program finds the function gc', async (t) => {
  const kept: object[] = []
  for (let nth = 0; nth < 300_000; nth += 1) kept.push({ nth })
  const before = youngBytes()
  const clock = new FakeClock()
  collectStartGarbage({ clock, busyShare: () => 0 })
  clock.advance(3000)
  t.ok(youngBytes() < before, `${youngBytes()} of ${before} bytes are left`)
  t.equal(kept.length, 300_000)
  t.notOk('gc' in globalThis)
})

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0
}
