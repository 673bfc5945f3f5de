/** The rows that are in sight. All rows are equally high, so a place in the list is a multiplication. */
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { clockText } from '../words.ts'
import type { LadderModel, Row } from './model.ts'

const rowHeight = 34
const headHeight = 34
const timeWidth = 112
const leastColumn = 96
/** Drawn above and below what is in sight. */
const spare = 3

interface RowsProps {
  readonly model: LadderModel
  readonly chosen: Row | undefined
  readonly choose: (row: Row) => void
}

export function Rows({ model, chosen, choose }: RowsProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  const [size, setSize] = useState({ width: 800, height: 480 })
  const { shown, columns } = model
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const watch = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }))
    watch.observe(element)
    return () => watch.disconnect()
  }, [])
  useFollowing(box, shown.length)
  const column = Math.max(leastColumn, (size.width - timeWidth) / Math.max(1, columns.length))
  const first = Math.max(0, Math.floor(top / rowHeight) - spare)
  const last = Math.min(shown.length, Math.ceil((top + size.height) / rowHeight) + spare)
  const width = timeWidth + columns.length * column
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const at = Math.min(shown.length - 1, Math.max(0, (chosen === undefined ? -1 : shown.indexOf(chosen)) + step))
    const row = shown[at]
    if (row === undefined) return
    choose(row)
    keepInSight(box.current, at)
  }
  return (
    <section
      class="ladder"
      ref={box}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move through the rows
      tabIndex={0}
      aria-label="Messages; the arrow keys move through them"
      onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
      onKeyDown={onKeyDown}
    >
      <div class="ladder-head" style={{ width: `${width}px`, paddingLeft: `${timeWidth}px` }}>
        {columns.map((name) => (
          <span key={name} style={{ width: `${column}px` }} title={name}>
            {name}
          </span>
        ))}
      </div>
      <div class="ladder-body" style={{ width: `${width}px`, height: `${shown.length * rowHeight}px` }}>
        {columns.map((name, at) => (
          <span key={name} class="life" style={{ left: `${timeWidth + (at + 0.5) * column}px` }} />
        ))}
        {shown.slice(first, last).map((row, at) => (
          <Arrow
            // By place: while it scrolls the elements stay, and only what they say changes.
            key={at}
            row={row}
            y={(first + at) * rowHeight}
            columns={columns}
            column={column}
            isChosen={row === chosen}
            choose={choose}
          />
        ))}
      </div>
    </section>
  )
}

/** At the end, the newest row stays in sight; after scrolling up, the position is kept. */
function useFollowing(box: { readonly current: HTMLDivElement | null }, count: number): void {
  const before = useRef(0)
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const wasAtEnd = element.scrollTop + element.clientHeight >= before.current * rowHeight + headHeight - rowHeight
    before.current = count
    if (wasAtEnd) element.scrollTop = element.scrollHeight
  }, [box, count])
}

function keepInSight(element: HTMLDivElement | null, at: number): void {
  if (element === null) return
  const y = at * rowHeight
  if (y < element.scrollTop) element.scrollTop = y
  const below = y + rowHeight + headHeight - element.clientHeight
  if (below > element.scrollTop) element.scrollTop = below
}

interface ArrowProps {
  readonly row: Row
  readonly y: number
  readonly columns: readonly string[]
  readonly column: number
  readonly isChosen: boolean
  readonly choose: (row: Row) => void
}

function Arrow({ row, y, columns, column, isChosen, choose }: ArrowProps): JSX.Element {
  const [from, to] = [centre(columns, row.from, column), centre(columns, row.to, column)]
  const left = Math.min(from, to)
  const isLeftward = to < from
  const at = from === to ? 'own' : isLeftward ? 'leftward' : 'rightward'
  return (
    <button
      type="button"
      tabIndex={-1}
      class={`rung ${at}${row.isError ? ' error' : ''}${isChosen ? ' selected' : ''}`}
      style={{ transform: `translateY(${y}px)` }}
      onClick={() => choose(row)}
    >
      <time style={{ width: `${timeWidth}px` }}>{clockText(row.time)}</time>
      <span class="says" style={textPlace(left, Math.abs(to - from), column)}>
        {row.isError ? '✕ ' : ''}
        {row.title}
        <span class="unseen">{from === to ? ` at ${row.from}` : ` from ${row.from} to ${row.to}`}</span>
      </span>
      {from !== to && (
        <span class="arrow" style={{ left: `${timeWidth + left}px`, width: `${Math.abs(to - from)}px` }} />
      )}
    </button>
  )
}

function centre(columns: readonly string[], name: string, column: number): number {
  return (Math.max(0, columns.indexOf(name)) + 0.5) * column
}

/** Over its arrow; of what happens at one node, on its line. */
function textPlace(left: number, length: number, column: number): { readonly left: string; readonly width: string } {
  return length === 0
    ? { left: `${timeWidth + left - column / 2 + 4}px`, width: `${column - 8}px` }
    : { left: `${timeWidth + left + 4}px`, width: `${length - 8}px` }
}
