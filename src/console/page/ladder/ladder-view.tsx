/** The ladder: messages as arrows between columns, live. Only the rows in sight are drawn, however many there are. */
import type { JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { PlanDocument, TraceEntry } from '../documents.ts'
import { readTrace } from '../live.ts'
import { useDocument } from '../loading.ts'
import { Failed } from '../parts/problem.tsx'
import { Exports } from './exports.tsx'
import { everything, type LadderFilter, LadderModel, type Row } from './model.ts'
import { MessageCard } from './message-card.tsx'
import { Rows } from './rows.tsx'

const notTraced: ReadonlySet<string> = new Set(['pki', 'sql', 'load-balancer'])

export function LadderView(): JSX.Element {
  const plan = useDocument<PlanDocument>('/api/plan')
  if (plan.state.kind === 'loading') return <p class="loading">Asking for the nodes of the lab…</p>
  if (plan.state.kind === 'failed') return <Failed failure={plan.state.failure} />
  return <Ladder plan={plan.state.document} />
}

function Ladder({ plan }: { readonly plan: PlanDocument }): JSX.Element {
  const nodes = useMemo(() => partiesOf(plan), [plan])
  const model = useMemo(() => new LadderModel(nodes), [nodes])
  const [isLive, setLive] = useState(true)
  const [wanted, setWanted] = useState(everything)
  const [chosen, choose] = useState<Row>()
  const drawAnew = useDrawing()
  const reads = useRef(true)
  useEffect(() => {
    if (!isLive) return
    // The console sends again what it kept: the ladder begins anew with it.
    model.clear()
    reads.current = true
    return readTrace((entries) => {
      if (!reads.current) return
      model.add(entries)
      drawAnew()
    })
  }, [model, isLive, drawAnew])
  const filter = (next: Partial<LadderFilter>): void => {
    const all = { ...wanted, ...next }
    setWanted(all)
    model.filter(all)
  }
  const follow = (next: boolean): void => {
    // At once: of what is on its way from the lab nothing moves the rows of a paused ladder, or comes into a file.
    reads.current = next
    setLive(next)
  }
  const open = (entries: readonly TraceEntry[]): void => {
    follow(false)
    model.clear()
    model.add(entries)
    drawAnew()
  }
  return (
    <div class="view ladder-view">
      <h1>Ladder</h1>
      <Filters names={nodes.map(({ name }) => name)} wanted={wanted} filter={filter} />
      <div class="actions">
        <button type="button" aria-pressed={isLive} onClick={() => follow(!isLive)}>
          {isLive ? '❚❚ Pause' : '▶ Follow the lab'}
        </button>
        <Exports rows={model.shown} open={open} />
        <span class="soft" role="status">
          {model.shown.length} of {model.rows.length} rows
        </span>
      </div>
      {model.shown.length === 0 ? <Nothing model={model} isLive={isLive} /> : <Rows {...{ model, chosen, choose }} />}
      {chosen !== undefined && (
        <MessageCard
          row={chosen}
          rows={model.rows}
          onlyCall={(callId) => filter({ callId })}
          close={() => choose(undefined)}
        />
      )}
    </div>
  )
}

function Nothing({ model, isLive }: { readonly model: LadderModel; readonly isLive: boolean }): JSX.Element {
  if (model.rows.length > 0) return <p class="empty">No row fits the filter. Keep-alives are left out unless ticked.</p>
  return (
    <p class="empty">
      {isLive
        ? 'No message has passed yet. These send some: siplab phone, siplab check --login, siplab scenario run.'
        : 'The ladder is paused.'}
    </p>
  )
}

/** Draws again at most once a frame. */
function useDrawing(): () => void {
  const [, setTimes] = useState(0)
  const waiting = useRef(false)
  return useMemo(
    () => () => {
      if (waiting.current) return
      waiting.current = true
      requestAnimationFrame(() => {
        waiting.current = false
        setTimes((times) => times + 1)
      })
    },
    [],
  )
}

/** From the outside in, as a remote call travels; then the DNS. */
function partiesOf(plan: PlanDocument): readonly { readonly name: string; readonly addresses: readonly string[] }[] {
  return plan.nodes
    .filter(({ role }) => !notTraced.has(role))
    .toReversed()
    .toSorted((one, other) => Number(one.role === 'dns') - Number(other.role === 'dns'))
    .map(({ name, faces }) => ({
      name,
      addresses: faces.flatMap(({ address, addresses }) => [address, ...Object.values(addresses)]),
    }))
}

interface FiltersProps {
  readonly names: readonly string[]
  readonly wanted: LadderFilter
  readonly filter: (next: Partial<LadderFilter>) => void
}

const ticks = [
  ['decisions', 'Decisions'],
  ['dns', 'DNS'],
  ['options', 'Keep-alives'],
] as const

function Filters({ names, wanted, filter }: FiltersProps): JSX.Element {
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <label class="field">
        Node
        <select
          value={wanted.node ?? ''}
          onChange={({ currentTarget: { value } }) => filter({ node: value === '' ? undefined : value })}
        >
          <option value="">all</option>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label class="field wide">
        User, call or any word
        <input
          type="search"
          value={wanted.text}
          placeholder="alice, INVITE, z9hG4bK…"
          onInput={({ currentTarget }) => filter({ text: currentTarget.value })}
        />
      </label>
      {ticks.map(([key, label]) => (
        <label class="tick small" key={key}>
          <input
            type="checkbox"
            checked={wanted[key]}
            onChange={({ currentTarget }) => filter({ [key]: currentTarget.checked })}
          />
          {label}
        </label>
      ))}
      {wanted.callId !== undefined && (
        <button type="button" onClick={() => filter({ callId: undefined })}>
          One call only ✕
        </button>
      )}
    </form>
  )
}
