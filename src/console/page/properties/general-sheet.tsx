/** The General tab: where the server listens, and the tick of MTLS on 5061. */
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ask, type Failure } from '../api.ts'
import type { GeneralTab } from '../documents.ts'
import { failureOf, useDocument } from '../loading.ts'
import { Failed } from '../parts/problem.tsx'
import { State } from '../parts/state.tsx'
import { Fact } from '../parts/verdict.tsx'
import { session } from '../session.ts'
import { useStore } from '../store.ts'
import { toneOfState } from '../words.ts'

export interface SheetProps {
  readonly node: string
  readonly state: string
}

export function GeneralSheet({ node, state }: SheetProps): JSX.Element {
  const asked = useDocument<GeneralTab>(`/api/nodes/${node}/settings/general`)
  if (asked.state.kind === 'loading') return <p class="loading">Reading the settings of {node}…</p>
  if (asked.state.kind === 'failed') return <Failed failure={asked.state.failure} />
  const { fqdn, listeners, mtls } = asked.state.document
  return (
    <>
      <dl class="facts">
        <Fact name="Name" value={fqdn} />
        <dt>Service</dt>
        <dd>
          <State tone={toneOfState(state)} text={state} />
        </dd>
      </dl>
      <h2>Connections</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section class="table-box" tabIndex={0} aria-label="Connections">
        <table>
          <thead>
            <tr>
              <th scope="col">Face</th>
              <th scope="col">Address</th>
              <th scope="col">Port</th>
              <th scope="col">Transport</th>
              <th scope="col">Enabled</th>
            </tr>
          </thead>
          <tbody>
            {listeners.map(({ face, address, port, transport, enabled }) => (
              <tr key={`${transport} ${address} ${port}`}>
                <td>{face}</td>
                <td>{address}</td>
                <td>{port}</td>
                <td>{transport.toUpperCase()}</td>
                <td>
                  <State tone={enabled ? 'good' : 'calm'} text={enabled ? 'yes' : 'no'} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <MtlsTick node={node} on={mtls} again={asked.again} />
    </>
  )
}

interface TickProps {
  readonly node: string
  readonly on: boolean
  readonly again: () => void
}

function MtlsTick({ node, on, again }: TickProps): JSX.Element {
  const about = useStore(session)
  const [wanted, setWanted] = useState(on)
  const [runs, setRuns] = useState(false)
  const [failure, setFailure] = useState<Failure>()
  useEffect(() => setWanted(on), [on])
  const turn = async (to: boolean): Promise<void> => {
    setWanted(to)
    setRuns(true)
    setFailure(undefined)
    try {
      await ask({ method: 'POST', path: `/api/nodes/${node}/mtls`, body: { on: to } })
    } catch (error) {
      setFailure(failureOf(error))
      setWanted(on)
    }
    setRuns(false)
    again()
  }
  return (
    <>
      <label class="tick">
        <input
          type="checkbox"
          checked={wanted}
          disabled={runs || about?.readOnly !== false}
          onChange={({ currentTarget }) => void turn(currentTarget.checked)}
        />
        MTLS on 5061
      </label>
      <p class="soft">
        If you clear the check box, the listener closes. The certificate stays assigned on the Security tab, so the
        service still stops when that certificate expires.
      </p>
      {failure !== undefined && <Failed failure={failure} />}
    </>
  )
}
