/** The properties of a server, as the old console had them: a General and a Security tab. */
import type { JSX } from 'preact'
import { status } from '../live.ts'
import { go, place } from '../routes.ts'
import { useStore } from '../store.ts'
import { GeneralSheet } from './general-sheet.tsx'
import { SecuritySheet } from './security-sheet.tsx'

const tabs = ['general', 'security'] as const
/** Nodes without certificates and listeners of their own have no such sheets. */
const withoutSheets: ReadonlySet<string> = new Set(['dns', 'pki', 'sql', 'load-balancer'])

export function PropertiesView(): JSX.Element {
  const { query } = useStore(place)
  const live = useStore(status)
  const servers = (live?.nodes ?? []).filter(({ role }) => !withoutSheets.has(role))
  const node = servers.find(({ name }) => name === query['node']) ?? servers.at(0)
  const tab = tabs.find((each) => each === query['tab']) ?? 'general'
  if (node === undefined) return <p class="loading">Asking for the servers of the lab…</p>
  return (
    <div class="properties-view">
      <h1>Server properties</h1>
      <label class="field short">
        Server
        <select
          value={node.name}
          onChange={({ currentTarget }) => go('properties', { node: currentTarget.value, tab })}
        >
          {servers.map(({ name, role }) => (
            <option key={name} value={name}>
              {name} ({role})
            </option>
          ))}
        </select>
      </label>
      <div class="sheet">
        <div class="sheet-tabs" role="tablist" aria-label={`Properties of ${node.name}`}>
          {tabs.map((each) => (
            <button
              type="button"
              role="tab"
              id={`tab-${each}`}
              key={each}
              aria-selected={each === tab}
              aria-controls="sheet"
              tabIndex={each === tab ? 0 : -1}
              onClick={() => go('properties', { node: node.name, tab: each })}
              onKeyDown={(event) => onArrow(event, () => go('properties', { node: node.name, tab: otherTab(each) }))}
            >
              {each === 'general' ? 'General' : 'Security'}
            </button>
          ))}
        </div>
        <div class="sheet-body" role="tabpanel" id="sheet" aria-labelledby={`tab-${tab}`}>
          {tab === 'general' ? (
            <GeneralSheet key={node.name} node={node.name} state={node.state} />
          ) : (
            <SecuritySheet key={node.name} node={node.name} state={node.state} />
          )}
        </div>
      </div>
    </div>
  )
}

function otherTab(tab: (typeof tabs)[number]): (typeof tabs)[number] {
  return tab === 'general' ? 'security' : 'general'
}

function onArrow(event: KeyboardEvent, turn: () => void): void {
  if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return
  turn()
  const other = event.currentTarget instanceof HTMLElement ? event.currentTarget.parentElement : undefined
  for (const each of other?.querySelectorAll<HTMLElement>('[role=tab]') ?? [])
    if (each !== event.currentTarget) each.focus()
}
