/** A node that was chosen on the map: its state, its certificates, its links, and what can be done to it. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { ask } from '../api.ts'
import type { Registration, StatusDocument, StatusNode, TimelineEntry } from '../documents.ts'
import { failureOf } from '../loading.ts'
import { Problem } from '../parts/problem.tsx'
import { State } from '../parts/state.tsx'
import { Fact, VerdictCard } from '../parts/verdict.tsx'
import { addressOf } from '../routes.ts'
import { session } from '../session.ts'
import { useStore } from '../store.ts'
import { dayText, leftText, toneOfLeft, toneOfState } from '../words.ts'
import { BreakForm } from './break-form.tsx'
import { HealButton } from './heal-button.tsx'

interface NodePanelProps {
  readonly node: StatusNode
  readonly live: StatusDocument
  readonly ends: readonly TimelineEntry[]
  readonly registrations: readonly Registration[]
}

export function NodePanel({ node, live, ends, registrations }: NodePanelProps): JSX.Element {
  const faults = live.faults.filter(({ target }) => target === node.name)
  const own = ends.filter((each) => each.kind === 'certificate' && each.node === node.name)
  const phones = registrations.filter((each) => each.node === node.name).length
  return (
    <>
      <h2>
        {node.name} <State tone={toneOfState(node.state)} text={node.state} />
      </h2>
      <dl class="facts">
        <Fact name="Role" value={node.role} />
        <Fact name="FQDN" value={node.fqdn} />
        <Fact name="Since" value={node.since} />
        <Fact name="Connections" value={node.status === undefined ? undefined : String(node.status.flows)} />
        <Fact name="Signed in" value={phones === 0 ? undefined : `${phones} phones`} />
      </dl>
      <p class="actions">
        <a class="button" href={addressOf('properties', { node: node.name })}>
          Properties
        </a>
        <a class="button" href={addressOf('events', { node: node.name })}>
          Events
        </a>
        <NodeActions node={node} />
      </p>
      {node.verdict !== undefined && <VerdictCard verdict={node.verdict} />}
      {own.length > 0 && <h3>Certificates</h3>}
      <ul class="rows">
        {own.map(({ name, references, notAfter, secondsLeft, warnsAt }) => (
          <li key={name} class="row">
            <span>
              <code>{name}</code> <span class="soft">{references.join(', ') || 'not assigned'}</span>
            </span>
            <State
              tone={toneOfLeft(secondsLeft, warnsAt, Date.now())}
              text={`${leftText(secondsLeft)}, ends ${dayText(notAfter)}`}
            />
          </li>
        ))}
      </ul>
      {faults.map(({ fault, since }) => (
        <div class="notice warn" key={fault}>
          <p>
            The fault <code>{fault}</code> is on since {since}.
          </p>
          <HealButton target={node.name} />
        </div>
      ))}
      {faults.length === 0 && <BreakForm target={node.name} kind={node.role === 'dns' ? 'dns' : 'node'} />}
    </>
  )
}

function NodeActions({ node }: { readonly node: StatusNode }): JSX.Element {
  const about = useStore(session)
  const [runs, setRuns] = useState<string>()
  const [failed, setFailed] = useState<string>()
  const act = async (verb: string): Promise<void> => {
    setRuns(verb)
    setFailed(undefined)
    try {
      await ask({ method: 'POST', path: `/api/nodes/${node.name}/${verb}`, body: {} })
    } catch (error) {
      setFailed(failureOf(error).message)
    }
    setRuns(undefined)
  }
  const verbs = node.state === 'stopped' ? ['start'] : ['restart', 'stop']
  return (
    <>
      {verbs.map((verb) => (
        <button
          type="button"
          key={verb}
          disabled={runs !== undefined || about?.readOnly !== false}
          onClick={() => void act(verb)}
        >
          {runs === verb ? `${verb}…` : verb[0]?.toUpperCase() + verb.slice(1)}
        </button>
      ))}
      {failed !== undefined && <Problem message={failed} />}
    </>
  )
}
