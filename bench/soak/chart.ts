/** A line chart as SVG: axes, a grid, one line a series, a legend. Light and dark, like the picture of the house. */
import type { Point, Series } from './samples.ts'

export interface ChartOptions {
  readonly title: string
  /** Behind each number of the y axis. */
  readonly unit: string
  /** Draw no more than these many points a series: the highest of each slot. */
  readonly slots?: number
}

const width = 860
const height = 320
const left = 64
const right = 150
const top = 36
const bottom = 40
const colours = ['#2563eb', '#d97706', '#059669', '#dc2626', '#7c3aed', '#0891b2', '#a16207', '#be185d', '#4b5563']

export function lineChart(series: readonly Series[], { title, unit, slots = 300 }: ChartOptions): string {
  const all = series.flatMap(({ points }) => points)
  const longest = Math.max(1, ...all.map(({ x }) => x))
  const ticks = ticksTo(Math.max(1e-9, ...all.map(({ y }) => y)))
  const highest = ticks.at(-1) ?? 1
  const across = (x: number): number => left + (x / longest) * (width - left - right)
  const up = (y: number): number => height - bottom - (y / highest) * (height - top - bottom)
  const drawn = series.map(({ name, points }, at) => {
    const colour = colours[at % colours.length] ?? '#000'
    const path = thinned(points, slots).map(({ x, y }) => `${across(x).toFixed(1)},${up(y).toFixed(1)}`)
    const y = top + 14 * at
    return (
      `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${path.join(' ')}"/>` +
      `<rect x="${width - right + 14}" y="${y}" width="10" height="10" fill="${colour}"/>` +
      `<text x="${width - right + 30}" y="${y + 9}">${escaped(name)}</text>`
    )
  })
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${left}" x2="${width - right}" y1="${up(tick)}" y2="${up(tick)}"/>` +
      `<text text-anchor="end" x="${left - 6}" y="${up(tick) + 4}">${label(tick)} ${escaped(unit)}</text>`,
  )
  const minutes = ticksTo(longest / 60)
    .filter((minute) => minute * 60 <= longest)
    .map(
      (minute) =>
        `<text text-anchor="middle" x="${across(minute * 60)}" y="${height - bottom + 18}">${label(minute)}</text>`,
    )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    '<style>text{font:12px system-ui,sans-serif;fill:#1f2937}.grid{stroke:#d1d5db}rect.paper{fill:#fff}' +
      '@media(prefers-color-scheme:dark){text{fill:#e5e7eb}.grid{stroke:#374151}rect.paper{fill:#111827}}</style>',
    `<rect class="paper" width="${width}" height="${height}"/>`,
    `<text x="${left}" y="20" font-weight="600">${escaped(title)}</text>`,
    ...grid,
    ...minutes,
    `<text text-anchor="middle" x="${(left + width - right) / 2}" y="${height - 6}">minutes</text>`,
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

/** The highest point of each of `slots` equal parts. */
function thinned(points: readonly Point[], slots: number): readonly Point[] {
  if (points.length <= slots) return points
  const size = points.length / slots
  return Array.from({ length: slots }, (_, slot) =>
    points.slice(Math.floor(slot * size), Math.floor((slot + 1) * size)).reduce((a, b) => (b.y > a.y ? b : a)),
  )
}

/** Round numbers from 0 to the first that is not below `highest`. */
function ticksTo(highest: number): readonly number[] {
  const rough = highest / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  return Array.from({ length: Math.ceil(highest / step - 1e-9) + 1 }, (_, at) => at * step)
}

function label(value: number): string {
  return String(Number(value.toPrecision(6)))
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
