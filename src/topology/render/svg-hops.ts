/** The upper part of the sheet: boxes, and an arrow for each direction two of them speak in. */
import { badge, ink, path, rectangle, soft, text, widthOf } from './svg-draw.ts'
import type { Style } from './svg-draw.ts'
import { labelsOf, lineStyle } from './svg-layout.ts'
import type { Picture, Slot } from './svg-layout.ts'
import type { Column, Hop, Sheet } from './svg-sheet.ts'

const boxHeight = 78
const boxGap = 24
const framePad = 12
const frameHead = 28
const trackStep = 26

/** Boxes in one row, arrows between neighbours, and a track below for every hop that passes over a column. */
export function drawHops({ columns, hops }: Sheet, slots: readonly Slot[], top: number): Picture {
  const tallest = Math.max(...slots.map(heightOf))
  const overhead = hops.filter(
    (hop) => spanOf(hop) > 1 && columns[hop.from]?.kind === 'face' && columns[hop.to]?.kind === 'face',
  )
  const rowTop = top + (overhead.length > 0 ? 40 : 6)
  const centre = rowTop + tallest / 2
  const below = pairs(hops.filter((hop) => spanOf(hop) > 1 && !overhead.includes(hop)))
  const parts = [
    ...slots.flatMap((slot) => frameOf(slots, slot, centre)),
    ...slots.flatMap((slot) => boxesOf(slot, centre)),
    ...hops.filter((hop) => spanOf(hop) === 1).flatMap((hop) => neighbourArrow(hop, slots, centre, hops)),
    ...hops.filter((hop) => spanOf(hop) === 0).flatMap((hop) => insideArrow(hop, slots, centre)),
    ...pairs(overhead).flatMap((pair) => overheadArrow(pair, slots, rowTop - 18, centre)),
    ...below.flatMap((pair, at) =>
      trackArrow(pair, slots, centre, rowTop + tallest + 30 + at * trackStep, at, below.length),
    ),
  ]
  return { parts, bottom: rowTop + tallest + (below.length === 0 ? 4 : 20 + below.length * trackStep) }
}

/** Height of a column with its frame: the name above, if it has one, and the padding. */
function heightOf({ column }: Slot): number {
  const stack = column.boxes.length * boxHeight + (column.boxes.length - 1) * boxGap
  return isFramed(column) ? stack + frameHead + framePad : stack
}

function isFramed({ kind, boxes }: Column): boolean {
  return kind === 'face' || boxes.length > 1
}

function spanOf({ from, to }: Hop): number {
  return Math.abs(from - to)
}

/** The two directions between the same columns, drawn as one line with two numbers. */
function pairs(hops: readonly Hop[]): readonly (readonly Hop[])[] {
  const groups = new Map<string, Hop[]>()
  for (const hop of hops) {
    const key = [hop.from, hop.to].sort((a, b) => a - b).join(' ')
    groups.set(key, [...(groups.get(key) ?? []), hop])
  }
  return [...groups.values()]
}

/** Where the first box of a column begins; a frame has its head above. */
function stackTop(slot: Slot, centre: number): number {
  return centre - heightOf(slot) / 2 + (isFramed(slot.column) ? frameHead : 0)
}

function stackBottom(slot: Slot, centre: number): number {
  return centre + heightOf(slot) / 2
}

/** Two faces of one access proxy share a frame, and so do the front ends of one pool. */
function frameOf(slots: readonly Slot[], slot: Slot, centre: number): readonly string[] {
  const { column, boxX, boxWidth, at } = slot
  if (!isFramed(column)) return []
  const next = slots[at + 1]
  const paired = column.kind === 'face' && next !== undefined && isSameProxy(slot, next)
  if (column.kind === 'face' && !paired) return []
  const right = paired ? next.boxX + next.boxWidth : boxX + boxWidth
  const name = paired ? `${column.boxes[0]?.name ?? ''} · access proxy` : 'front ends'
  const y = centre - heightOf(slot) / 2
  const frame = rectangle(boxX - framePad, y, right - boxX + 2 * framePad, heightOf(slot), {
    fill: '#fff',
    stroke: ink,
    width: paired ? 2.2 : 1,
    radius: 10,
    ...(paired ? {} : { dash: '2 3' }),
  })
  const between = paired
    ? [
        path(
          [
            [boxX + boxWidth, centre + framePad],
            [next.boxX, centre + framePad],
          ],
          { width: 1, dash: '2 4', stroke: soft },
        ),
      ]
    : []
  return [frame, text((boxX + right) / 2, y + 19, name, { size: 13, bold: true, anchor: 'middle' }), ...between]
}

function isSameProxy(a: Slot, b: Slot | undefined): boolean {
  return a.column.kind === 'face' && b?.column.kind === 'face' && a.column.boxes[0]?.name === b.column.boxes[0]?.name
}

function boxesOf(slot: Slot, centre: number): readonly string[] {
  const top = stackTop(slot, centre)
  return slot.column.boxes.flatMap((box, at) => drawBox(slot, box, top + at * (boxHeight + boxGap)))
}

function drawBox({ column, boxX, boxWidth }: Slot, box: Column['boxes'][number], y: number): readonly string[] {
  const { name, role, fqdn, address } = box
  const isFace = column.kind === 'face'
  const middle = boxX + boxWidth / 2
  const line = (down: number, value: string, most: number, style: Omit<Style, 'size'>) =>
    text(middle, y + down, value, {
      ...style,
      anchor: 'middle',
      size: sizeFor(value, boxWidth, most, { ...style, size: 1 }),
    })
  const down = fqdn === '' ? 16 : 0
  return [
    rectangle(boxX, y, boxWidth, boxHeight, {
      fill: '#fff',
      stroke: ink,
      width: isFace ? 1 : 2.2,
      radius: isFace ? 4 : 10,
      ...(column.kind === 'phone' ? { dash: '6 4' } : {}),
    }),
    line(down + 21, isFace ? role : name, isFace ? 12.5 : 15, { bold: true }),
    ...(isFace ? [] : [line(down + 36, role, 11, { fill: soft })]),
    ...(fqdn === ''
      ? []
      : [
          line(54, fqdn, 12, { mono: true, bold: true }),
          text(middle, y + 69, address, { size: 10.5, mono: true, anchor: 'middle', fill: soft }),
        ]),
  ]
}

/** The largest size, up to `most`, at which a text stays inside its box. */
function sizeFor(value: string, width: number, most: number, unit: Style): number {
  return value === '' ? most : Math.min(most, Math.floor(((width - 10) / widthOf(value, unit)) * 10) / 10)
}

/** Neighbours: one arrow per direction, the label above it. Outward above the middle, inward below when both exist. */
function neighbourArrow(hop: Hop, slots: readonly Slot[], centre: number, hops: readonly Hop[]): readonly string[] {
  const [from, to] = [slots[hop.from], slots[hop.to]]
  if (from === undefined || to === undefined) return []
  const rightward = hop.to > hop.from
  const [left, right] = rightward ? [from, to] : [to, from]
  const frame = (slot: Slot) => (isFramed(slot.column) ? framePad : 0)
  const x1 = left.boxX + left.boxWidth + frame(left)
  const x2 = right.boxX - frame(right)
  const both = hops.some((other) => other.from === hop.to && other.to === hop.from)
  const y = both ? centre + (rightward ? -19 : 25) : centre
  const labels = labelsOf(hop.links)
  const middle = (x1 + x2) / 2
  const points: readonly (readonly [number, number])[] = rightward
    ? [
        [x1 + 2, y],
        [x2 - 2, y],
      ]
    : [
        [x2 - 2, y],
        [x1 + 2, y],
      ]
  return [
    path(points, { ...lineStyle(hop.links), arrow: 'end' }),
    ...labels.map((label, at) =>
      text(middle, y - 7 - (labels.length - 1 - at) * 12, label, {
        size: 10,
        bold: true,
        anchor: 'middle',
        halo: true,
      }),
    ),
    badge(middle, y + 12, hop.number),
  ]
}

/** Between boxes of one column, top to bottom. */
function insideArrow(hop: Hop, slots: readonly Slot[], centre: number): readonly string[] {
  const slot = slots[hop.from]
  if (slot === undefined || slot.column.boxes.length < 2) return []
  const x = slot.boxX + slot.boxWidth / 2 - 22
  const top = stackTop(slot, centre)
  return slot.column.boxes.slice(1).flatMap((_box, at) => {
    const y = top + (at + 1) * boxHeight + at * boxGap
    return [
      path(
        [
          [x, y + 2],
          [x, y + boxGap - 2],
        ],
        { ...lineStyle(hop.links), arrow: 'both' },
      ),
      badge(x - 18, y + boxGap / 2, hop.number),
      text(x + 10, y + boxGap / 2 + 4, labelsOf(hop.links)[0] ?? '', { size: 10, bold: true }),
    ]
  })
}

/** Between the access proxies of two organisations, over the head of the phone. */
function overheadArrow(pair: readonly Hop[], slots: readonly Slot[], y: number, centre: number): readonly string[] {
  const ends = pair.flatMap(({ from, to }) => [from, to])
  const left = slots[Math.min(...ends)]
  const right = slots[Math.max(...ends)]
  if (left === undefined || right === undefined) return []
  const x1 = left.boxX + left.boxWidth / 2
  const x2 = right.boxX + right.boxWidth / 2
  const foot = centre - heightOf(left) / 2 - 2
  return lineWithNumbers(
    [
      [x1, foot],
      [x1, y],
      [x2, y],
      [x2, foot],
    ],
    (x1 + x2) / 2,
    y,
    pair,
  )
}

/** Below the boxes: down from one column, along a track of its own, up to the other. */
function trackArrow(
  pair: readonly Hop[],
  slots: readonly Slot[],
  centre: number,
  y: number,
  at: number,
  count: number,
): readonly string[] {
  const ends = pair.flatMap(({ from, to }) => [from, to])
  const left = slots[Math.min(...ends)]
  const right = slots[Math.max(...ends)]
  if (left === undefined || right === undefined) return []
  const foot = (slot: Slot) => stackBottom(slot, centre) + 2
  const shift = (at - (count - 1) / 2) * 26
  const x1 = left.boxX + left.boxWidth / 2 + shift
  const x2 = right.boxX + right.boxWidth / 2 + shift
  return lineWithNumbers(
    [
      [x1, foot(left)],
      [x1, y],
      [x2, y],
      [x2, foot(right)],
    ],
    (x1 + x2) / 2,
    y,
    pair,
  )
}

function lineWithNumbers(
  points: readonly (readonly [number, number])[],
  x: number,
  y: number,
  pair: readonly Hop[],
): readonly string[] {
  const links = pair.flatMap((hop) => hop.links)
  const first = pair[0]
  const leftward = pair.length === 1 && first !== undefined && first.to < first.from
  const label = labelsOf(links).join(', ')
  const width = widthOf(label, { size: 10, bold: true })
  return [
    path(leftward ? [...points].reverse() : points, { ...lineStyle(links), arrow: pair.length > 1 ? 'both' : 'end' }),
    text(x, y - 6, label, { size: 10, bold: true, anchor: 'middle', halo: true }),
    ...pair.map(({ number }, at) => badge(x - width / 2 - 16 - at * 20, y - 9, number)),
  ]
}
