/**
 * The wall sheet: the path from the remote phone to the pool on one A3 page lying down. Columns are hops, rows are what
 * an administrator asks of each: which names, which ports, which certificate. It reads in black and white.
 */
import type { LabPlan } from '../plan-types.ts'
import { certificateCards, day, linesCard } from './svg-cards.ts'
import type { Card, SheetMade } from './svg-cards.ts'
import { path, rectangle, sheet, soft, text, wrap } from './svg-draw.ts'
import type { LineStyle } from './svg-draw.ts'
import { drawHops } from './svg-hops.ts'
import { margin, slotsOf } from './svg-layout.ts'
import type { Picture, Slot } from './svg-layout.ts'
import { sheetOf } from './svg-sheet.ts'
import type { Sheet } from './svg-sheet.ts'
import { hopTable } from './svg-table.ts'
import { endpointText } from '../../sip/message/endpoint.ts'

const pageRatio = 297 / 420
const narrowest = 1150
const widest = 3000
const laneTop = 84
const cardGap = 14

/**
 * The narrowest page that holds everything: the fewer hops, the larger the print.
 *
 * @param made when and by which siplab; absent: the sheet of a plan without a day, which says no date
 */
export function renderSvg(plan: LabPlan, made?: SheetMade): string {
  const content = sheetOf(plan)
  for (let width = narrowest; ; width += 50) {
    const { parts, bottom } = drawPage(plan, content, width, made)
    const height = width * pageRatio
    if (bottom <= height) return sheet(width, height, parts, `${plan.topology}: ${plan.about}`)
    if (width >= widest) return sheet(bottom / pageRatio, bottom, parts, `${plan.topology}: ${plan.about}`)
  }
}

function drawPage(plan: LabPlan, content: Sheet, width: number, made: SheetMade | undefined): Picture {
  const slots = slotsOf(content.columns, width)
  const hops = drawHops(content, slots, laneTop + 34)
  const rows = drawRows(rowsOf(plan, slots, made), hops.bottom + 14, width)
  const table = hopTable(content, rows.bottom + 12, width)
  const foot = footer(plan, table.bottom + 12, width)
  return {
    parts: [
      ...title(plan, width, made),
      ...lanes(slots, rows.bottom, width),
      ...hops.parts,
      ...rows.parts,
      ...table.parts,
      ...foot.parts,
    ],
    bottom: foot.bottom + 14,
  }
}

interface Row {
  readonly title: string
  readonly cards: readonly Card[]
}

/** What an administrator asks of each hop. */
function rowsOf(plan: LabPlan, slots: readonly Slot[], made: SheetMade | undefined): readonly Row[] {
  const isPhone = ({ column }: Slot) => column.kind === 'phone'
  return [
    {
      title: 'NAMES (DNS)',
      cards: slots.map((slot) => linesCard(slot, isPhone(slot) ? 'asks for' : 'found as', slot.column.dns)),
    },
    {
      title: 'OPEN PORTS',
      cards: slots.map((slot) => linesCard(slot, isPhone(slot) ? 'needs' : 'listens', slot.column.ports)),
    },
    { title: 'CERTIFICATES', cards: slots.map((slot) => certificateCards(plan, slot, made)) },
  ]
}

function drawRows(rows: readonly Row[], from: number, width: number): Picture {
  let y = from
  const parts = rows.flatMap(({ title, cards }) => {
    const top = y
    y += Math.max(...cards.map((card) => card.height)) + 20 + cardGap
    return [
      text(margin + 8, top + 11, title, { size: 10, bold: true, fill: soft }),
      path(
        [
          [margin + 100, top + 7],
          [width - margin - 8, top + 7],
        ],
        { stroke: '#8c959f', width: 0.6 },
      ),
      ...cards.map((card) => card.draw(top + 20)),
    ]
  })
  return { parts, bottom: y }
}

function title(plan: LabPlan, width: number, made: SheetMade | undefined): readonly string[] {
  const right = `profile ${plan.profile.name} · ${plan.organisations.map(({ domain }) => domain).join(' and ')}`
  return [
    text(margin, 44, plan.topology, { size: 28, bold: true }),
    text(margin, 68, plan.about, { size: 14, fill: soft }),
    text(width - margin, 44, right, { size: 12, anchor: 'end', fill: soft }),
    ...(made === undefined
      ? []
      : [
          text(width - margin, 66, `siplab ${made.version}, ${day(made.at)}`, {
            size: 12,
            anchor: 'end',
            fill: soft,
          }),
        ]),
  ]
}

/** One band per run of columns in the same lane, a dashed wall where a firewall is. */
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
    const wall =
      at === 0
        ? []
        : [
            path(
              [
                [start, laneTop],
                [start, bottom],
              ],
              { width: 2.4, dash: '9 5', stroke: soft },
            ),
            text(start + 6, bottom - 4, 'firewall', { size: 9.5, fill: soft }),
          ]
    return [
      rectangle(start, laneTop, end - start, bottom - laneTop, { fill: shade, stroke: '#8c959f', width: 0.8 }),
      text((start + end) / 2, laneTop + 20, lane.toUpperCase(), { size: 13, bold: true, anchor: 'middle' }),
      ...wall,
    ]
  })
}

function footer(plan: LabPlan, y: number, page: number): Picture {
  const views = plan.dns.map(({ name, address, port, organisation }) => {
    const whose = plan.organisations.length > 1 && name !== 'external' ? `${organisation} ` : ''
    return `${whose}${name} ${endpointText(address, port)}`
  })
  const pki = plan.nodes.flatMap(({ settings }) => (settings.kind === 'pki' ? [settings.url] : []))
  const said = [
    `DNS answers at: ${views.join(' · ')}.`,
    ...(pki.length === 0 ? [] : [`CRLs and issuer certificates: ${pki.join(' · ')}, to be reached from every zone.`]),
  ]
  const lines = said.flatMap((line) => wrap(line, page - 2 * margin, { size: 10.5 }))
  const sample = (x: number, style: LineStyle, label: string) => [
    path(
      [
        [x, y + 5],
        [x + 40, y + 5],
      ],
      { ...style, arrow: 'end' },
    ),
    text(x + 48, y + 9, label, { size: 10.5 }),
  ]
  return {
    parts: [
      ...sample(margin, { width: 3 }, 'mutual TLS'),
      ...sample(margin + 140, { width: 1.5 }, 'TLS, server certificate only'),
      ...sample(margin + 350, { width: 1.5, dash: '6 4' }, 'no TLS, or passed through'),
      text(page - margin, y + 9, 'Each direction is a handshake of its own: its number leads to its row.', {
        size: 10.5,
        anchor: 'end',
        fill: soft,
      }),
      ...lines.map((line, at) => text(margin, y + 30 + at * 15, line, { size: 10.5, fill: soft })),
    ],
    bottom: y + 22 + lines.length * 15,
  }
}
