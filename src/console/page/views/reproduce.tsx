/** Shows how to see the same in a lab; where this lab can, it does so. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { ask, type Failure } from '../api.ts'
import type { Outcome } from '../documents.ts'
import { status } from '../live.ts'
import { failureOf } from '../loading.ts'
import { Copy } from '../parts/copy.tsx'
import { Failed } from '../parts/problem.tsx'
import { VerdictCard } from '../parts/verdict.tsx'
import { addressOf } from '../routes.ts'
import { session } from '../session.ts'
import { useStore } from '../store.ts'

export function Reproduce({ commands }: { readonly commands: readonly string[] }): JSX.Element {
  const about = useStore(session)
  const lab = useStore(status)
  const [runs, setRuns] = useState(false)
  const [outcome, setOutcome] = useState<Outcome>()
  const [failure, setFailure] = useState<Failure>()
  const body = breakOf(commands, lab?.lab)
  const reproduce = async (): Promise<void> => {
    setRuns(true)
    setFailure(undefined)
    try {
      setOutcome(await ask<Outcome>({ method: 'POST', path: '/api/break', body }))
    } catch (error) {
      setFailure(failureOf(error))
    }
    setRuns(false)
  }
  return (
    <div>
      <pre class="message">{commands.map((line) => `$ ${line}\n`)}</pre>
      <div class="actions">
        {body !== undefined && (
          <button type="button" disabled={runs || about?.readOnly !== false} onClick={() => void reproduce()}>
            {runs ? 'Breaking…' : 'Reproduce in this lab'}
          </button>
        )}
        <Copy text={commands.join('\n')} what="commands" />
        {outcome !== undefined && (
          <a class="button" href={addressOf('map', { at: outcome.target })}>
            Show it on the map, to heal it
          </a>
        )}
      </div>
      {failure !== undefined && <Failed failure={failure} />}
      {outcome?.verdict !== undefined && <VerdictCard verdict={outcome.verdict} />}
    </div>
  )
}

/** `siplab up edge`, `siplab break director expired --as server`: what this lab can do itself. */
function breakOf(commands: readonly string[], lab: string | undefined): object | undefined {
  const [up = '', line = '', more] = commands
  if (lab === undefined || up !== `siplab up ${lab}` || more !== undefined) return undefined
  const [, target, fault, as] = /^siplab break '?([\w>-]+)'? ([\w-]+)(?: --as (server|client))?$/.exec(line) ?? []
  return target === undefined ? undefined : { target, fault, ...(as === undefined ? {} : { as }) }
}
