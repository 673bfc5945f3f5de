/**
 * Traced messages as one HTML page without anything from outside: a ladder with times, a column for each party, every
 * message and handshake to unfold.
 */
import { escaped } from '../../reports/markup.ts'
import { page } from '../../reports/page.ts'
import { connectionLines, connectionTitle, type TracedConnection } from './connections.ts'
import { lifelines, type Lifelines, type Party } from './lifelines.ts'
import { titleOf } from './messages.ts'
import type { TracedMessage } from './messages.ts'
import type { TracedNote } from './notes.ts'

const timeWidth = 110
const columnWidth = 220
const rowHeight = 34
const headHeight = 62

interface Row {
  readonly time: string
  readonly source: string
  readonly destination: string
  readonly title: string
  readonly kind: 'message' | 'error' | 'handshake' | 'note' | 'failed'
  readonly transport: string
  readonly text: string
}

/** @param parties the nodes in the order of columns; every other end gets a column of its own on the left */
export function renderLadder(
  messages: readonly TracedMessage[],
  connections: readonly TracedConnection[],
  parties: readonly Party[],
  title: string,
  notes: readonly TracedNote[] = [],
): string {
  const lines = lifelines(messages, connections, parties, notes)
  const rows = [
    ...messages.map(messageRow),
    ...connections.map((each) => connectionRow(each, lines)),
    ...notes.map(noteRow),
  ].toSorted((a, b) => a.time.localeCompare(b.time))
  const height = headHeight + (rows.length + 1) * rowHeight
  const width = timeWidth + Math.max(1, lines.columns.length) * columnWidth
  const body = `<h1>${escaped(title)}</h1>
<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"
  aria-label="${messages.length} messages, ${connections.length} connections"><defs><marker id="head"
  viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker>
</defs>
${columnsOf(lines, height)}
${rows.map((row, at) => arrow(row, at, lines)).join('\n')}
</svg>
${rows.map((row, at) => details(row, at, lines)).join('\n')}`
  return page({ title, style, body })
}

const style = `
body{font-size:14px;margin:24px}h1{font-size:18px}
svg{display:block;margin:0 0 24px;max-width:100%;height:auto}svg text{fill:var(--ink)}
.life{stroke:var(--line)}.party{font-weight:600;text-anchor:middle}svg .address{font-size:11px;text-anchor:middle}
svg .address,svg .clock{fill:var(--soft)}svg .clock{font-size:11px}
.arrow{stroke:var(--ink);stroke-width:1.4;marker-end:url(#head)}.name{text-anchor:middle;font-size:12px}
#head{fill:var(--ink)}svg .error,svg .failed{stroke:var(--bad)}svg a .name{fill:var(--blue)}
svg .handshake,svg .note{stroke:var(--soft)}
svg .handshake,svg .note,svg .failed{stroke-dasharray:5 3}svg a.bad .name{fill:var(--bad)}
details{border-top:1px solid var(--line);padding:4px 0}summary{cursor:pointer}
time{color:var(--soft);font-variant-numeric:tabular-nums}
pre{overflow:auto;background:var(--card);padding:12px;font-size:13px}
`

function messageRow({ time, source, destination, transport, text }: TracedMessage): Row {
  const kind = /^SIP\/2\.0 [4-6]/.test(text) ? 'error' : 'message'
  return { time, source, destination, transport, text, kind, title: titleOf(text) }
}

function connectionRow(connection: TracedConnection, { nameOf }: Lifelines): Row {
  const { time, source, destination, transport = '', failed } = connection
  const text = connectionLines(connection, nameOf).join('\n')
  const kind = failed ? 'failed' : 'handshake'
  return { time, source, destination, transport, text, kind, title: connectionTitle(connection) }
}

function noteRow({ time, source, destination, title, failed, lines }: TracedNote): Row {
  const kind = failed ? 'failed' : 'note'
  return { time, source, destination, transport: '', text: lines.join('\n'), kind, title }
}

function x(column: number): number {
  return timeWidth + column * columnWidth + columnWidth / 2
}

function columnsOf({ columns }: Lifelines, height: number): string {
  return columns
    .map(
      ({ name, address }, at) =>
        `<line class="life" x1="${x(at)}" y1="${headHeight}" x2="${x(at)}" y2="${height}"/><text class="party" ` +
        `x="${x(at)}" y="26">${escaped(name)}</text>` +
        (address === undefined ? '' : `<text class="address" x="${x(at)}" y="44">${escaped(address)}</text>`),
    )
    .join('\n')
}

function arrow({ time, source, destination, title, kind }: Row, at: number, { columnOf }: Lifelines): string {
  const y = headHeight + (at + 1) * rowHeight
  const [from, to] = [x(columnOf(source)), x(columnOf(destination))]
  const path = from === to ? `M${from} ${y - 10}h40v14h-38` : `M${from} ${y}L${to} ${y}`
  return (
    `<text class="clock" x="8" y="${y + 4}">${escaped(time.slice(11, 23))}</text>` +
    `<path class="arrow${kind === 'message' ? '' : ` ${kind}`}" fill="none" d="${path}"/>` +
    `<a href="#m${at}"${kind === 'failed' ? ' class="bad"' : ''}><text class="name" ` +
    `x="${(from + to) / 2}" y="${y - 6}">${escaped(shorten(title))}</text></a>`
  )
}

function details({ time, source, destination, title, transport, text }: Row, at: number, lines: Lifelines): string {
  return (
    `<details id="m${at}"><summary><time>${escaped(time)}</time> ${escaped(lines.nameOf(source))} → ` +
    `${escaped(lines.nameOf(destination))} <b>${escaped(title)}</b> ` +
    `${escaped(transport)}</summary><pre>${escaped(text)}</pre></details>`
  )
}

function shorten(text: string): string {
  return text.length > 34 ? `${text.slice(0, 33)}…` : text
}
