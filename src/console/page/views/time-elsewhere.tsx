/** The rows of the axis that are not of this lab: peers whose rules change, public roots that go. */
import type { JSX } from 'preact'
import type { AxisRow } from '../documents.ts'

const dayMs = 86_400_000

interface ElsewhereBarProps {
  readonly row: AxisRow
  readonly y: number
  /** Of a time in milliseconds. */
  readonly x: (time: number) => number
  readonly isChosen: boolean
  readonly choose: (row: AxisRow) => void
}

export function ElsewhereBar({ row, y, x, isChosen, choose }: ElsewhereBarProps): JSX.Element {
  const { kind, title, stretches } = row
  const what = `${kind === 'peer' ? 'Peer' : 'Root'} ${title}`
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a drawing has no button element */}
      <g
        class={`bar elsewhere${isChosen ? ' selected' : ''}`}
        role="button"
        tabIndex={0}
        aria-pressed={isChosen}
        aria-label={`${what}: ${stretches.map(({ name, until }) => `${name} until ${until ?? 'further notice'}`).join(', ')}`}
        onClick={() => choose(row)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' && event.key !== ' ') return
          event.preventDefault()
          choose(row)
        }}
      >
        <rect x={0} y={y - 4} width={x(Number.MAX_SAFE_INTEGER) + 40} height={34} class="hit" />
      </g>
      <g class="over">
        <text x={10} y={y + 16}>
          {what.length > 25 ? `${what.slice(0, 24)}…` : what}
        </text>
        {stretches.map((stretch) => (
          <Part key={`${stretch.name} ${stretch.since ?? ''}`} stretch={stretch} y={y} x={x} />
        ))}
      </g>
    </>
  )
}

function Part({
  stretch: { name, since, until },
  y,
  x,
}: {
  readonly stretch: AxisRow['stretches'][number]
  readonly y: number
  readonly x: ElsewhereBarProps['x']
}): JSX.Element {
  const from = x(since === undefined ? 0 : Date.parse(since))
  // The last day counts in.
  const to = x(until === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(until) + dayMs)
  const fits = Math.floor((to - from - 8) / 7)
  return (
    <>
      <rect x={from} y={y} width={Math.max(2, to - from)} height={22} rx="4" class="period" />
      {fits > 4 && (
        <text x={from + 6} y={y + 15} class="lifetime-text">
          {name.length > fits ? `${name.slice(0, fits - 1)}…` : name}
        </text>
      )}
    </>
  )
}

export function Elsewhere({ row }: { readonly row: AxisRow }): JSX.Element {
  return (
    <section class="panel" aria-label="What changes">
      <h2>{row.title}</h2>
      <p class="soft">
        {row.kind === 'peer' ? 'Rules of a peer, from docs/policies.md' : 'What becomes of a public root'}
      </p>
      <div class="table-box">
        <table>
          <thead>
            <tr>
              <th scope="col">{row.kind === 'peer' ? 'Period' : 'Programme'}</th>
              <th scope="col">From</th>
              <th scope="col">Until</th>
              <th scope="col">What</th>
            </tr>
          </thead>
          <tbody>
            {row.stretches.map(({ name, since, until, what }) => (
              <tr key={`${name} ${since ?? ''}`}>
                <td>{name}</td>
                <td>{since ?? 'as far as known, ever'}</td>
                <td>{until ?? 'further notice'}</td>
                <td>{what}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
