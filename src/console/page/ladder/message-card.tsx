/** A row that was chosen: its fields with their meaning, what the last hop changed, and the text as it was. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Copy } from '../parts/copy.tsx'
import { Fact } from '../parts/verdict.tsx'
import { meaningOf, readMessage } from './fields.ts'
import { difference, hopBefore, type Row } from './model.ts'

interface CardProps {
  readonly row: Row
  readonly rows: readonly Row[]
  readonly onlyCall: (callId: string) => void
  readonly close: () => void
}

const sheets = ['fields', 'hop', 'text'] as const
const titles = { fields: 'Fields explained', hop: 'Changed by the hop', text: 'As it was sent' }

export function MessageCard({ row, rows, onlyCall, close }: CardProps): JSX.Element {
  const [sheet, setSheet] = useState<(typeof sheets)[number]>('fields')
  const { callId, entry } = row
  return (
    <section class="panel" aria-label="The chosen row">
      <h2>{row.title}</h2>
      <p class="soft">
        {row.time} · {row.from}
        {row.from === row.to ? '' : ` → ${row.to}`} · {entry.transport ?? entry.kind}
        {entry.remote === undefined ? '' : ` · ${entry.local} and ${entry.remote}`}
      </p>
      <div class="actions">
        {entry.text !== undefined &&
          sheets.map((each) => (
            <button type="button" key={each} aria-pressed={each === sheet} onClick={() => setSheet(each)}>
              {titles[each]}
            </button>
          ))}
        {callId !== undefined && (
          <button type="button" onClick={() => onlyCall(callId)}>
            Only this call
          </button>
        )}
        <Copy text={entry.text ?? JSON.stringify(entry)} what="row" />
        <button type="button" class="quiet" onClick={close}>
          Close
        </button>
      </div>
      {entry.text === undefined ? (
        <dl class="facts">
          {factsOf(entry).map(([name, value]) => (
            <Fact key={name} name={name} value={value} />
          ))}
        </dl>
      ) : sheet === 'fields' ? (
        <Fields text={entry.text} />
      ) : sheet === 'hop' ? (
        <Hop row={row} rows={rows} />
      ) : (
        <pre class="message">{entry.text}</pre>
      )}
    </section>
  )
}

function factsOf({ data, handshake, decision, question }: Row['entry']): readonly (readonly [string, string])[] {
  if (decision !== undefined) return decisionFacts(decision)
  if (question !== undefined) return questionFacts(question)
  return Object.entries({ ...data, ...handshake }).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ])
}

function decisionFacts({
  kind,
  policy,
  status,
  because,
  method,
  uri,
  callId,
  to,
}: NonNullable<Row['entry']['decision']>): readonly (readonly [string, string])[] {
  return [
    ['Decision', status === undefined ? kind : `${kind} ${status}`],
    ['Policy', policy],
    ...(because === undefined ? [] : [['Because', because] as const]),
    ['Request', `${method} ${uri}`],
    ...(to === undefined ? [] : [['Next', to] as const]),
    ['Call', callId],
  ]
}

function questionFacts({
  name = 'cannot be read',
  type = '',
  code = 'none was sent',
  answers,
  lateMs,
  view,
}: NonNullable<Row['entry']['question']>): readonly (readonly [string, string])[] {
  return [
    ['Question', `${type} ${name}`.trim()],
    ['View', view],
    ['Answer', code],
    ['Records', answers.length === 0 ? 'none' : answers.join('; ')],
    ...(lateMs === undefined ? [] : [['Held back for', `${lateMs} ms`] as const]),
  ]
}

function Fields({ text }: { readonly text: string }): JSX.Element {
  const { startLine, fields, body } = readMessage(text)
  return (
    <>
      <p>
        <code>{startLine}</code>
      </p>
      <div class="table-box">
        <table class="fields">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Value</th>
              <th scope="col">What it says</th>
            </tr>
          </thead>
          <tbody>
            {fields.map(({ name, value }, at) => (
              <tr key={`${at} ${name}`}>
                <td>{name}</td>
                <td>
                  <code>{value}</code>
                </td>
                <td class="soft">{meaningOf(name) ?? 'Not in the list of this page.'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {body !== '' && <pre class="message">{body}</pre>}
    </>
  )
}

function Hop({ row, rows }: Pick<CardProps, 'row' | 'rows'>): JSX.Element {
  const before = hopBefore(rows, row)
  if (before === undefined) return <p class="empty">This is the first hop of the message that was seen.</p>
  return (
    <>
      <p class="soft">
        From {before.from} → {before.to} to {row.from} → {row.to}: − was there before, + is new.
      </p>
      <pre class="message diff">
        {difference(before.entry.text ?? '', row.entry.text ?? '').map(({ kind, line }, at) => (
          <span
            key={`${at} ${kind}`}
            class={kind}
          >{`${kind === 'added' ? '+' : kind === 'gone' ? '−' : ' '} ${line}\n`}</span>
        ))}
      </pre>
    </>
  )
}
