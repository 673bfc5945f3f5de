/** What `bench/soak.ts` makes of samples. */
import t from 'tap'
import { lineChart } from '../../bench/soak/chart.ts'
import { quarterMean } from '../../bench/soak/samples.ts'
import { presenceDocument, versionIn } from '../../src/endurance/resident.ts'

t.test('the mean of a quarter takes the points of that part of the time', async (t) => {
  const points = Array.from({ length: 101 }, (_, x) => ({ x, y: x < 50 ? 10 : 30 }))
  t.equal(quarterMean(points, 0), 10)
  t.equal(quarterMean(points, 3), 30)
})

t.test('a chart has one line a series, and as many points as it has slots', async (t) => {
  const points = Array.from({ length: 1000 }, (_, x) => ({ x, y: x % 10 }))
  const svg = lineChart(
    [
      { name: 'fe1', points },
      { name: 'a<b', points },
    ],
    { title: 'Memory', unit: 'MB', slots: 20 },
  )
  t.equal(svg.match(/<polyline/g)?.length, 2)
  t.equal(/points="([^"]*)"/.exec(svg)?.[1]?.split(' ').length, 20)
  t.match(svg, 'a&lt;b')
})

t.test('the axis of a chart names no minute after the last point', async (t) => {
  const points = [0, 3601].map((x) => ({ x, y: 1 }))
  const svg = lineChart([{ name: 'fe1', points }], { title: 'Memory', unit: 'MB' })
  const minutes = [...svg.matchAll(/text-anchor="middle" x="[^"]*" y="298">(\d+)</g)].map(([, minute]) => minute)
  t.strictSame(minutes, ['0', '20', '40', '60'])
})

t.test('the version of a presence document is read from what a server shows', async (t) => {
  t.equal(versionIn(presenceDocument('sip:alice@lab.test', 12)), 12)
  t.equal(versionIn('<presence/>'), 0)
})
