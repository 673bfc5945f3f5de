/** Small pieces of SVG. Lengths are in units of the sheet; text is measured by an average advance, on the wide side. */
import { escaped } from '../../reports/markup.ts'

export interface Style {
  readonly size: number
  readonly bold?: boolean
  readonly mono?: boolean
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly fill?: string
  /** A halo of the paper behind the text, where it crosses a line. */
  readonly halo?: boolean
}

const advance = { mono: 0.605, sans: 0.55, bold: 0.6 } as const

/** Width of a text in units, rounded up rather than down. */
export function widthOf(value: string, { size, mono, bold }: Style): number {
  return value.length * size * (mono === true ? advance.mono : bold === true ? advance.bold : advance.sans)
}

/** Cuts a text into lines that fit, at spaces, dots, commas or slashes; one long word is cut where it must be. */
export function wrap(value: string, width: number, style: Style): readonly string[] {
  if (widthOf(value, style) <= width) return [value]
  const most = Math.max(4, Math.floor(width / widthOf('n', style)))
  const at = breakAt(value, most, / /g) ?? breakAt(value, most, /[.,/]/g) ?? most
  return [value.slice(0, at).trimEnd(), ...wrap(value.slice(at).trimStart(), width, style)]
}

/** The last place to break in the last two thirds of what fits; a dot opens the next line, all else closes this one. */
function breakAt(value: string, most: number, marks: RegExp): number | undefined {
  const places = [...value.slice(0, most + 1).matchAll(marks)].map(({ index }) =>
    value[index] === '.' ? index : index + 1,
  )
  return places.filter((at) => at > most / 3 && at <= most + 1).at(-1)
}

export function text(x: number, y: number, value: string, style: Style): string {
  const { size, bold, mono, anchor, fill, halo } = style
  const attributes = [
    `x="${round(x)}" y="${round(y)}" font-size="${size}"`,
    bold === true ? 'font-weight="bold"' : '',
    mono === true ? `font-family="${monoFamily}"` : '',
    anchor === undefined ? '' : `text-anchor="${anchor}"`,
    fill === undefined ? '' : `fill="${fill}"`,
    halo === true ? 'stroke="#fff" stroke-width="5" stroke-linejoin="round" paint-order="stroke"' : '',
  ]
  return `<text ${attributes.filter((part) => part !== '').join(' ')}>${escaped(value)}</text>`
}

export interface Paint {
  readonly fill?: string
  readonly stroke?: string
  readonly width?: number
  readonly dash?: string
  readonly radius?: number
}

export function rectangle(
  x: number,
  y: number,
  width: number,
  height: number,
  { fill = 'none', stroke = 'none', width: line = 1, dash, radius = 0 }: Paint,
): string {
  const extra = dash === undefined ? '' : ` stroke-dasharray="${dash}"`
  return (
    `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="${radius}" ` +
    `fill="${fill}" stroke="${stroke}" stroke-width="${line}"${extra}/>`
  )
}

export interface LineStyle {
  readonly width?: number
  readonly dash?: string
  readonly stroke?: string
  readonly arrow?: 'end' | 'both' | 'none'
}

export function path(
  points: readonly (readonly [number, number])[],
  { width = 1, dash, stroke = ink, arrow = 'none' }: LineStyle,
): string {
  const d = points.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join(' ')
  const ends =
    arrow === 'none' ? '' : ` marker-end="url(#arrow)"${arrow === 'both' ? ' marker-start="url(#arrow)"' : ''}`
  return (
    `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${width}"` +
    `${dash === undefined ? '' : ` stroke-dasharray="${dash}"`}${ends}/>`
  )
}

/** A number in a black disc, the key into the table of hops. */
export function badge(x: number, y: number, number: number): string {
  return (
    `<circle cx="${round(x)}" cy="${round(y)}" r="8" ` +
    `fill="${ink}"/>${text(x, y + 3.6, String(number), { size: 10, bold: true, anchor: 'middle', fill: '#fff' })}`
  )
}

export const ink = '#1b1f24'
export const soft = '#57606a'
const sansFamily = "'DejaVu Sans', Verdana, Arial, sans-serif"
const monoFamily = "'DejaVu Sans Mono', Menlo, Consolas, monospace"

/** @param height of the drawing; the sheet keeps the shape of A3 landscape, whatever is drawn on it */
export function sheet(width: number, height: number, parts: readonly string[], title: string): string {
  const size = `${round(width)} ${round(height)}`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="420mm" height="297mm" viewBox="0 0 ${size}"
  font-family="${sansFamily}" fill="${ink}" role="img">
<title>${escaped(title)}</title>
<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7"
  markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 0 L10 5 L0 10 z" fill="${ink}"/></marker></defs>
<rect width="${round(width)}" height="${round(height)}" fill="#fff"/>
${parts.join('\n')}
</svg>
`
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10)
}
