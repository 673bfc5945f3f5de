/** A verdict: what broke, the rule, what was found, and the remedy. */
import type { JSX } from 'preact'
import type { Verdict } from '../documents.ts'

export function VerdictCard({ verdict }: { readonly verdict: Verdict }): JSX.Element {
  const { code, message, rule, found, fix, windows, certificate, node, link, direction, others = [] } = verdict
  return (
    <article class="verdict">
      <p class="title">
        <code>{code}</code> {message}
      </p>
      <dl class="facts">
        <Fact
          name="Seen by"
          value={node === undefined ? undefined : [node, link, direction].filter(Boolean).join(', ')}
        />
        <Fact name="Rule" value={rule} />
        <Fact name="Found" value={found} />
        <Fact name="Fix" value={fix} />
        <Fact
          name="Windows"
          value={
            windows === undefined
              ? undefined
              : `${windows.hresult} ${windows.name}${windows.inferred ? ' (our mapping)' : ''}`
          }
        />
        <Fact name="Certificate" value={certificate?.subject} />
        <Fact name="Serial" value={certificate?.serial} />
        <Fact
          name="Valid"
          value={certificate === undefined ? undefined : `${certificate.notBefore} to ${certificate.notAfter}`}
        />
      </dl>
      {others.map((other) => (
        <p class="soft" key={`${other.code} ${other.node ?? ''}`}>
          Also <code>{other.code}</code> {other.message}
        </p>
      ))}
    </article>
  )
}

export function Fact({
  name,
  value,
}: {
  readonly name: string
  readonly value: string | undefined
}): JSX.Element | null {
  if (value === undefined || value === '') return null
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  )
}
