/** The link matrix as a table of a page: rows dial, columns accept. */
import { escaped } from '../reports/markup.ts'
import type { LinkResult } from './matrix.ts'

export function matrixTable(links: readonly LinkResult[]): string {
  const from = [...new Set(links.map((link) => link.from))]
  const to = [...new Set(links.map((link) => link.to))]
  const head = `<tr><th>dials &darr; accepts &rarr;</th>${to.map((name) => `<th>${escaped(name)}</th>`).join('')}</tr>`
  const rows = from.map(
    (row) =>
      `<tr><th>${escaped(row)}</th>${to
        .map(
          (column) =>
            `<td>${links
              .filter((link) => link.from === row && link.to === column)
              .map(cell)
              .join('')}</td>`,
        )
        .join('')}</tr>`,
  )
  return `<table class="matrix">${head}${rows.join('')}</table>`
}

function cell({ port, seen, planned, differs, leftToFirewall, code, why }: LinkResult): string {
  const kind =
    seen === 'not-tried' ? 'not-tried' : differs ? 'failed' : leftToFirewall && seen === 'allowed' ? 'note' : 'ok'
  const text =
    seen === 'not-tried' ? 'not tried' : differs ? `${seen}, plan: ${planned}` : kind === 'note' ? 'firewall' : seen
  return `<span class="${kind}" title="${escaped(`${why}${code === 'ok' ? '' : ` (${code})`}`)}">${port} ${text}</span>`
}
