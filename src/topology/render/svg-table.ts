/** The table of hops: a row for each number on an arrow, with what the two ends want of each other. */
import type { VerdictCode } from '../../verdicts/codes.ts'
import type { Link } from '../plan-types.ts'
import { badge, path, soft, text, wrap } from './svg-draw.ts'
import type { Style } from './svg-draw.ts'
import { labelOf, margin } from './svg-layout.ts'
import type { Picture } from './svg-layout.ts'
import { partyName } from './svg-sheet.ts'
import type { Sheet } from './svg-sheet.ts'

const tableStyle: Style = { size: 10.5 }
/** Where columns begin, in parts of the page. */
const tableColumns = [0, 0.026, 0.17, 0.27, 0.43, 0.61, 0.8] as const
const tableTitles = [
  '',
  'WHO DIALS WHOM',
  'BY',
  'WANTED OF THE SERVER (serverAuth)',
  'WANTED OF THE DIALLER (clientAuth)',
  'WHY',
  'WHEN IT BREAKS, LOOK FOR',
]

/** Every arrow with what the two ends want of each other; then what people inside use, which is not drawn. */
export function hopTable({ hops, inside }: Sheet, top: number, page: number): Picture {
  const usable = page - 2 * margin
  const start = (column: number) => margin + (tableColumns[column] ?? 0) * usable
  const room = (column: number) => (tableColumns[column + 1] ?? 1) * usable + margin - start(column) - 10
  const rows = [
    ...hops.flatMap((hop) =>
      mergeLinks(hop.links).map((cells, at) => ({ number: at === 0 ? hop.number : undefined, cells })),
    ),
    ...mergeLinks(inside).map((cells) => ({ number: undefined, cells })),
  ]
  let y = top + 18
  const body = rows.flatMap(({ number, cells }) => {
    const set = cells.map((cell, at) => wrap(cell, room(at + 1), tableStyle))
    const line = y
    y += Math.max(...set.map((lines) => lines.length)) * 13 + 4
    return [
      path(
        [
          [margin, line],
          [page - margin, line],
        ],
        { width: 0.4, stroke: '#8c959f' },
      ),
      ...(number === undefined ? [] : [badge(margin + 10, line + 8.5, number)]),
      ...set.flatMap((lines, at) =>
        lines.map((part, row) => text(start(at + 1), line + 12.5 + row * 13, part, tableStyle)),
      ),
    ]
  })
  const head = tableTitles.map((name, at) => text(start(at), top + 12, name, { size: 9, bold: true, fill: soft }))
  return { parts: [...head, ...body], bottom: y }
}

/** Links that differ only in host or port share a row. */
function mergeLinks(links: readonly Link[]): readonly (readonly string[])[] {
  const groups = new Map<string, Link[]>()
  for (const link of links) {
    const key =
      `${link.why} ${link.verification?.acceptor?.mutual ?? ''} ` +
      `${link.from.name === link.to.name ? '' : kindOf(link)}`
    groups.set(key, [...(groups.get(key) ?? []), link])
  }
  return [...groups.values()].map((group) => {
    const list = (values: readonly string[]) => [...new Set(values)].join(', ')
    const secure = group.filter(({ verification }) => verification !== undefined)
    const dialler = secure.flatMap(({ verification }) =>
      verification?.acceptor === undefined ? [] : [verification.acceptor],
    )
    const server =
      secure.length === 0
        ? 'no TLS of its own'
        : `${list(secure.map(({ verification }) => verification?.dialler.wantsName ?? ''))} · ` +
          `${list(secure.map(({ verification }) => verification?.dialler.trustRoot ?? ''))} root`
    const client =
      dialler.length === 0
        ? secure.length === 0
          ? ''
          : 'no certificate; the user signs in by SIP'
        : `${list(dialler.map(({ wantsName }) => wantsName))} · ${list(dialler.map(({ trustRoot }) => trustRoot))} root`
    const gap = group.find(({ gap }) => gap !== undefined)?.gap
    return [
      `${list(group.map(({ from }) => partyName(from)))} → ${list(group.map(({ to }) => partyName(to)))}`,
      list(group.map(labelOf)),
      server,
      client,
      gap === undefined ? (group[0]?.why ?? '') : `${gap.code}: ${gap.why}`,
      verdictsOf(group),
    ]
  })
}

/**
 * The verdict codes that each way to break such a link shows (docs/verdicts.md): first the code of a port without a
 * listener, then what the dialling end can find in the certificate of the server, then what the accepting end can find
 * in the certificate of the dialler.
 */
function verdictsOf(links: readonly Link[]): string {
  const secure = links.filter(({ verification }) => verification !== undefined)
  const mutual = secure.some(({ verification }) => verification?.acceptor?.mutual === 'required')
  const codes: readonly VerdictCode[] = [
    'link.refused',
    ...(secure.length === 0 ? [] : (['cert.expired', 'cert.name-mismatch', 'chain.untrusted-root'] as const)),
    ...(mutual ? (['tls.client-cert-missing', 'cert.eku-missing'] as const) : []),
  ]
  return codes.join(', ')
}

/** Users' links merge over transports, servers' links over hosts. */
function kindOf({ from, to }: Link): string {
  return from.name.endsWith('-user') ? to.name : ''
}
