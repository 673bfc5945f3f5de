/** Scenarios: the shipped stories, and the one that plays, step by step. */
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { askSlowly, type Failure } from '../api.ts'
import { failureOf, useDocument } from '../loading.ts'
import { Failed } from '../parts/problem.tsx'
import { State } from '../parts/state.tsx'
import { session } from '../session.ts'
import { useStore } from '../store.ts'

interface ListedScenario {
  readonly name: string
  readonly family: string
  readonly topology: string
  readonly steps: number
  readonly story: string
}

/** `siplab scenario run --json`: what the page reads of it. */
interface Played {
  readonly scenarios: readonly {
    readonly name: string
    readonly outcome: string
    readonly steps: readonly {
      readonly title?: string
      readonly outcome?: string
      readonly findings?: readonly { readonly message?: string }[]
    }[]
  }[]
}

type Play =
  | { readonly kind: 'none' }
  | { readonly kind: 'runs'; readonly name: string; readonly lines: readonly string[] }
  | { readonly kind: 'done'; readonly name: string; readonly played: Played; readonly lines: readonly string[] }
  | { readonly kind: 'failed'; readonly failure: Failure }

export function ScenariosView(): JSX.Element {
  const asked = useDocument<readonly ListedScenario[]>('/api/scenarios')
  const [search, setSearch] = useState('')
  const { play, run } = usePlay()
  if (asked.state.kind === 'loading') return <p class="loading">Reading the stories…</p>
  if (asked.state.kind === 'failed') return <Failed failure={asked.state.failure} />
  const fitting = asked.state.document.filter(({ name, family, story }) =>
    `${name} ${family} ${story}`.toLowerCase().includes(search.toLowerCase()),
  )
  return (
    <div class="view">
      <h1>Scenarios</h1>
      {play.kind !== 'none' && <Stage play={play} />}
      <label class="field">
        Search the stories
        <input type="search" value={search} onInput={({ currentTarget }) => setSearch(currentTarget.value)} />
      </label>
      <p class="soft" role="status">
        {fitting.length} of {asked.state.document.length} scenarios; each plays in a lab of its own
      </p>
      {fitting.length === 0 && <p class="empty">No scenario has these words.</p>}
      <ul class="stories">
        {fitting.map((scenario) => (
          <Story key={scenario.name} scenario={scenario} isBusy={play.kind === 'runs'} run={run} />
        ))}
      </ul>
    </div>
  )
}

function usePlay(): { readonly play: Play; readonly run: (name: string) => Promise<void> } {
  const [play, setPlay] = useState<Play>({ kind: 'none' })
  const gone = useRef(new AbortController())
  useEffect(() => () => gone.current.abort(), [])
  const run = async (name: string): Promise<void> => {
    gone.current = new AbortController()
    const lines: string[] = []
    setPlay({ kind: 'runs', name, lines })
    const onProgress = (line: string): void => {
      lines.push(line)
      setPlay({ kind: 'runs', name, lines: [...lines] })
    }
    try {
      const request = { method: 'POST', path: `/api/scenarios/${name}/run`, body: {} } as const
      const { document } = await askSlowly<Played>(request, onProgress, gone.current.signal)
      setPlay({ kind: 'done', name, played: document, lines })
    } catch (error) {
      if (!gone.current.signal.aborted) setPlay({ kind: 'failed', failure: failureOf(error) })
    }
  }
  return { play, run }
}

interface StoryProps {
  readonly scenario: ListedScenario
  readonly isBusy: boolean
  readonly run: (name: string) => Promise<void>
}

function Story({ scenario: { name, family, topology, steps, story }, isBusy, run }: StoryProps): JSX.Element {
  const about = useStore(session)
  return (
    <li class="panel">
      <h2>{name}</h2>
      <p class="soft">
        {family}, lab {topology}, {steps} steps
      </p>
      <p>{story}</p>
      <div class="actions">
        <button type="button" disabled={isBusy || about?.readOnly !== false} onClick={() => void run(name)}>
          ▶ Play <span class="unseen">{name}</span>
        </button>
      </div>
    </li>
  )
}

function Stage({ play }: { readonly play: Exclude<Play, { kind: 'none' }> }): JSX.Element {
  if (play.kind === 'failed') return <Failed failure={play.failure} />
  const result = play.kind === 'done' ? play.played.scenarios[0] : undefined
  return (
    <section class="panel" aria-label="The stage">
      <h2>
        {play.name}
        {result === undefined ? (
          <State tone="calm" text="plays" />
        ) : (
          <State tone={result.outcome === 'passed' ? 'good' : 'bad'} text={result.outcome} />
        )}
      </h2>
      <pre class="message" role="log">
        {play.lines.length === 0 ? 'The lab of the scenario comes up…' : play.lines.join('\n')}
      </pre>
    </section>
  )
}
