/** Breaks a target: the catalogue with search, the options of the command, and the views of both ends. */
import type { JSX } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { ask } from '../api.ts'
import type { ListedFault, Outcome } from '../documents.ts'
import { failureOf, useDocument } from '../loading.ts'
import { Failed } from '../parts/problem.tsx'
import { State } from '../parts/state.tsx'
import { VerdictCard } from '../parts/verdict.tsx'
import type { Failure } from '../api.ts'
import { session } from '../session.ts'
import { useStore } from '../store.ts'

interface BreakFormProps {
  readonly target: string
  readonly kind: ListedFault['target']
}

const mostShown = 40

export function BreakForm({ target, kind }: BreakFormProps): JSX.Element {
  const asked = useDocument<readonly ListedFault[]>('/api/faults')
  const [search, setSearch] = useState('')
  const [chosen, setChosen] = useState<ListedFault>()
  const all = asked.state.kind === 'loaded' ? asked.state.document : []
  const fitting = useMemo(() => fittingFaults(all, kind, search), [all, kind, search])
  return (
    <section class="break">
      <h3>Break {target}</h3>
      {asked.state.kind === 'failed' && <Failed failure={asked.state.failure} />}
      <label class="field">
        Search the catalogue
        <input
          type="search"
          value={search}
          placeholder="expired, san, 0x800B0101, untrusted…"
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      </label>
      <p class="soft" role="status">
        {fitting.length === 1 ? '1 fault' : `${fitting.length} faults`} of a {kind}
        {fitting.length > mostShown ? `, the first ${mostShown} are shown` : ''}
      </p>
      <ul class="catalogue" aria-label="Faults">
        {fitting.slice(0, mostShown).map((fault) => (
          <li key={fault.name}>
            <button
              type="button"
              class="row"
              aria-pressed={chosen?.name === fault.name}
              onClick={() => setChosen(fault)}
            >
              <span>
                <strong>{fault.name}</strong> <span class="soft">{fault.family}</span>
              </span>
              <span class="soft">{fault.story}</span>
            </button>
          </li>
        ))}
      </ul>
      {fitting.length === 0 && all.length > 0 && <p>No fault of a {kind} matches. Type fewer letters.</p>}
      {chosen !== undefined && <Chosen key={chosen.name} target={target} fault={chosen} />}
    </section>
  )
}

function fittingFaults(all: readonly ListedFault[], kind: string, search: string): readonly ListedFault[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return all.filter(({ target, name, family, story, verdict = '', notInALab }) => {
    if (target !== kind || notInALab !== undefined) return false
    const text = `${name} ${family} ${story} ${verdict}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

type Trial =
  | { readonly kind: 'idle' }
  | { readonly kind: 'runs' }
  | { readonly kind: 'seen'; readonly outcome: Outcome }
  | { readonly kind: 'failed'; readonly failure: Failure }

function Chosen({ target, fault }: { readonly target: string; readonly fault: ListedFault }): JSX.Element {
  const about = useStore(session)
  const [side, setSide] = useState('')
  const [trial, setTrial] = useState<Trial>({ kind: 'idle' })
  const run = async (event: Event): Promise<void> => {
    event.preventDefault()
    setTrial({ kind: 'runs' })
    try {
      const body = { target, fault: fault.name, ...(side === '' ? {} : { as: side }) }
      setTrial({ kind: 'seen', outcome: await ask<Outcome>({ method: 'POST', path: '/api/break', body }) })
    } catch (error) {
      setTrial({ kind: 'failed', failure: failureOf(error) })
    }
  }
  return (
    <form class="chosen" onSubmit={run}>
      <h4>{fault.name}</h4>
      <p>{fault.story.replace(/\.$/, '')}.</p>
      <p class="soft">{fault.verdict === undefined ? 'Every link stays up.' : `Expected verdict: ${fault.verdict}`}</p>
      {fault.sides !== undefined && fault.sides.length > 1 && (
        <label class="field">
          The node is
          <select value={side} onChange={(event) => setSide(event.currentTarget.value)}>
            <option value="">either end</option>
            {fault.sides.map((each) => (
              <option key={each} value={each}>
                the {each}
              </option>
            ))}
          </select>
        </label>
      )}
      <button type="submit" class="main" disabled={trial.kind === 'runs' || about?.readOnly !== false}>
        {trial.kind === 'runs' ? 'Breaking, and waiting for the verdict…' : `Break ${target}`}
      </button>
      {trial.kind === 'failed' && <Failed failure={trial.failure} />}
      {trial.kind === 'seen' && <Seen outcome={trial.outcome} />}
    </form>
  )
}

function Seen({ outcome: { verdict, views, named, notes } }: { readonly outcome: Outcome }): JSX.Element {
  return (
    <div role="status">
      <p>
        <State
          tone={named ? 'good' : 'warn'}
          text={named ? 'the verdict names the fault' : 'the verdict does not name the fault'}
        />
      </p>
      {verdict !== undefined && <VerdictCard verdict={verdict} />}
      {views.length > 0 && <h4>The views of both ends</h4>}
      <ul class="rows">
        {views.map(({ node, event, verdict: seen }) => (
          <li class="row" key={`${node} ${event}`}>
            <span>
              <strong>{node}</strong> <code>{event}</code>
            </span>
            <span>
              <code>{seen.code}</code> {seen.found ?? seen.message}
            </span>
          </li>
        ))}
      </ul>
      {notes.map((note) => (
        <p class="soft" key={note}>
          {note}
        </p>
      ))}
    </div>
  )
}
