/** The table and the chart that docs/performance.md has from the report of a run. */
import t from 'tap'
import { costChart } from '../../bench/proxy/cost-chart.ts'
import { markdownTable, type Report } from '../../bench/proxy/report.ts'

const row = (connections: number): Report['rows'][number] => ({
  name: `tls-${connections}`,
  what: `TLS calls, ${connections} connections`,
  shape: { connections, window: 20, contacts: 1 },
  floor: 1,
  goal: 0.8,
  unit: 'µs CPU each',
  ours: [100, 110, 120],
  other: [110, 120, 130],
  ratio: 0.9,
  paired: { ratio: 0.9, low: 0.85, high: 0.95, pairs: 3 },
  setupMs: { ours: 1, other: 1 },
})

const report: Report = {
  machine: {
    cpu: 'Some Processor',
    cores: 2,
    kernel: '6.1',
    node: 'v24.0.0',
    openssl: '3.5',
    kamailio: 'kamailio 5.6.3',
    rounds: 3,
    loadBefore: 0.5,
  },
  compared: 'siplab ÷ kamailio',
  rows: [row(8), row(100)],
  special: [],
}

t.test('a row of the table has both costs, the interval and its judgement', async (t) => {
  t.match(
    markdownTable(report),
    '| TLS calls, 8 connections (µs) | 110.0 | 120.0 | 0.90 (0.85 to 0.95) | floor 1 met, goal 0.8 missed |',
  )
})

t.test('the chart draws one line for each proxy, over the connections', async (t) => {
  const lines = costChart(report).match(/points="[^"]+"/g) ?? []
  t.equal(lines.length, 2)
  const points = lines.map((line) =>
    line
      .slice(8, -1)
      .split(' ')
      .map((point) => point.split(',').map(Number)),
  )
  for (const [first, second] of points)
    t.ok((first?.[0] ?? 0) < (second?.[0] ?? 0), 'more connections stand further right')
  t.ok((points[0]?.[0]?.[1] ?? 0) > (points[1]?.[0]?.[1] ?? 0), 'what costs less stands lower')
})
