/**
 * Traced messages as one HTML page without anything from outside: a ladder, a column for each party, every message to
 * unfold.
 */
import { escaped } from '../../reports/markup.ts'
import { page } from '../../reports/page.ts'
import { titleOf } from './messages.ts'
import type { TracedMessage } from './messages.ts'

export interface Party {
  /** Column heading, e.g. `fe1`. */
  readonly name: string
  /** Addresses it listens on, e.g. `127.0.41.11`. */
  readonly addresses: readonly string[]
}

const columnWidth = 220
const rowHeight = 34
const headHeight = 46

/** @param parties the nodes in the order of columns; every other address gets a column of its own on the left */
export function renderLadder(messages: readonly TracedMessage[], parties: readonly Party[], title: string): string {
  const nameOf = nameFinder(messages, parties)
  const strangers = [
    ...new Set(messages.flatMap(({ source, destination }) => [nameOf(source), nameOf(destination)])),
  ].filter((name) => !parties.some((party) => party.name === name))
  const columns = [...strangers, ...parties.map(({ name }) => name)]
  const x = (name: string): number => columns.indexOf(name) * columnWidth + columnWidth / 2
  const height = headHeight + (messages.length + 1) * rowHeight
  const width = Math.max(1, columns.length) * columnWidth
  const lines = columns.map(
    (name) =>
      `<line class="life" x1="${x(name)}" y1="${headHeight}" x2="${x(name)}" y2="${height}"/><text class="party" ` +
      `x="${x(name)}" y="26">${escaped(name)}</text>`,
  )
  const arrows = messages.map((message, at) =>
    arrow(message, at, x(nameOf(message.source)), x(nameOf(message.destination))),
  )
  const texts = messages.map(
    (message, at) =>
      `<details id="m${at}"><summary><time>${escaped(message.time)}</time> ${escaped(nameOf(message.source))} → ` +
      `${escaped(nameOf(message.destination))} <b>${escaped(titleOf(message.text))}</b> ` +
      `${escaped(message.transport)}</summary><pre>${escaped(message.text)}</pre></details>`,
  )
  const body = `<h1>${escaped(title)}</h1>
<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"
  aria-label="${messages.length} messages"><defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4"
  markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>
${lines.join('\n')}
${arrows.join('\n')}
</svg>
${texts.join('\n')}`
  return page({ title, style, body })
}

const style = `
body{font-size:14px;margin:24px}h1{font-size:18px}
svg{display:block;margin:0 0 24px;max-width:100%;height:auto}svg text{fill:var(--ink)}
.life{stroke:var(--line)}.party{font-weight:600;text-anchor:middle}
.arrow{stroke:var(--ink);stroke-width:1.4;marker-end:url(#head)}.name{text-anchor:middle;font-size:12px}
#head{fill:var(--ink)}svg .error{stroke:var(--bad)}svg a .name{fill:var(--blue)}
details{border-top:1px solid var(--line);padding:4px 0}summary{cursor:pointer}
time{color:var(--soft);font-variant-numeric:tabular-nums}
pre{overflow:auto;background:var(--card);padding:12px;font-size:13px}
`

function arrow({ text }: TracedMessage, at: number, from: number, to: number): string {
  const y = headHeight + (at + 1) * rowHeight
  const isError = /^SIP\/2\.0 [4-6]/.test(text)
  const path = from === to ? `M${from} ${y - 10}h40v14h-38` : `M${from} ${y}L${to} ${y}`
  return (
    `<path class="arrow${isError ? ' error' : ''}" fill="none" d="${path}"/><a href="#m${at}"><text class="name" ` +
    `x="${(from + to) / 2}" y="${y - 6}">${escaped(shorten(titleOf(text)))}</text></a>`
  )
}

/** A dialled connection has a port of its own: whoever once wrote from that end, or listens there, is the party. */
function nameFinder(messages: readonly TracedMessage[], parties: readonly Party[]): (end: string) => string {
  const byAddress = new Map(
    parties.flatMap(({ name, addresses }) => addresses.map((address) => [address, name] as const)),
  )
  return (end) => {
    const address = end.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
    return (
      byAddress.get(address) ??
      messages.find(
        ({ source, node, destination }) => source === end && byAddress.get(destination.replace(/:\d+$/, '')) !== node,
      )?.node ??
      end
    )
  }
}

function shorten(text: string): string {
  return text.length > 34 ? `${text.slice(0, 33)}…` : text
}
