import { fc } from '../support/property.ts'
import t from 'tap'
import { type InjuryName, makeSchedule, readSchedule, scheduleText } from '../../src/endurance/chaos/schedule.ts'
import { shorterThan, shrink } from '../../src/endurance/chaos/shrink.ts'
import { knownInjuries } from '../../src/endurance/chaos/chaos.ts'
import { configFolder, loadTopology } from '../../src/topology/load.ts'

const injuries: readonly InjuryName[] = [
  { name: 'kill fe1', part: 'fe1' },
  { name: 'hold fe1', part: 'fe1' },
  { name: 'kill fe2', part: 'fe2' },
  { name: 'silent dns', part: 'dns' },
]

t.test('a schedule made from a seed', async (t) => {
  t.test('is the same for the same seed, and another one for another', async (t) => {
    t.same(makeSchedule(5, 20, injuries), makeSchedule(5, 20, injuries))
    t.notSame(makeSchedule(5, 20, injuries), makeSchedule(6, 20, injuries))
  })

  t.test('has blows of one and of two in turn, never two on one part', async (t) => {
    const parts = new Map(injuries.map(({ name, part }) => [name, part]))
    for (const [at, { injuries: names }] of makeSchedule(9, 40, injuries).entries()) {
      t.equal(names.length, at % 2 === 0 ? 1 : 2)
      t.equal(new Set(names.map((name) => parts.get(name))).size, names.length)
    }
  })

  t.test('uses every injury', async (t) => {
    const used = new Set(makeSchedule(1, 8, injuries).flatMap((blow) => blow.injuries))
    t.equal(used.size, injuries.length)
  })

  t.test('is read back from its text', async () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 30 }), (seed, blows) => {
        const schedule = makeSchedule(seed, blows, injuries)
        t.same(readSchedule(scheduleText(schedule), injuries), schedule)
      }),
      { numRuns: 30 },
    )
  })

  t.test('refuses what is no schedule, with what there is', async (t) => {
    t.throws(() => readSchedule('kill fe9 for 3', injuries), /there are: kill fe1, hold fe1/)
    t.throws(() => readSchedule('kill fe1', injuries), RangeError)
  })
})

t.test('a violation is shrunk', async (t) => {
  const schedule = readSchedule(
    'silent dns for 8; kill fe1 + kill fe2 for 8; hold fe1 for 4; silent dns for 3',
    injuries,
  )

  t.test('to the one injury that shows it', async (t) => {
    const found = await shrink(schedule, async (one) => scheduleText(one).includes('kill fe2'), 100)
    t.match(found, { schedule: [{ injuries: ['kill fe2'], forSeconds: 1 }], isShortest: true })
  })

  t.test('to the two blows that show it together', async (t) => {
    const fails = async (one: typeof schedule): Promise<boolean> => /kill fe1.*hold fe1/.test(scheduleText(one))
    t.equal(scheduleText((await shrink(schedule, fails, 100)).schedule), 'kill fe1 for 1; hold fe1 for 1')
  })

  t.test('as far as its tries go', async (t) => {
    t.match(await shrink(schedule, async () => false, 3), { schedule, tries: 3, isShortest: false })
  })

  t.test('by schedules that are all shorter', async (t) => {
    const size = (one: typeof schedule): number =>
      one.reduce((sum, { injuries: names, forSeconds }) => sum + names.length * 100 + forSeconds, 0)
    for (const shorter of shorterThan(schedule)) t.ok(size(shorter) < size(schedule))
  })
})

t.test('edge-pool can have every kind of injury', async (t) => {
  const names = knownInjuries({ topology: loadTopology('edge-pool', configFolder()) }).map(({ name }) => name)
  const kinds = new Set(names.map((name) => name.split(' ')[0]))
  for (const kind of ['kill', 'hold', 'cut', 'slow', 'delay', 'silent', 'clock', 'full', 'descriptors'])
    t.ok(kinds.has(kind), kind)
  for (const kind of ['down', 'read-only', 'connections', 'wrong-target', 'renew', 'expired'])
    t.ok(kinds.has(kind), kind)
  t.equal(new Set(names).size, names.length)
  t.ok(names.includes('cut director->fe1') || names.includes('cut edge->director'))
})
