/** The interval that a ratio of two checkouts is judged by. */
import t from 'tap'
import { fc } from '../support/property.ts'
import { isAboveBar, pairedRatio } from '../../bench/proxy/interval.ts'
import { judge } from '../../bench/proxy/report.ts'

t.test('the interval is Student’s over the logarithms of the ratios', async (t) => {
  // Logs ±0.1 in turn: mean 0, standard deviation 0.1069 of eight, t(7) = 2.365.
  const ours = [1.1, 1 / 1.1, 1.1, 1 / 1.1, 1.1, 1 / 1.1, 1.1, 1 / 1.1]
  const { ratio, low, high, pairs } = pairedRatio(
    ours,
    ours.map(() => 1),
  )
  const half = 2.365 * Math.sqrt((8 * Math.log(1.1) ** 2) / 7 / 8)
  t.ok(Math.abs(ratio - 1) < 1e-12)
  t.ok(Math.abs(Math.log(high) - half) < 1e-9 && Math.abs(Math.log(low) + half) < 1e-9)
  t.equal(pairs, 8)
})

t.test('what slows both sides of a pair down changes nothing, and the inverse has the inverse interval', async () => {
  const cost = fc.double({ min: 1, max: 1000, noNaN: true })
  fc.assert(
    fc.property(fc.array(fc.tuple(cost, cost, cost), { minLength: 2, maxLength: 40 }), (pairs) => {
      const plain = pairedRatio(
        pairs.map(([ours]) => ours),
        pairs.map(([, other]) => other),
      )
      const slowed = pairedRatio(
        pairs.map(([ours, , by]) => ours * by),
        pairs.map(([, other, by]) => other * by),
      )
      const inverse = pairedRatio(
        pairs.map(([, other]) => other),
        pairs.map(([ours]) => ours),
      )
      const near = (one: number, two: number): boolean => Math.abs(Math.log(one / two)) < 1e-6
      return (
        near(plain.low, slowed.low) &&
        near(plain.high, slowed.high) &&
        near(plain.low, 1 / inverse.high) &&
        plain.low <= plain.ratio &&
        plain.ratio <= plain.high
      )
    }),
  )
})

t.test('a row is above the bar only when its whole interval is', async (t) => {
  t.equal(isAboveBar({ ratio: 1.1, low: 1.031, high: 1.2, pairs: 8 }, 1.03), true)
  t.equal(isAboveBar({ ratio: 1.1, low: 1.02, high: 1.2, pairs: 8 }, 1.03), false)
})

t.test('one pair has no interval, and numbers without a partner are an error', async (t) => {
  t.match(pairedRatio([2], [1]), { ratio: 2, low: NaN, high: NaN })
  t.throws(() => pairedRatio([1, 2], [1]), RangeError)
  t.throws(() => pairedRatio([1], [0]), RangeError)
})

t.test('a bar inside the interval counts as missed', async (t) => {
  const bars = { floor: 1, goal: 0.8 }
  const judged = (low: number, high: number): string => judge({ ratio: (low + high) / 2, low, high, pairs: 8 }, bars)
  t.match(judged(0.7, 0.79), /^goal 0.8 met/)
  t.match(judged(0.7, 0.81), /^floor 1 met, goal 0.8 missed/)
  t.match(judged(0.9, 1.01), /^FLOOR 1 MISSED/)
  t.match(judged(1.1, 1.2), /^FLOOR 1 MISSED/)
})
