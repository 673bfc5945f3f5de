/** What a call costs over the number of connections, as SVG: one line for each proxy and number of calls in flight. */
import { median, type Report, type ReportedRow } from './report.ts'

const width = 760
const height = 400
const left = 60
const right = 190
const top = 40
const bottom = 50

interface Line {
  readonly name: string
  readonly colour: string
  /** Connections for each side, and µs. */
  readonly points: readonly (readonly [connections: number, cost: number])[]
}

export function costChart({ machine, rows }: Report): string {
  const calls = rows.filter(({ name }) => /^tls-(\d+(-deep)?|saturated)$/.test(name))
  const lines = [...new Set(calls.map(({ shape }) => shape.window))]
    .toSorted((a, b) => a - b)
    .flatMap((window) => linesOf(window, calls))
    .filter(({ points }) => points.length > 1)
  const most = Math.max(1, ...lines.flatMap(({ points }) => points.map(([, cost]) => cost))) * 1.1
  const y = (cost: number): number => height - bottom - (cost / most) * (height - top - bottom)
  const grid = [0.25, 0.5, 0.75, 1].map((part) => gridLine(y(part * most), Math.round(part * most)))
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" ` +
    `font-size="12"><title>CPU of a TLS call over the number of connections</title>\n` +
    `<rect width="${width}" height="${height}" fill="#fff"/>\n` +
    `${text(left, 20, `µs of CPU for a TLS call; ${machine.cpu}, ${machine.cores} cores`)}\n${grid.join('\n')}\n` +
    `${[8, 20, 100, 1000].map((at) => text(x(at) - 8, height - bottom + 18, String(at))).join('\n')}\n` +
    `${text(left, height - 10, 'connections of each side')}\n` +
    `${lines.map((line, nth) => drawn(line, nth, y)).join('\n')}\n</svg>\n`
  )
}

/** Logarithmic, from 8 to 1,000. */
function x(connections: number): number {
  return left + (Math.log(connections / 8) / Math.log(125)) * (width - left - right)
}

function linesOf(window: number, rows: readonly ReportedRow[]): readonly Line[] {
  const here = rows
    .filter(({ shape }) => shape.window === window)
    .toSorted((a, b) => a.shape.connections - b.shape.connections)
  const points = (side: 'ours' | 'other'): Line['points'] =>
    here.map((row) => [row.shape.connections, median(row[side])])
  const shade = window > 20 ? 'light' : 'dark'
  return [
    { name: `siplab, ${window} in flight`, colour: colours[shade].ours, points: points('ours') },
    { name: `Kamailio, ${window} in flight`, colour: colours[shade].other, points: points('other') },
  ]
}

const colours = {
  dark: { ours: '#0b5cad', other: '#b3430a' },
  light: { ours: '#6aa9e0', other: '#e8a27a' },
} as const

function gridLine(at: number, cost: number): string {
  return (
    `<line x1="${left}" x2="${width - right}" y1="${round(at)}" y2="${round(at)}" stroke="#ddd"/>` +
    text(20, at + 4, String(cost))
  )
}

function drawn({ name, colour, points }: Line, nth: number, y: (cost: number) => number): string {
  const path = points.map(([connections, cost]) => `${round(x(connections))},${round(y(cost))}`).join(' ')
  const legend = top + 10 + nth * 18
  return (
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${path}"/>\n` +
    `<rect x="${width - right + 10}" y="${legend - 9}" width="10" height="10" fill="${colour}"/>` +
    text(width - right + 26, legend, name)
  )
}

function text(at: number, y: number, words: string): string {
  return `<text x="${round(at)}" y="${round(y)}" fill="#222">${words}</text>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
