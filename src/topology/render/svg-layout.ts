/** The places of the columns on the sheet, and the measures that its parts share. */
import type { Link } from '../plan-types.ts'
import type { LineStyle } from './svg-draw.ts'
import type { Column } from './svg-sheet.ts'

export const margin = 36

export interface Slot {
  readonly column: Column
  readonly at: number
  readonly x: number
  readonly width: number
  /** The box within the slot; the rest is room for arrows. */
  readonly boxX: number
  readonly boxWidth: number
}

export interface Picture {
  readonly parts: readonly string[]
  readonly bottom: number
}

/** Columns share the page; a sheet with few of them leaves its sides empty rather than growing arrows a metre long. */
export function slotsOf(columns: readonly Column[], page: number): readonly Slot[] {
  const usable = page - 2 * margin
  const width = Math.min(usable / columns.length, 380)
  const left = margin + (usable - width * columns.length) / 2
  const boxWidth = Math.min(width - 96, 200)
  return columns.map((column, at) => ({
    column,
    at,
    width,
    boxWidth,
    x: left + at * width,
    boxX: left + at * width + (width - boxWidth) / 2,
  }))
}

/** Thick and solid: both ends prove themselves. Thin and solid: only the server. Dashed: in the clear. */
export function lineStyle(links: readonly Link[]): LineStyle {
  if (links.some(({ verification }) => verification?.acceptor !== undefined)) return { width: 3 }
  return links.some(({ verification }) => verification !== undefined) ? { width: 1.5 } : { width: 1.5, dash: '6 4' }
}

export function labelsOf(links: readonly Link[]): readonly string[] {
  return [...new Set(links.map(labelOf))]
}

/** `MTLS 5061`, with a space that no line breaks at. */
export function labelOf({ transport, port, verification }: Link): string {
  return `${verification?.acceptor === undefined ? transport.toUpperCase() : 'MTLS'}\u00a0${port}`
}
