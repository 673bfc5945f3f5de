/** The event viewer, in the manner of the old one: a list, newest first, and below it the event that was chosen. */
import type { JSX } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import type { NodeEvent } from '../documents.ts'
import { events, status } from '../live.ts'
import { Copy } from '../parts/copy.tsx'
import { State } from '../parts/state.tsx'
import { Fact, VerdictCard } from '../parts/verdict.tsx'
import { go, place } from '../routes.ts'
import { useStore } from '../store.ts'
import { clockText, dayText, toneOfLevel } from '../words.ts'

const levels = ['error', 'warn', 'info', 'debug'] as const
const words: Readonly<Record<NodeEvent['level'], string>> = {
  error: 'Error',
  warn: 'Warning',
  info: 'Information',
  debug: 'Detail',
}
const mostShown = 500

export function EventsView(): JSX.Element {
  const all = useStore(events)
  const { query } = useStore(place)
  const [least, setLeast] = useState<NodeEvent['level']>('info')
  const [search, setSearch] = useState('')
  const [chosen, setChosen] = useState<NodeEvent>()
  const node = query['node'] ?? ''
  const fitting = useMemo(() => fittingEvents(all, { node, least, search }), [all, node, least, search])
  return (
    <div class="events-view">
      <h1>Event viewer</h1>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <NodeChoice node={node} />
        <label class="field">
          At least
          <select
            value={least}
            onChange={({ currentTarget }) => setLeast(levels.find((each) => each === currentTarget.value) ?? 'info')}
          >
            {levels.map((level) => (
              <option key={level} value={level}>
                {words[level]}
              </option>
            ))}
          </select>
        </label>
        <label class="field wide">
          Search
          <input
            type="search"
            value={search}
            placeholder="cert.expired, flow.refused, 14428…"
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        </label>
      </form>
      <p class="soft" role="status">
        {fitting.length} of {all.length} events
        {fitting.length > mostShown ? `, the newest ${mostShown} are shown` : ''}
      </p>
      {fitting.length === 0 ? (
        <p class="empty">
          {all.length === 0
            ? 'No node has logged an event yet.'
            : 'No event fits. Choose a lower level or search for less.'}
        </p>
      ) : (
        <EventTable events={fitting.slice(0, mostShown)} chosen={chosen} choose={setChosen} />
      )}
      {chosen !== undefined && <EventCard event={chosen} />}
    </div>
  )
}

interface Filter {
  readonly node: string
  readonly least: NodeEvent['level']
  readonly search: string
}

/** Newest first. */
function fittingEvents(all: readonly NodeEvent[], { node, least, search }: Filter): readonly NodeEvent[] {
  const most = levels.indexOf(least)
  const parts = search.toLowerCase().split(/\s+/).filter(Boolean)
  return all
    .filter((event) => {
      if (node !== '' && event.node !== node) return false
      if (levels.indexOf(event.level) > most) return false
      if (parts.length === 0) return true
      const text = JSON.stringify(event).toLowerCase()
      return parts.every((part) => text.includes(part))
    })
    .toReversed()
}

function NodeChoice({ node }: { readonly node: string }): JSX.Element {
  const names = useStore(status)?.nodes.map(({ name }) => name) ?? []
  return (
    <label class="field">
      Node
      <select
        value={node}
        onChange={({ currentTarget }) => go('events', currentTarget.value === '' ? {} : { node: currentTarget.value })}
      >
        <option value="">all</option>
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

interface TableProps {
  readonly events: readonly NodeEvent[]
  readonly chosen: NodeEvent | undefined
  readonly choose: (event: NodeEvent) => void
}

function EventTable({ events: shown, chosen, choose }: TableProps): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="table-box" tabIndex={0} aria-label="Events">
      <table class="events">
        <thead>
          <tr>
            <th scope="col">Level</th>
            <th scope="col">Time</th>
            <th scope="col">Source</th>
            <th scope="col">Event</th>
            <th scope="col">ID</th>
            <th scope="col">Message</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((event) => (
            <tr
              key={`${event.node} ${event.seq} ${event.time}`}
              class={event === chosen ? 'selected' : ''}
              onClick={() => choose(event)}
            >
              <td>
                <State tone={toneOfLevel(event.level)} text={words[event.level]} />
              </td>
              <td class="nowrap">{clockText(event.time)}</td>
              <td>{event.node}</td>
              <td>
                <code>{event.event}</code>
              </td>
              <td>{event.eventId ?? ''}</td>
              <td>
                <button type="button" class="link" onClick={() => choose(event)}>
                  {event.message}
                </button>
                {event.verdict !== undefined && (
                  <>
                    {' '}
                    <code>{event.verdict.code}</code>
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function EventCard({ event }: { readonly event: NodeEvent }): JSX.Element {
  return (
    <section class="panel" aria-label="The chosen event">
      <h2>
        {event.message} <Copy text={JSON.stringify(event, undefined, 2)} what="event as JSON" />
      </h2>
      <dl class="facts">
        <Fact name="Source" value={event.node} />
        <Fact name="Event" value={event.event} />
        <Fact name="Event ID" value={event.eventId === undefined ? undefined : String(event.eventId)} />
        <Fact name="Time" value={`${dayText(event.time)} ${clockText(event.time)} UTC`} />
        <Fact name="Connection" value={event.connection} />
        {Object.entries(event.data ?? {}).map(([name, value]) => (
          <Fact key={name} name={name} value={typeof value === 'string' ? value : JSON.stringify(value)} />
        ))}
      </dl>
      {event.verdict !== undefined && <VerdictCard verdict={event.verdict} />}
    </section>
  )
}
