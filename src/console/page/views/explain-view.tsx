/** Explain: a line that is pasted or a file that is dropped, and what it says. Nothing leaves the machine. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { ask, type Failure } from '../api.ts'
import { failureOf } from '../loading.ts'
import { Copy } from '../parts/copy.tsx'
import { Failed } from '../parts/problem.tsx'
import { State } from '../parts/state.tsx'
import { Fact } from '../parts/verdict.tsx'
import { ExplainPicture } from './explain-picture.tsx'
import type { Explanation } from './explanation.ts'
import { Reproduce } from './reproduce.tsx'

const mostOctets = 64 * 1024 * 1024
const examples: readonly string[] = [
  'error:0A000418:SSL routines::tlsv1 alert unknown ca',
  '0x800B0101',
  'javax.net.ssl.SSLHandshakeException: PKIX path building failed',
]

type Answer =
  | { readonly kind: 'none' }
  | { readonly kind: 'runs'; readonly what: string }
  | { readonly kind: 'explained'; readonly what: string; readonly explanation: Explanation }
  | { readonly kind: 'failed'; readonly failure: Failure }

export function ExplainView(): JSX.Element {
  const [text, setText] = useState('')
  const [isOver, setOver] = useState(false)
  const [answer, setAnswer] = useState<Answer>({ kind: 'none' })
  const explain = async (what: string, input: string | Blob): Promise<void> => {
    setAnswer({ kind: 'runs', what })
    try {
      const explanation = await ask<Explanation>({ method: 'POST', path: '/api/explain', input })
      setAnswer({ kind: 'explained', what, explanation })
    } catch (error) {
      setAnswer({ kind: 'failed', failure: failureOf(error) })
    }
  }
  const take = (file: File | undefined): void => {
    if (file === undefined) return
    if (file.size <= mostOctets) return void explain(file.name, file)
    setAnswer({ kind: 'failed', failure: { code: 'page', message: `${file.name} is larger than 64 MB` } })
  }
  return (
    <div class="view">
      <h1>Explain</h1>
      <form
        class={`drop${isOver ? ' over' : ''}`}
        onSubmit={(event) => {
          event.preventDefault()
          void explain('the text', text)
        }}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault()
          setOver(false)
          take(event.dataTransfer?.files[0])
        }}
      >
        <label class="field">
          Paste a line of a log, or drop a file: a log, a capture (pcap, pcapng), certificates and keys
          <textarea
            rows={4}
            value={text}
            spellcheck={false}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <div class="actions">
          <button type="submit" class="main" disabled={text.trim() === ''}>
            Explain
          </button>
          <label class="button">
            Choose a file…
            <input type="file" class="unseen" onChange={({ currentTarget }) => take(currentTarget.files?.[0])} />
          </label>
          <span class="soft">Nothing leaves this machine.</span>
        </div>
      </form>
      {answer.kind === 'none' && <Examples pick={(line) => (setText(line), void explain('the text', line))} />}
      {answer.kind === 'runs' && <p class="loading">Reading {answer.what}…</p>}
      {answer.kind === 'failed' && <Failed failure={answer.failure} />}
      {answer.kind === 'explained' && <Explained what={answer.what} explanation={answer.explanation} />}
    </div>
  )
}

function Examples({ pick }: { readonly pick: (line: string) => void }): JSX.Element {
  return (
    <div class="empty">
      <p>For example:</p>
      {examples.map((line) => (
        <p key={line}>
          <button type="button" class="quiet" onClick={() => pick(line)}>
            <code>{line}</code>
          </button>
        </p>
      ))}
    </div>
  )
}

function headlineOf({ cause, candidates = [], chain }: Explanation): string {
  if (cause) return cause.code
  if (candidates.length > 0) return `One of ${candidates.length} causes`
  return chain === undefined ? 'No cause found' : 'Nothing is wrong with this chain'
}

const ends = { ours: 'ours', theirs: 'theirs', us: 'our end', them: 'the other end' } as const

function Explained({ what, explanation }: { readonly what: string; readonly explanation: Explanation }): JSX.Element {
  const { cause, candidates = [], whoRefused, whoseCertificate, evidence = [], advice = [] } = explanation
  return (
    <section class="panel" aria-label="The answer">
      <h2>
        {headlineOf(explanation)}
        {(cause || candidates.length > 0) && (
          <State tone={cause ? 'good' : 'warn'} text={cause ? 'certain' : 'not certain'} />
        )}
      </h2>
      <p class="soft">
        {what}, read as {explanation.evidenceKind ?? 'several pieces'}
      </p>
      <ExplainPicture explanation={explanation} />
      <dl class="facts">
        <Fact name="Certificate" value={whoseCertificate ? ends[whoseCertificate] : undefined} />
        <Fact name="Refused by" value={whoRefused ? ends[whoRefused] : undefined} />
      </dl>
      {candidates.length > 0 && <h3>What may be the cause</h3>}
      <ul class="rows">
        {candidates.map(({ code, why }) => (
          <li class="row" key={code}>
            <span>
              <code>{code}</code> {why}
            </span>
          </li>
        ))}
      </ul>
      {evidence.length > 0 && <h3>Evidence</h3>}
      <dl class="facts">
        {evidence.slice(0, 20).map(({ where, found }) => (
          <Fact key={`${where} ${found}`} name={where} value={found} />
        ))}
      </dl>
      {explanation.notes?.map((note) => (
        <p class="soft" key={note}>
          {note}
        </p>
      ))}
      {advice.length > 0 && <h3>What to do</h3>}
      {advice.map(({ code, remedy, rule, acts, reproduce }) => (
        <article class="advice" key={code}>
          <p>
            <code>{code}</code> {remedy}
          </p>
          <dl class="facts">
            <Fact name="Rule" value={rule} />
            <Fact name="Acts" value={acts === undefined ? undefined : ends[acts]} />
          </dl>
          {reproduce !== undefined && reproduce.length > 0 && <Reproduce commands={reproduce} />}
        </article>
      ))}
      <Copy text={JSON.stringify(explanation, undefined, 2)} what="answer as JSON" />
    </section>
  )
}
