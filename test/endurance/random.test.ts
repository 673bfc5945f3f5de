import t from 'tap'
import { seeded } from '../../src/endurance/random.ts'

t.test('seeded chance', async (t) => {
  const sequence = (seed: number, stream?: number): readonly number[] => {
    const random = seeded(seed, stream)
    return Array.from({ length: 50 }, () => random.below(1000))
  }

  t.test('repeats itself for the same seed and stream', async (t) => t.same(sequence(7, 2), sequence(7, 2)))

  t.test('differs between seeds, and between streams of one seed', async (t) => {
    t.notSame(sequence(7), sequence(8))
    t.notSame(sequence(7, 1), sequence(7, 2))
  })

  t.test('gives every number below the bound', async (t) => {
    const random = seeded(1)
    const seen = new Set(Array.from({ length: 1000 }, () => random.below(6)))
    t.same([...seen].toSorted(), [0, 1, 2, 3, 4, 5])
  })

  t.test('picks from no empty list', async (t) => t.throws(() => seeded(1).pick([]), RangeError))
})
