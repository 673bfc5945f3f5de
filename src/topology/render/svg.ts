/**
 * The wall sheet: the path from the remote phone to the pool on one A3 page lying down. Columns are hops, rows are what an
 * administrator asks of each: which names, which ports, which certificate. It reads in black and white.
 */
import type { LabPlan, Link, LinkEnd } from '../plan-types.ts'
import { badge, ink, path, rectangle, sheet, soft, text, widthOf, wrap } from './svg-draw.ts'
import type { LineStyle, Style } from './svg-draw.ts'
import { partyName, sheetOf } from './svg-sheet.ts'
import type { CertificateOf, Column, Hop, Sheet } from './svg-sheet.ts'
import { span } from './text.ts'

const pageRatio = 297 / 420
const narrowest = 1150
const widest = 3000
const margin = 36
const laneTop = 84
const boxHeight = 78
const boxGap = 24
const framePad = 12
const frameHead = 28
const trackStep = 26
const cardGap = 14

interface Slot {
  readonly column: Column
  readonly at: number
  readonly x: number
  readonly width: number
  /** The box within the slot; the rest is room for arrows. */
  readonly boxX: number
  readonly boxWidth: number
}

/** The narrowest page that holds everything: the fewer hops, the larger the print. */
export function renderSvg(plan: LabPlan): string {
  const content = sheetOf(plan)
  for (let width = narrowest; ; width += 50) {
    const { parts, bottom } = drawPage(plan, content, width)
    const height = width * pageRatio
    if (bottom <= height) return sheet(width, height, parts, `${plan.topology}: ${plan.about}`)
    if (width >= widest) return sheet(bottom / pageRatio, bottom, parts, `${plan.topology}: ${plan.about}`)
  }
}

function drawPage(plan: LabPlan, content: Sheet, width: number): Picture {
  const slots = slotsOf(content.columns, width)
  const picture = drawHops(content, slots, laneTop + 34)
  const rows = [
    { title: 'NAMES (DNS)', cards: slots.map((slot) => linesCard(slot, slot.column.kind === 'phone' ? 'asks for' : 'found as', slot.column.dns)) },
    { title: 'OPEN PORTS', cards: slots.map((slot) => linesCard(slot, slot.column.kind === 'phone' ? 'needs' : 'listens', slot.column.ports)) },
    { title: 'CERTIFICATES', cards: slots.map((slot) => certificateCards(plan, slot)) },
  ]
  let y = picture.bottom + 14
  const drawnRows = rows.flatMap(({ title, cards }) => {
    const top = y
    y += Math.max(...cards.map((card) => card.height)) + 20 + cardGap
    return [
      text(margin + 8, top + 11, title, { size: 10, bold: true, fill: soft }),
      path([[margin + 100, top + 7], [width - margin - 8, top + 7]], { stroke: '#8c959f', width: 0.6 }),
      ...cards.map((card) => card.draw(top + 20)),
    ]
  })
  const table = hopTable(content, y + 12, width)
  const foot = footer(plan, table.bottom + 12, width)
  return { parts: [...title(plan, width), ...lanes(slots, y, width), ...picture.parts, ...drawnRows, ...table.parts, ...foot.parts], bottom: foot.bottom + 14 }
}

function title(plan: LabPlan, width: number): readonly string[] {
  const right = `profile ${plan.profile.name} · ${plan.organisations.map(({ domain }) => domain).join(' and ')}`
  return [
    text(margin, 44, plan.topology, { size: 28, bold: true }),
    text(margin, 68, plan.about, { size: 14, fill: soft }),
    text(width - margin, 44, right, { size: 12, anchor: 'end', fill: soft }),
  ]
}

/** Columns share the page; a sheet with few of them leaves its sides empty rather than growing arrows a metre long. */
function slotsOf(columns: readonly Column[], page: number): readonly Slot[] {
  const usable = page - 2 * margin
  const width = Math.min(usable / columns.length, 380)
  const left = margin + (usable - width * columns.length) / 2
  const boxWidth = Math.min(width - 96, 200)
  return columns.map((column, at) => ({ column, at, width, boxWidth, x: left + at * width, boxX: left + at * width + (width - boxWidth) / 2 }))
}

/** One band per run of columns in the same lane, a dashed wall where a firewall stands. */
function lanes(slots: readonly Slot[], bottom: number, page: number): readonly string[] {
  const runs: { readonly lane: string; readonly first: Slot; last: Slot }[] = []
  for (const slot of slots) {
    const run = runs.at(-1)
    if (run !== undefined && run.lane === slot.column.lane) run.last = slot
    else runs.push({ lane: slot.column.lane, first: slot, last: slot })
  }
  return runs.flatMap(({ lane, first, last }, at) => {
    const start = at === 0 ? margin : first.x
    const end = at === runs.length - 1 ? page - margin : last.x + last.width
    const shade = lane.endsWith('perimeter') ? '#e9ecef' : lane.endsWith('internet') ? '#fff' : '#f6f7f8'
    const wall = at === 0 ? [] : [path([[start, laneTop], [start, bottom]], { width: 2.4, dash: '9 5', stroke: soft }), text(start + 6, bottom - 4, 'firewall', { size: 9.5, fill: soft })]
    return [
      rectangle(start, laneTop, end - start, bottom - laneTop, { fill: shade, stroke: '#8c959f', width: 0.8 }),
      text((start + end) / 2, laneTop + 20, lane.toUpperCase(), { size: 13, bold: true, anchor: 'middle' }),
      ...wall,
    ]
  })
}

interface Picture {
  readonly parts: readonly string[]
  readonly bottom: number
}

/** Boxes in one row, arrows between neighbours, and a track below for every hop that passes over a column. */
function drawHops({ columns, hops }: Sheet, slots: readonly Slot[], top: number): Picture {
  const tallest = Math.max(...slots.map(heightOf))
  const overhead = hops.filter((hop) => spanOf(hop) > 1 && columns[hop.from]?.kind === 'face' && columns[hop.to]?.kind === 'face')
  const rowTop = top + (overhead.length > 0 ? 40 : 6)
  const centre = rowTop + tallest / 2
  const below = pairs(hops.filter((hop) => spanOf(hop) > 1 && !overhead.includes(hop)))
  const parts = [
    ...slots.flatMap((slot) => frameOf(slots, slot, centre)),
    ...slots.flatMap((slot) => boxesOf(slot, centre)),
    ...hops.filter((hop) => spanOf(hop) === 1).flatMap((hop) => neighbourArrow(hop, slots, centre, hops)),
    ...hops.filter((hop) => spanOf(hop) === 0).flatMap((hop) => insideArrow(hop, slots, centre)),
    ...pairs(overhead).flatMap((pair) => overheadArrow(pair, slots, rowTop - 18, centre)),
    ...below.flatMap((pair, at) => trackArrow(pair, slots, centre, rowTop + tallest + 30 + at * trackStep, at, below.length)),
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

/** Two faces of one access proxy stand in one frame, and so do the front ends of one pool. */
function frameOf(slots: readonly Slot[], slot: Slot, centre: number): readonly string[] {
  const { column, boxX, boxWidth, at } = slot
  if (!isFramed(column)) return []
  const next = slots[at + 1]
  const paired = column.kind === 'face' && next !== undefined && isSameProxy(slot, next)
  if (column.kind === 'face' && !paired) return []
  const right = paired ? next.boxX + next.boxWidth : boxX + boxWidth
  const name = paired ? `${column.boxes[0]?.name ?? ''} · access proxy` : 'pool'
  const y = centre - heightOf(slot) / 2
  const frame = rectangle(boxX - framePad, y, right - boxX + 2 * framePad, heightOf(slot), { fill: '#fff', stroke: ink, width: paired ? 2.2 : 1, radius: 10, ...(paired ? {} : { dash: '2 3' }) })
  const between = paired ? [path([[boxX + boxWidth, centre + framePad], [next.boxX, centre + framePad]], { width: 1, dash: '2 4', stroke: soft })] : []
  return [frame, text((boxX + right) / 2, y + 19, name, { size: 13, bold: true, anchor: 'middle' }), ...between]
}

function isSameProxy(a: Slot, b: Slot | undefined): boolean {
  return a.column.kind === 'face' && b?.column.kind === 'face' && a.column.boxes[0]?.name === b.column.boxes[0]?.name
}

function boxesOf(slot: Slot, centre: number): readonly string[] {
  const { column, boxX, boxWidth } = slot
  const top = stackTop(slot, centre)
  const middle = boxX + boxWidth / 2
  return column.boxes.flatMap(({ name, role, fqdn, address }, at) => {
    const y = top + at * (boxHeight + boxGap)
    const isFace = column.kind === 'face'
    const frame = { fill: '#fff', stroke: ink, width: isFace ? 1 : 2.2, radius: isFace ? 4 : 10, ...(column.kind === 'phone' ? { dash: '6 4' } : {}) }
    const nameStyle: Style = { size: sizeFor(isFace ? role : name, boxWidth, isFace ? 12.5 : 15, { size: 1, bold: true }), bold: true, anchor: 'middle' }
    const down = fqdn === '' ? 16 : 0
    return [
      rectangle(boxX, y, boxWidth, boxHeight, frame),
      text(middle, y + down + 21, isFace ? role : name, nameStyle),
      ...(isFace ? [] : [text(middle, y + down + 36, role, { size: sizeFor(role, boxWidth, 11, { size: 1 }), anchor: 'middle', fill: soft })]),
      ...(fqdn === '' ? [] : [text(middle, y + 54, fqdn, { size: sizeFor(fqdn, boxWidth, 12, { size: 1, mono: true }), mono: true, bold: true, anchor: 'middle' }), text(middle, y + 69, address, { size: 10.5, mono: true, anchor: 'middle', fill: soft })]),
    ]
  })
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
  const points: readonly (readonly [number, number])[] = rightward ? [[x1 + 2, y], [x2 - 2, y]] : [[x2 - 2, y], [x1 + 2, y]]
  return [
    path(points, { ...lineStyle(hop.links), arrow: 'end' }),
    ...labels.map((label, at) => text(middle, y - 7 - (labels.length - 1 - at) * 12, label, { size: 10, bold: true, anchor: 'middle', halo: true })),
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
      path([[x, y + 2], [x, y + boxGap - 2]], { ...lineStyle(hop.links), arrow: 'both' }),
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
  return lineWithNumbers([[x1, foot], [x1, y], [x2, y], [x2, foot]], (x1 + x2) / 2, y, pair)
}

/** Below the boxes: down from one column, along a track of its own, up to the other. */
function trackArrow(pair: readonly Hop[], slots: readonly Slot[], centre: number, y: number, at: number, count: number): readonly string[] {
  const ends = pair.flatMap(({ from, to }) => [from, to])
  const left = slots[Math.min(...ends)]
  const right = slots[Math.max(...ends)]
  if (left === undefined || right === undefined) return []
  const foot = (slot: Slot) => stackBottom(slot, centre) + 2
  const shift = (at - (count - 1) / 2) * 26
  const x1 = left.boxX + left.boxWidth / 2 + shift
  const x2 = right.boxX + right.boxWidth / 2 + shift
  return lineWithNumbers([[x1, foot(left)], [x1, y], [x2, y], [x2, foot(right)]], (x1 + x2) / 2, y, pair)
}

function lineWithNumbers(points: readonly (readonly [number, number])[], x: number, y: number, pair: readonly Hop[]): readonly string[] {
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

/** Thick and solid: both ends prove themselves. Thin and solid: only the server. Dashed: in the clear. */
function lineStyle(links: readonly Link[]): LineStyle {
  if (links.some(({ verification }) => verification?.acceptor !== undefined)) return { width: 3 }
  return links.some(({ verification }) => verification !== undefined) ? { width: 1.5 } : { width: 1.5, dash: '6 4' }
}

function labelsOf(links: readonly Link[]): readonly string[] {
  return [...new Set(links.map(labelOf))]
}

/** `MTLS 5061`, with a space that no line breaks at. */
function labelOf({ transport, port, verification }: Link): string {
  return `${verification?.acceptor === undefined ? transport.toUpperCase() : 'MTLS'}\u00a0${port}`
}

interface Card {
  readonly height: number
  readonly draw: (y: number) => string
}

const cardText: Style = { size: 10, mono: true }

/** A list of lines; a strong one opens a group. */
function linesCard({ x, width }: Slot, kind: string, lines: readonly { readonly text: string; readonly strong?: boolean }[]): Card {
  if (lines.length === 0) return { height: 0, draw: () => '' }
  const inner = Math.min(width - 12, 330)
  const left = x + (width - inner) / 2
  const set = lines.flatMap((line) => wrap(line.text, inner - 24, cardText).map((part, at) => ({ part, strong: line.strong === true, indent: at > 0 ? 10 : 0 })))
  const height = set.length * 14 + 26
  const draw = (y: number) =>
    [
      rectangle(left, y, inner, height, { fill: '#fff', stroke: '#8c959f', width: 0.8, radius: 3 }),
      text(left + 8, y + 13, kind, { size: 9, fill: soft }),
      ...set.map(({ part, strong, indent }, at) => text(left + 8 + indent, y + 28 + at * 14, part, { ...cardText, bold: strong })),
    ].join('\n')
  return { height, draw }
}

function certificateCards(plan: LabPlan, slot: Slot): Card {
  const { certificates, noCertificate } = slot.column
  const inner = Math.min(slot.width - 12, 330)
  const left = slot.x + (slot.width - inner) / 2
  if (certificates.length === 0) {
    const lines = wrap(noCertificate, inner - 20, { size: 11 })
    return { height: lines.length * 14 + 12, draw: (y) => lines.map((line, at) => text(left + 10, y + 16 + at * 14, line, { size: 11, fill: soft })).join('\n') }
  }
  const cards = certificates.map((entry) => certificateCard(plan, entry, left, inner))
  return {
    height: cards.reduce((sum, { height }) => sum + height + 10, -10),
    draw: (y) => cards.map((card, at) => card.draw(y + cards.slice(0, at).reduce((sum, { height }) => sum + height + 10, 0))).join('\n'),
  }
}

function certificateCard(plan: LabPlan, { nodes, certificate }: CertificateOf, left: number, width: number): Card {
  const { request, references, organisation } = certificate
  const isPublic = request.authority === 'public'
  const issuer = isPublic ? 'public CA' : plan.organisations.length > 1 ? `internal CA of ${organisation}` : 'internal CA'
  const fields: readonly (readonly [string, readonly string[]])[] = [
    ['subject', [`CN=${request.commonName}`]],
    ['SAN', [...request.dnsNames, ...request.uriNames.map((uri) => `URI:${uri}`)]],
    ['EKU', [request.purposes.join(' + ')]],
    ['issuer', [issuer]],
    ['valid', [span(request.validSeconds)]],
    ['at', [references.join(' + ')]],
  ]
  const label = 54
  const set = fields.flatMap(([name, values]) => values.flatMap((value) => wrap(value, width - label - 14, cardText)).map((part, at) => ({ name: at === 0 ? name : '', part, strong: name === 'subject' || name === 'SAN' })))
  const height = set.length * 14 + 30
  const draw = (y: number) =>
    [
      rectangle(left, y, width, height, { fill: '#fff', stroke: ink, width: isPublic ? 2.4 : 1.2, radius: 3 }),
      ...(isPublic ? [rectangle(left + 4, y + 4, width - 8, height - 8, { stroke: ink, width: 0.7, radius: 2 })] : []),
      text(left + 10, y + 17, nodes.join(', '), { size: 11, bold: true }),
      text(left + width - 10, y + 17, isPublic ? 'PUBLIC' : 'INTERNAL', { size: 9, bold: true, anchor: 'end' }),
      ...set.flatMap(({ name, part, strong }, at) => [text(left + 10, y + 34 + at * 14, name, { size: 9.5, fill: soft }), text(left + label, y + 34 + at * 14, part, { ...cardText, bold: strong })]),
    ].join('\n')
  return { height, draw }
}

const tableStyle: Style = { size: 10.5 }
/** Where columns begin, in parts of the page. */
const tableColumns = [0, 0.026, 0.19, 0.31, 0.5, 0.74] as const
const tableTitles = ['', 'WHO DIALS WHOM', 'BY', 'WANTED OF THE SERVER (serverAuth)', 'WANTED OF THE DIALLER (clientAuth)', 'WHY']

/** Every arrow with what the two ends want of each other; then what people inside use, which is not drawn. */
function hopTable({ hops, inside }: Sheet, top: number, page: number): Picture {
  const usable = page - 2 * margin
  const start = (column: number) => margin + (tableColumns[column] ?? 0) * usable
  const room = (column: number) => (tableColumns[column + 1] ?? 1) * usable + margin - start(column) - 10
  const rows = [
    ...hops.flatMap((hop) => mergeLinks(hop.links).map((cells, at) => ({ number: at === 0 ? hop.number : undefined, cells }))),
    ...mergeLinks(inside).map((cells) => ({ number: undefined, cells })),
  ]
  let y = top + 18
  const body = rows.flatMap(({ number, cells }) => {
    const set = cells.map((cell, at) => wrap(cell, room(at + 1), tableStyle))
    const line = y
    y += Math.max(...set.map((lines) => lines.length)) * 13 + 4
    return [
      path([[margin, line], [page - margin, line]], { width: 0.4, stroke: '#8c959f' }),
      ...(number === undefined ? [] : [badge(margin + 10, line + 8.5, number)]),
      ...set.flatMap((lines, at) => lines.map((part, row) => text(start(at + 1), line + 12.5 + row * 13, part, tableStyle))),
    ]
  })
  const head = tableTitles.map((name, at) => text(start(at), top + 12, name, { size: 9, bold: true, fill: soft }))
  return { parts: [...head, ...body], bottom: y }
}

/** Links that differ only in host or port share a row. */
function mergeLinks(links: readonly Link[]): readonly (readonly string[])[] {
  const groups = new Map<string, Link[]>()
  for (const link of links) {
    const key = `${link.why} ${link.verification?.acceptor?.mutual ?? ''} ${link.from.name === link.to.name ? '' : kindOf(link)}`
    groups.set(key, [...(groups.get(key) ?? []), link])
  }
  return [...groups.values()].map((group) => {
    const list = (values: readonly string[]) => [...new Set(values)].join(', ')
    const secure = group.filter(({ verification }) => verification !== undefined)
    const dialler = secure.flatMap(({ verification }) => (verification?.acceptor === undefined ? [] : [verification.acceptor]))
    const server = secure.length === 0 ? 'no TLS of its own' : `${list(secure.map(({ verification }) => verification?.dialler.wantsName ?? ''))} · ${list(secure.map(({ verification }) => verification?.dialler.trustRoot ?? ''))} root`
    const client = dialler.length === 0 ? (secure.length === 0 ? '' : 'no certificate; the user signs in by SIP') : `${list(dialler.map(({ wantsName }) => wantsName))} · ${list(dialler.map(({ trustRoot }) => trustRoot))} root`
    const gap = group.find(({ gap }) => gap !== undefined)?.gap
    return [`${list(group.map(({ from }) => endText(from)))} → ${list(group.map(({ to }) => endText(to)))}`, list(group.map(labelOf)), server, client, gap === undefined ? (group[0]?.why ?? '') : `${gap.code}: ${gap.why}`]
  })
}

/** Users' links merge over transports, servers' links over hosts. */
function kindOf({ from, to }: Link): string {
  return from.name.endsWith('-user') ? to.name : ''
}

function endText(end: LinkEnd): string {
  return partyName(end)
}

function footer(plan: LabPlan, y: number, page: number): Picture {
  const views = plan.dns.map(({ name, address, port, organisation }) => `${plan.organisations.length > 1 && name !== 'external' ? `${organisation} ` : ''}${name} ${address}:${port}`)
  const pki = plan.nodes.flatMap(({ settings }) => (settings.kind === 'pki' ? [settings.url] : []))
  const said = [`DNS answers at: ${views.join(' · ')}.`, ...(pki.length === 0 ? [] : [`CRLs and issuer certificates: ${pki.join(' · ')}, to be reached from every zone.`])]
  const lines = said.flatMap((line) => wrap(line, page - 2 * margin, { size: 10.5 }))
  const sample = (x: number, style: LineStyle, label: string) => [path([[x, y + 5], [x + 40, y + 5]], { ...style, arrow: 'end' }), text(x + 48, y + 9, label, { size: 10.5 })]
  return {
    parts: [
      ...sample(margin, { width: 3 }, 'mutual TLS'),
      ...sample(margin + 140, { width: 1.5 }, 'TLS, server proves itself'),
      ...sample(margin + 350, { width: 1.5, dash: '6 4' }, 'no TLS, or passed through'),
      text(page - margin, y + 9, 'Each direction is a handshake of its own: its number leads to its row.', { size: 10.5, anchor: 'end', fill: soft }),
      ...lines.map((line, at) => text(margin, y + 30 + at * 15, line, { size: 10.5, fill: soft })),
    ],
    bottom: y + 22 + lines.length * 15,
  }
}
