import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { ask } from '../api.ts'
import { failureOf } from '../loading.ts'
import { session } from '../session.ts'
import { useStore } from '../store.ts'

/** Takes the fault off. The map shows what comes of it. */
export function HealButton({ target }: { readonly target: string }): JSX.Element {
  const [state, setState] = useState<'idle' | 'runs' | { readonly failed: string }>('idle')
  const about = useStore(session)
  const heal = async (): Promise<void> => {
    setState('runs')
    try {
      await ask({ method: 'POST', path: '/api/heal', body: { target } })
      setState('idle')
    } catch (error) {
      setState({ failed: failureOf(error).message })
    }
  }
  return (
    <>
      <button type="button" disabled={state === 'runs' || about?.readOnly !== false} onClick={heal}>
        {state === 'runs' ? 'Healing…' : `Heal ${target}`}
      </button>
      {typeof state === 'object' && (
        <span class="bad" role="alert">
          {state.failed}
        </span>
      )}
    </>
  )
}
