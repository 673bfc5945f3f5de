/**
 * The Security tab: the certificate of each reference, the picker, and the trap of 2005: while an assigned certificate
 * is not valid the tab does not open. The way back is a trial certificate that takes its place.
 */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { ask, type Failure } from '../api.ts'
import type { HeldCertificate, SecurityTab } from '../documents.ts'
import { failureOf, type Loading, useDocument } from '../loading.ts'
import { Failed } from '../parts/problem.tsx'
import { State } from '../parts/state.tsx'
import { Fact } from '../parts/verdict.tsx'
import { session } from '../session.ts'
import { useStore } from '../store.ts'
import { leftText } from '../words.ts'
import type { SheetProps } from './general-sheet.tsx'

export function SecuritySheet({ node }: SheetProps): JSX.Element {
  const [force, setForce] = useState(false)
  const tab = useDocument<SecurityTab>(`/api/nodes/${node}/settings/security${force ? '?force=true' : ''}`)
  const held = useDocument<readonly HeldCertificate[]>('/api/certificates')
  const again = (): void => {
    tab.again()
    held.again()
  }
  switch (tab.state.kind) {
    case 'loading':
      return <p class="loading">Checking the certificates of {node}…</p>
    case 'failed':
      return tab.state.failure.code === 'config.certificate-locked' ? (
        <LockedOut
          node={node}
          failure={tab.state.failure}
          held={ownOf(held.state, node)}
          again={again}
          open={setForce}
        />
      ) : (
        <Failed failure={tab.state.failure} />
      )
    case 'loaded':
      return (
        <>
          {force && <p class="notice warn">This tab is open only because of --force. LCS 2005 has no such option.</p>}
          {tab.state.document.references.length === 0 && <p class="empty">No certificate is assigned.</p>}
          {tab.state.document.references.map((entry) => (
            <Reference key={entry.reference} node={node} entry={entry} held={ownOf(held.state, node)} again={again} />
          ))}
          <Trial node={node} again={again} />
        </>
      )
    default:
      return tab.state satisfies never
  }
}

function ownOf(state: Loading<readonly HeldCertificate[]>, node: string): readonly HeldCertificate[] {
  return state.kind === 'loaded' ? state.document.filter((each) => each.node === node) : []
}

interface ReferenceProps {
  readonly node: string
  readonly entry: SecurityTab['references'][number]
  readonly held: readonly HeldCertificate[]
  readonly again: () => void
}

function Reference({ node, entry, held, again }: ReferenceProps): JSX.Element {
  const { reference, certificate, valid, verdicts } = entry
  const change = useChange(again)
  const current = held.find(({ references }) => references.some((each) => each === reference))?.name ?? ''
  return (
    <section class="reference">
      <h2>
        {reference} <State tone={valid ? 'good' : 'bad'} text={valid ? 'valid' : (verdicts[0]?.code ?? 'not valid')} />
      </h2>
      <dl class="facts">
        <Fact name="Issued to" value={certificate?.subject} />
        <Fact name="Issued by" value={certificate?.issuer} />
        <Fact name="Names" value={certificate?.subjectAltNames.join(', ')} />
        <Fact name="Serial" value={certificate?.serial} />
        <Fact name="In old events" value={certificate?.serialReversed} />
        <Fact name="Valid" value={certificate && `${certificate.notBefore} to ${certificate.notAfter}`} />
      </dl>
      <div class="actions">
        <Picker
          label={`Certificate of ${reference}`}
          held={held}
          current={current}
          disabled={change.isClosed}
          pick={(name) => void change.run(`/api/nodes/${node}/assign`, { reference, certificate: name })}
        />
        <button
          type="button"
          disabled={change.isClosed}
          onClick={() => void change.run(`/api/nodes/${node}/unassign`, { reference })}
        >
          Delete certificate
        </button>
      </div>
      {change.failure !== undefined && <Failed failure={change.failure} />}
    </section>
  )
}

interface PickerProps {
  readonly label: string
  readonly held: readonly HeldCertificate[]
  readonly current: string
  readonly disabled: boolean
  readonly pick: (name: string) => void
}

function Picker({ label, held, current, disabled, pick }: PickerProps): JSX.Element {
  return (
    <label class="field picker">
      {label}
      <select value={current} disabled={disabled} onChange={({ currentTarget }) => pick(currentTarget.value)}>
        {current === '' && <option value="">choose one…</option>}
        {held.map(({ name, certificate: { subject, notAfter }, revoked }) => (
          <option key={name} value={name}>
            {`${name}: ${subject}, ${leftText((Date.parse(notAfter) - Date.now()) / 1000)}${revoked ? ', revoked' : ''}`}
          </option>
        ))}
      </select>
    </label>
  )
}

interface LockedOutProps {
  readonly node: string
  readonly failure: Failure
  readonly held: readonly HeldCertificate[]
  readonly again: () => void
  readonly open: (force: boolean) => void
}

/** As the old console answered a click on Security. */
function LockedOut({ node, failure, held, again, open }: LockedOutProps): JSX.Element {
  const change = useChange(again)
  const [reference, setReference] = useState('listener')
  const references = [...new Set(held.flatMap((each) => each.references))]
  return (
    <div class="locked">
      <div class="prompt" role="alertdialog" aria-labelledby="locked-title" aria-describedby="locked-text">
        <h2 id="locked-title">✕ Invalid certificate</h2>
        <p id="locked-text">{failure.message}</p>
        {failure.detail?.verdict?.found !== undefined && <p>Found: {failure.detail.verdict.found}</p>}
      </div>
      <h2>The way back</h2>
      <ol class="way">
        <li>
          <Trial node={node} again={again} />
        </li>
        <li>
          Let the reference use it:
          <div class="actions">
            <label class="field">
              Reference
              <select value={reference} onChange={({ currentTarget }) => setReference(currentTarget.value)}>
                {[...new Set(['listener', ...references])].map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </select>
            </label>
            <Picker
              label="Certificate"
              held={held}
              current=""
              disabled={change.isClosed}
              pick={(name) => void change.run(`/api/nodes/${node}/assign`, { reference, certificate: name })}
            />
          </div>
        </li>
        <li>The tab opens again. Untick MTLS on the General tab and delete the certificate here, in this order.</li>
      </ol>
      {change.failure !== undefined && <Failed failure={change.failure} />}
      <button type="button" class="quiet" onClick={() => open(true)}>
        Open it all the same (--force)
      </button>
    </div>
  )
}

/** A trial certificate, as an authority of those days gave it away. */
function Trial({ node, again }: { readonly node: string; readonly again: () => void }): JSX.Element {
  const change = useChange(again)
  const [valid, setValid] = useState('14d')
  return (
    <form
      class="actions"
      onSubmit={(event) => {
        event.preventDefault()
        void change.run(`/api/nodes/${node}/trial`, { node, valid })
      }}
    >
      <label class="field short">
        Valid for
        <input
          value={valid}
          pattern="\d+(ms|s|m|h|d)?"
          onInput={({ currentTarget }) => setValid(currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={change.isClosed}>
        Get a trial certificate
      </button>
      {change.failure !== undefined && <Failed failure={change.failure} />}
    </form>
  )
}

interface Change {
  readonly isClosed: boolean
  readonly failure: Failure | undefined
  run(path: string, body: object): Promise<void>
}

function useChange(again: () => void): Change {
  const about = useStore(session)
  const [runs, setRuns] = useState(false)
  const [failure, setFailure] = useState<Failure>()
  return {
    isClosed: runs || about?.readOnly !== false,
    failure,
    async run(path, body) {
      setRuns(true)
      setFailure(undefined)
      try {
        await ask({ method: 'POST', path, body })
      } catch (error) {
        setFailure(failureOf(error))
      }
      setRuns(false)
      again()
    },
  }
}
