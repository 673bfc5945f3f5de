/** How soon a node knows that a peer is gone, by a clock of the test. */
import t from 'tap'
import { verdict } from '../../src/verdicts/codes.ts'
import type { LinkState } from '../../src/node/control/control-api.ts'
import { LinkWatch, type ProbeResult } from '../../src/node/links.ts'
import { FakeClock } from '../support/fake-clock.ts'

const up: ProbeResult = { kind: 'answered', status: 200 }
const down: ProbeResult = { kind: 'failed', verdict: verdict('link.refused', { node: 'fe1' }) }

/** One watched peer; every OPTIONS waits until the test answers it. */
function watching(): {
  readonly clock: FakeClock
  readonly watch: LinkWatch
  readonly told: string[]
  readonly probes: () => number
  answer(result: ProbeResult): Promise<void>
  link(): LinkState | undefined
} {
  const clock = new FakeClock()
  const asked: ((result: ProbeResult) => void)[] = []
  const told: string[] = []
  let probes = 0
  const watch = new LinkWatch({
    clock,
    peers: [{ fqdn: 'fe2.lab.test', port: 5061, face: 'internal', by: 'home' }],
    probe: () =>
      new Promise((resolve) => {
        probes += 1
        asked.push(resolve)
      }),
    onChange: ({ state, verdict: why }) => told.push(why === undefined ? state : `${state} ${why.code}`),
  })
  watch.start()
  return {
    clock,
    watch,
    told,
    probes: () => probes,
    link: () => watch.links[0],
    async answer(result) {
      asked.shift()?.(result)
      await new Promise((done) => setImmediate(done))
    },
  }
}

async function thatIsUp(): Promise<ReturnType<typeof watching>> {
  const watched = watching()
  await watched.answer(up)
  watched.clock.advance(5_000)
  return watched
}

t.test('a link whose connection closes', async (t) => {
  t.test('is asked again at once', async (t) => {
    const { clock, watch, probes } = await thatIsUp()
    watch.flowClosed('FE2.lab.test', 'peer-closed')
    clock.advance(0)
    t.equal(probes(), 2)
  })

  t.test('is not down yet', async (t) => {
    const { clock, watch, link } = await thatIsUp()
    watch.flowClosed('fe2.lab.test', 'peer-closed')
    clock.advance(0)
    t.equal(link()?.state, 'up')
  })

  t.test('is down with the reason once that fails', async (t) => {
    const { clock, watch, told, answer } = await thatIsUp()
    watch.flowClosed('fe2.lab.test', 'peer-closed')
    clock.advance(0)
    await answer(down)
    t.same(told, ['up', 'down link.refused'])
  })

  t.test('stays up, and nothing is told, when the peer answers: it had closed an idle connection', async (t) => {
    const { clock, watch, told, answer } = await thatIsUp()
    watch.flowClosed('fe2.lab.test', 'peer-closed')
    clock.advance(0)
    await answer(up)
    t.same(told, ['up'])
  })

  t.test('is asked once however many connections close', async (t) => {
    const { clock, watch, probes } = await thatIsUp()
    for (let flow = 0; flow < 10; flow += 1) watch.flowClosed('fe2.lab.test', 'peer-closed')
    clock.advance(0)
    watch.flowClosed('fe2.lab.test', 'peer-closed')
    clock.advance(400)
    t.equal(probes(), 2)
  })

  t.test('is asked again when it closes while an OPTIONS is under way that is then answered', async (t) => {
    const { clock, watch, probes, answer } = await thatIsUp()
    watch.flowClosed('fe2.lab.test', 'peer-closed')
    clock.advance(0)
    watch.flowClosed('fe2.lab.test', 'peer-closed')
    await answer(up)
    clock.advance(500)
    t.equal(probes(), 3)
  })

  t.test('is asked no more than twice a second by a peer that answers and closes', async (t) => {
    const { clock, watch, probes, answer } = await thatIsUp()
    for (let tick = 0; tick < 100; tick += 1) {
      watch.flowClosed('fe2.lab.test', 'peer-closed')
      clock.advance(100)
      await answer(up)
    }
    t.ok(probes() <= 22, `${probes()} in 10 s`)
  })

  t.test('of another name is no news', async (t) => {
    const { clock, watch, probes } = await thatIsUp()
    watch.flowClosed('director.lab.test', 'peer-closed')
    clock.advance(400)
    t.equal(probes(), 1)
  })

  t.test('by our own will is no news', async (t) => {
    const { clock, watch, probes } = await thatIsUp()
    for (const because of ['redialled', 'drained', 'closed']) watch.flowClosed('fe2.lab.test', because)
    clock.advance(400)
    t.equal(probes(), 1)
  })

  t.test('keeps its times while it is down', async (t) => {
    const { clock, watch, probes, answer } = await thatIsUp()
    watch.flowClosed('fe2.lab.test', 'peer-closed')
    clock.advance(0)
    await answer(down)
    watch.flowClosed('fe2.lab.test', 'peer-closed')
    clock.advance(499)
    t.equal(probes(), 2)
  })

  t.test('is let go when the watch is closed', async (t) => {
    const { clock, watch } = await thatIsUp()
    watch.close()
    watch.flowClosed('fe2.lab.test', 'peer-closed')
    t.equal(clock.pending, 0)
  })
})

t.test('a link that is down', async (t) => {
  async function thatIsDown(): Promise<ReturnType<typeof watching>> {
    const watched = watching()
    for (const waitMs of [500, 1000, 2000]) {
      await watched.answer(down)
      watched.clock.advance(waitMs)
    }
    await watched.answer(down)
    watched.clock.advance(1000)
    return watched
  }

  t.test('is tried at once when its peer comes to us', async (t) => {
    const { clock, watch, probes } = await thatIsDown()
    watch.peerSeen(['pool.lab.test', 'fe2.lab.test'])
    clock.advance(0)
    t.equal(probes(), 5)
  })

  t.test('is not tried for another server', async (t) => {
    const { clock, watch, probes } = await thatIsDown()
    watch.peerSeen(['director.lab.test'])
    clock.advance(2000)
    t.equal(probes(), 4)
  })

  t.test('is tried no more than twice a second for a peer that comes and goes', async (t) => {
    const { clock, watch, probes, answer } = await thatIsDown()
    for (let tick = 0; tick < 100; tick += 1) {
      watch.peerSeen(['fe2.lab.test'])
      clock.advance(100)
      await answer(down)
    }
    t.ok(probes() <= 26, `${probes() - 4} in 10 s`)
  })
})

t.test('a link nobody closes is asked every ten seconds', async (t) => {
  const { clock, probes, answer } = await thatIsUp()
  clock.advance(4_999)
  const before = probes()
  clock.advance(1)
  await answer(up)
  clock.advance(10_000)
  t.same([before, probes()], [1, 3])
})

t.test(
  'a link that is down is tried again after 0.5 s, then ever less often up to 5 s, and is up with the first answer',
  async (t) => {
    const { clock, told, probes, answer } = watching()
    const seen: number[] = []
    for (const waitMs of [500, 1000, 2000, 4000, 5000, 5000]) {
      await answer(down)
      clock.advance(waitMs - 1)
      const early = probes()
      clock.advance(1)
      seen.push(probes() - early)
    }
    await answer(up)
    t.same(
      [seen, told],
      [
        [1, 1, 1, 1, 1, 1],
        ['down link.refused', 'up'],
      ],
    )
  },
)
