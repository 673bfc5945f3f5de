/**
 * The table of docs/performance.md and the chart of cost over connections, from the report of `bench/proxy.ts`:
 *
 *     npm run --silent bench:proxy -- --all --json > report.json
 *     node bench/chart.ts report.json [--svg docs/cost-over-connections.svg]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { costChart } from './proxy/cost-chart.ts'
import { markdownTable, type Report } from './proxy/report.ts'

const [file, option, svg] = process.argv.slice(2)
if (file === undefined || (option !== undefined && (option !== '--svg' || svg === undefined))) {
  console.error(
    'node bench/chart.ts report.json [--svg FILE]: wanted the JSON of `npm run bench:proxy -- --all --json`',
  )
  process.exit(2)
}
const report = JSON.parse(readFileSync(file, 'utf8')) as Report
console.log(markdownTable(report))
if (svg !== undefined) writeFileSync(svg, costChart(report))
