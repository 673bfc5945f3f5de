/** Time: certificates, authorities and revocation lists on one axis, what stops with each, and a clock to move. */
import type { JSX } from 'preact'
import { scaleUtc } from 'd3-scale'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask } from '../api.ts'
import type { AxisRow, TimelineDocument, TimelineEntry } from '../documents.ts'
import { status } from '../live.ts'
import { failureOf, useDocument } from '../loading.ts'
import { Failed, Problem } from '../parts/problem.tsx'
import { State } from '../parts/state.tsx'
import { session } from '../session.ts'
import { useStore } from '../store.ts'
import { Elsewhere, ElsewhereBar } from './time-elsewhere.tsx'
import { dayText, leftText, toneOfLeft } from '../words.ts'

const spans = { '60 days': 60, '14 months': 425, '6 years': 2192 } as const
const dayMs = 86_400_000
/** Beyond every axis, where it is drawn at the edge. */
const farAway = '9999-12-31'
/** How much of a span is drawn of the past: what a peer changed lately explains what fails today. */
const pastPart = 0.45

export function TimeView(): JSX.Element {
  const asked = useDocument<TimelineDocument>('/api/timeline')
  const [span, setSpan] = useState<keyof typeof spans>('14 months')
  const [chosen, choose] = useState<TimelineEntry | AxisRow>()
  if (asked.state.kind === 'loading') return <p class="loading">Reading the certificates of the lab…</p>
  if (asked.state.kind === 'failed') return <Failed failure={asked.state.failure} />
  const { now, certificates, elsewhere } = asked.state.document
  const today = Date.parse(now)
  const near = elsewhere.filter((row) => changesWithin(row, today, spans[span] * dayMs))
  return (
    <div class="view">
      <h1>Time</h1>
      <div class="actions">
        {(Object.keys(spans) as readonly (keyof typeof spans)[]).map((each) => (
          <button type="button" key={each} aria-pressed={each === span} onClick={() => setSpan(each)}>
            {each}
          </button>
        ))}
      </div>
      {certificates.length === 0 ? (
        <p class="empty">The lab has no certificates, so none expires.</p>
      ) : (
        <Axis
          now={Date.parse(now)}
          days={spans[span]}
          entries={certificates}
          elsewhere={near}
          chosen={chosen}
          choose={choose}
        />
      )}
      {chosen !== undefined && ('stretches' in chosen ? <Elsewhere row={chosen} /> : <Ending entry={chosen} />)}
      <Clock again={asked.again} />
    </div>
  )
}

/** Within what is drawn; a rule that stays as it is draws nothing. */
function changesWithin({ stretches }: AxisRow, now: number, spanMs: number): boolean {
  return stretches
    .flatMap(({ since, until }) => [since, until])
    .some(
      (day) => day !== undefined && Math.abs(Date.parse(day) - now) < (Date.parse(day) < now ? pastPart : 1) * spanMs,
    )
}

interface AxisProps {
  readonly now: number
  readonly days: number
  readonly entries: readonly TimelineEntry[]
  readonly elsewhere: readonly AxisRow[]
  readonly chosen: TimelineEntry | AxisRow | undefined
  readonly choose: (entry: TimelineEntry | AxisRow) => void
}

const labelWidth = 190
const barHeight = 22
const rowHeight = 34

function Axis({ now, days, entries, elsewhere, chosen, choose }: AxisProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(900)
  useEffect(() => {
    if (box.current === null) return
    const watch = new ResizeObserver(([entry]) => setWidth(Math.max(560, entry?.contentRect.width ?? 900)))
    watch.observe(box.current)
    return () => watch.disconnect()
  }, [])
  const x = scaleUtc([now - days * dayMs * pastPart, now + days * dayMs], [labelWidth, width - 20]).clamp(true)
  const height = 36 + (entries.length + elsewhere.length) * rowHeight
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="axis table-box" ref={box} tabIndex={0} aria-label="When each ends">
      <svg width={width} height={height}>
        <title>Validity on one axis</title>
        {apart(x.ticks(8), x).map((tick) => (
          <g key={tick.getTime()}>
            <line x1={x(tick)} x2={x(tick)} y1={26} y2={height} class="tick-line" />
            <text x={x(tick)} y={18} class="tick-text">
              {tick.toISOString().slice(0, 10)}
            </text>
          </g>
        ))}
        {entries.map((entry, at) => (
          <Bar
            key={`${entry.kind} ${entry.node} ${entry.name}`}
            entry={entry}
            y={32 + at * rowHeight}
            x={(time) => x(new Date(time))}
            now={now}
            isChosen={entry === chosen}
            choose={choose}
          />
        ))}
        {elsewhere.map((row, at) => (
          <ElsewhereBar
            key={`${row.kind} ${row.name}`}
            row={row}
            y={32 + (entries.length + at) * rowHeight}
            x={(time) => x(new Date(Math.min(time, now + 2 * days * dayMs)))}
            isChosen={row === chosen}
            choose={choose}
          />
        ))}
        <line x1={x(new Date(now))} x2={x(new Date(now))} y1={26} y2={height} class="now-line" />
      </svg>
    </section>
  )
}

/** Ticks whose texts do not touch. */
function apart(ticks: readonly Date[], x: (time: Date) => number): readonly Date[] {
  let last = 0
  return ticks.filter((tick) => {
    const isFar = x(tick) - last >= 84
    if (isFar) last = x(tick)
    return isFar
  })
}

interface BarProps {
  readonly entry: TimelineEntry
  readonly y: number
  readonly x: (time: string) => number
  readonly now: number
  readonly isChosen: boolean
  readonly choose: (entry: TimelineEntry) => void
}

function Bar({ entry, y, x, now, isChosen, choose }: BarProps): JSX.Element {
  const { kind, node, name, notBefore, notAfter, warnsAt, secondsLeft } = entry
  const [from, warns, to] = [x(notBefore), x(warnsAt), x(notAfter)]
  const tone = toneOfLeft(secondsLeft, warnsAt, now)
  const what = kind === 'ca' ? `CA ${name}` : kind === 'crl' ? `CRL ${name}, ${node}` : name
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a drawing has no button element */}
      <g
        class={`bar ${tone}${isChosen ? ' selected' : ''}`}
        role="button"
        tabIndex={0}
        aria-pressed={isChosen}
        aria-label={`${what}: ends ${dayText(notAfter)}, ${leftText(secondsLeft)}`}
        onClick={() => choose(entry)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' && event.key !== ' ') return
          event.preventDefault()
          choose(entry)
        }}
      >
        <rect x={0} y={y - 4} width={to + 2000} height={rowHeight} class="hit" />
        <text x={10} y={y + 16}>
          {what.length > 25 ? `${what.slice(0, 24)}…` : what}
        </text>
        <rect x={from} y={y} width={Math.max(2, to - from)} height={barHeight} rx="4" class="valid" />
        {to > warns && <rect x={warns} y={y} width={to - warns} height={barHeight} rx="4" class="warns" />}
      </g>
      <g class="over">
        {entry.lifetimes
          .filter(({ notAfter: end }) => x(end) < x(farAway))
          .map(({ days, notAfter: end }) => (
            <g key={days} class="lifetime">
              <line x1={x(end)} x2={x(end)} y1={y} y2={y + barHeight} />
              <text x={x(end) - 3} y={y + 15} class="lifetime-text">
                {days}
              </text>
            </g>
          ))}
      </g>
    </>
  )
}

function Ending({ entry }: { readonly entry: TimelineEntry }): JSX.Element {
  const { name, node, notAfter, secondsLeft, warnsAt, stops, lifetimes } = entry
  return (
    <section class="panel" aria-label="What stops">
      <h2>
        {name} <State tone={toneOfLeft(secondsLeft, warnsAt, Date.now())} text={leftText(secondsLeft)} />
      </h2>
      <p class="soft">
        Of {node}, ends {notAfter}; a warning comes from {dayText(warnsAt)}
      </p>
      <h3>What stops with it</h3>
      <ul class="rows">
        {stops.map((stop) => (
          <li key={stop}>{stop}</li>
        ))}
      </ul>
      {lifetimes.length > 0 && (
        <table>
          <caption class="unseen">With the announced lifetimes</caption>
          <thead>
            <tr>
              <th scope="col">Issued for</th>
              <th scope="col">Would end</th>
              <th scope="col">Warns from</th>
              <th scope="col">Renewals a year</th>
            </tr>
          </thead>
          <tbody>
            {lifetimes.map((each) => (
              <tr key={each.days}>
                <td>{each.days} days</td>
                <td>{dayText(each.notAfter)}</td>
                <td>{dayText(each.warnsAt)}</td>
                <td>{each.renewalsPerYear}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function Clock({ again }: { readonly again: () => void }): JSX.Element {
  const about = useStore(session)
  const nodes = useStore(status)?.nodes ?? []
  const [node, setNode] = useState('all')
  const [days, setDays] = useState(0)
  const [said, setSaid] = useState<{ readonly done?: string; readonly failed?: string }>({})
  const move = async (): Promise<void> => {
    setSaid({})
    try {
      await ask({ method: 'POST', path: `/api/nodes/${node}/clock`, body: { node, shift: `+${days}d` } })
      setSaid({ done: `${node === 'all' ? 'Every clock' : node} stands ${days} days ahead` })
    } catch (error) {
      setSaid({ failed: failureOf(error).message })
    }
    again()
  }
  return (
    <section class="panel" aria-label="Clock">
      <h2>The clock of the lab</h2>
      <div class="filters">
        <label class="field">
          Node
          <select value={node} onChange={({ currentTarget }) => setNode(currentTarget.value)}>
            <option value="all">all</option>
            {nodes.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label class="field wide">
          {days} days ahead of the real time
          <input
            type="range"
            min="0"
            max="800"
            value={days}
            onInput={({ currentTarget }) => setDays(Number(currentTarget.value))}
          />
        </label>
        <button type="button" class="main low" disabled={about?.readOnly !== false} onClick={() => void move()}>
          Move the clock
        </button>
      </div>
      {said.done !== undefined && (
        <p role="status">
          <State tone="good" text={said.done} />
        </p>
      )}
      {said.failed !== undefined && <Problem message={said.failed} />}
    </section>
  )
}
