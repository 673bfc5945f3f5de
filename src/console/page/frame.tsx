/** What is around every view: the tabs, the state of the lab, and the commands that were run. */
import type { ComponentType, JSX } from 'preact'
import { useEffect, useErrorBoundary, useState } from 'preact/hooks'
import { connection, lost, status } from './live.ts'
import { CommandStrip } from './parts/command-strip.tsx'
import { Problem } from './parts/problem.tsx'
import { State } from './parts/state.tsx'
import { addressOf, go, place } from './routes.ts'
import { session } from './session.ts'
import { useStore } from './store.ts'
import { currentTheme, nextTheme } from './theme.ts'
import { views } from './views.ts'

export function Frame(): JSX.Element {
  const { view } = useStore(place)
  useEffect(() => {
    document.querySelector('.tabs [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [view])
  useKeys()
  return (
    <div class="frame">
      <a class="skip" href="#view">
        Skip to the view
      </a>
      <header class="top">
        <span class="brand">
          <strong>siplab</strong> <LabName />
        </span>
        <LabState />
        <ThemeButton />
      </header>
      <nav class="tabs" aria-label="Views">
        {views.map(({ id, title, key }) => (
          <a
            key={id}
            href={addressOf(id)}
            aria-current={id === view ? 'page' : undefined}
            title={`${title} (key ${key})`}
          >
            {title}
          </a>
        ))}
      </nav>
      <main id="view" tabIndex={-1}>
        <LostNotice />
        <View key={view} id={view} />
      </main>
      <CommandStrip />
    </div>
  )
}

function LabName(): JSX.Element {
  const lab = useStore(status)
  return <span class="lab-name">{lab?.lab ?? ''}</span>
}

function LabState(): JSX.Element {
  const lab = useStore(status)
  const line = useStore(connection)
  const missed = useStore(lost)
  const about = useStore(session)
  const faults = lab?.faults?.length ?? 0
  return (
    <span class="lab-state" role="status">
      {about?.readOnly === true && <State tone="calm" text="read-only" />}
      {missed > 0 && <State tone="warn" text={`${missed} lines left out`} />}
      {faults > 0 && <State tone="warn" text={`${faults} ${faults === 1 ? 'fault' : 'faults'} on`} />}
      {line === 'lost' ? (
        <State tone="bad" text="console gone" />
      ) : lab === undefined ? (
        <State tone="calm" text="connecting" />
      ) : (
        <State tone={lab.running ? 'good' : 'bad'} text={lab.running ? 'running' : 'down'} />
      )}
    </span>
  )
}

function LostNotice(): JSX.Element | null {
  const line = useStore(connection)
  if (line !== 'lost') return null
  return (
    <p class="notice bad" role="alert">
      The console does not answer. The page shows the last known state. Start the console again with{' '}
      <code>siplab console</code> and open the address it prints.
    </p>
  )
}

function ThemeButton(): JSX.Element {
  const [theme, setTheme] = useState(currentTheme())
  return (
    <button type="button" class="quiet" onClick={() => setTheme(nextTheme())} aria-label={`Theme: ${theme}. Change`}>
      {theme === 'dark' ? '☾' : theme === 'light' ? '☀' : '◐'}
    </button>
  )
}

type Loaded =
  | { readonly kind: 'loading' }
  | { readonly kind: 'shown'; readonly View: ComponentType }
  | { readonly kind: 'failed'; readonly why: string }

/** Its key is the view: nothing of the view before it stays, and an error of one view leaves no other view empty. */
function View({ id }: { readonly id: string }): JSX.Element {
  const [loaded, setLoaded] = useState<Loaded>({ kind: 'loading' })
  const [thrown] = useErrorBoundary()
  useEffect(() => {
    let isCurrent = true
    const listed = views.find((each) => each.id === id)
    document.title = `${listed?.title ?? 'Nothing here'} · siplab console`
    if (listed === undefined) setLoaded({ kind: 'failed', why: `there is no view ${id}` })
    else
      listed.load().then(
        (Shown) => isCurrent && setLoaded({ kind: 'shown', View: Shown }),
        (error: unknown) => isCurrent && setLoaded({ kind: 'failed', why: String(error) }),
      )
    return () => {
      isCurrent = false
    }
  }, [])
  if (thrown !== undefined) return <NotShown id={id} why={String(thrown)} />
  switch (loaded.kind) {
    case 'loading':
      return <p class="loading">Loading…</p>
    case 'failed':
      return <NotShown id={id} why={loaded.why} />
    case 'shown':
      return <loaded.View />
    default:
      return loaded satisfies never
  }
}

function NotShown({ id, why }: { readonly id: string; readonly why: string }): JSX.Element {
  return (
    <>
      <h1>{views.find((each) => each.id === id)?.title ?? id}</h1>
      <Problem message={`This view cannot be shown: ${why}`} />
    </>
  )
}

/** A digit opens a view; in a field it is a digit. */
function useKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      if (event.target instanceof HTMLElement && event.target.closest('input, textarea, select') !== null) return
      const listed = views.find(({ key }) => key === event.key)
      if (listed !== undefined) go(listed.id)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}
