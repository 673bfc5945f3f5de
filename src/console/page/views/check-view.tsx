/** Check: the connectivity analyzer as a tree that fills in while it walks. */
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { askSlowly, type Failure } from '../api.ts'
import type { CheckReport, Step } from '../documents.ts'
import { failureOf } from '../loading.ts'
import { Failed } from '../parts/problem.tsx'
import { State } from '../parts/state.tsx'
import { Fact } from '../parts/verdict.tsx'
import { session } from '../session.ts'
import { status } from '../live.ts'
import { useStore } from '../store.ts'
import type { Tone } from '../words.ts'

type Walk =
  | { readonly kind: 'none' }
  | { readonly kind: 'runs'; readonly lines: readonly string[] }
  | { readonly kind: 'done'; readonly report: CheckReport }
  | { readonly kind: 'failed'; readonly failure: Failure }

const tones: Readonly<Record<Step['outcome'], Tone>> = {
  ok: 'good',
  note: 'calm',
  warning: 'warn',
  failed: 'bad',
  'not-tried': 'calm',
}

export function CheckView(): JSX.Element {
  const about = useStore(session)
  const lab = useStore(status)
  const [target, setTarget] = useState('')
  const [walk, setWalk] = useState<Walk>({ kind: 'none' })
  const gone = useRef(new AbortController())
  useEffect(() => () => gone.current.abort(), [])
  const run = async (event: Event): Promise<void> => {
    event.preventDefault()
    gone.current = new AbortController()
    setWalk({ kind: 'runs', lines: [] })
    const onProgress = (line: string): void =>
      setWalk((now) => (now.kind === 'runs' ? { kind: 'runs', lines: [...now.lines, line] } : now))
    try {
      const request = { method: 'POST', path: '/api/check', body: { target } } as const
      const { document } = await askSlowly<CheckReport>(request, onProgress, gone.current.signal)
      setWalk({ kind: 'done', report: document })
    } catch (error) {
      if (!gone.current.signal.aborted) setWalk({ kind: 'failed', failure: failureOf(error) })
    }
  }
  return (
    <div class="view">
      <h1>Check</h1>
      <form class="filters" onSubmit={run}>
        <label class="field wide">
          A SIP URI, a domain, host:port, or a node of this lab
          <input
            value={target}
            list="targets"
            placeholder="director, sip:alice@lab.test, sip.example.com:5061"
            onInput={({ currentTarget }) => setTarget(currentTarget.value)}
          />
          <datalist id="targets">
            {lab?.nodes.map(({ name }) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </label>
        <button
          type="submit"
          class="main low"
          disabled={walk.kind === 'runs' || target.trim() === '' || about?.readOnly !== false}
        >
          {walk.kind === 'runs' ? 'Checking…' : 'Check'}
        </button>
      </form>
      {walk.kind === 'none' && (
        <p class="empty">
          A check takes the steps of a client: discovery, TCP, TLS, certificates, the first SIP answer.
        </p>
      )}
      {walk.kind === 'runs' && <Lines lines={walk.lines} />}
      {walk.kind === 'failed' && <Failed failure={walk.failure} />}
      {walk.kind === 'done' && <Report report={walk.report} />}
    </div>
  )
}

function Lines({ lines }: { readonly lines: readonly string[] }): JSX.Element {
  return (
    <pre class="message" role="log">
      {lines.length === 0 ? 'The first step…' : lines.join('\n')}
    </pre>
  )
}

function Report({ report }: { readonly report: CheckReport }): JSX.Element {
  return (
    <section class="panel" aria-label="The report">
      <h2>
        {report.target} <State tone={report.ok ? 'good' : 'bad'} text={report.ok ? 'all is well' : report.code} />
      </h2>
      <p class="soft">
        As {report.profile}, {report.at}, {report.ms} ms
      </p>
      <Steps steps={report.steps} />
    </section>
  )
}

function Steps({ steps }: { readonly steps: readonly Step[] }): JSX.Element {
  return (
    <ul class="tree">
      {steps.map((step, at) => (
        <li key={`${at} ${step.id}`}>
          <details open={step.steps.some(isBad) || step.outcome === 'failed'}>
            <summary>
              <State tone={tones[step.outcome]} text={step.outcome} /> {step.title}{' '}
              <span class="soft">{step.ms} ms</span>
            </summary>
            <p>{step.sentence}</p>
            <dl class="facts">
              <Fact name="Fix" value={step.remedy} />
              {Object.entries(step.evidence).map(([name, value]) => (
                <Fact key={name} name={name} value={Array.isArray(value) ? value.join(', ') : String(value)} />
              ))}
            </dl>
            {step.steps.length > 0 && <Steps steps={step.steps} />}
          </details>
        </li>
      ))}
    </ul>
  )
}

function isBad({ outcome, steps }: Step): boolean {
  return outcome === 'failed' || steps.some(isBad)
}
