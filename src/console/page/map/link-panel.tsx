/** A link that was chosen on the map: both directions, each with the last verdict of the end that dials. */
import type { JSX } from 'preact'
import type { StatusDocument } from '../documents.ts'
import { State } from '../parts/state.tsx'
import { Fact, VerdictCard } from '../parts/verdict.tsx'
import { toneOfState } from '../words.ts'
import { BreakForm } from './break-form.tsx'
import { HealButton } from './heal-button.tsx'
import type { MapLink } from './links.ts'

interface LinkPanelProps {
  readonly link: MapLink
  readonly links: readonly MapLink[]
  readonly live: StatusDocument
}

export function LinkPanel({ link, links, live }: LinkPanelProps): JSX.Element {
  const back = links.find(({ id }) => id === `${link.to}->${link.from}`)
  const fault = live.faults.find(({ target }) => target === link.id)
  return (
    <>
      <h2>
        {link.from} → {link.to}
      </h2>
      <Direction link={link} />
      {back !== undefined && <Direction link={back} />}
      {fault === undefined ? (
        <BreakForm target={link.id} kind="link" />
      ) : (
        <div class="notice warn">
          <p>
            The fault <code>{fault.fault}</code> is on since {fault.since}.
          </p>
          <HealButton target={link.id} />
        </div>
      )}
    </>
  )
}

function Direction({ link: { from, to, state, link } }: { readonly link: MapLink }): JSX.Element {
  return (
    <section>
      <h3>
        {from} dials {to} <State tone={toneOfState(state)} text={state} />
      </h3>
      <dl class="facts">
        <Fact name="Name dialled" value={link.peer} />
        <Fact name="Since" value={link.since} />
      </dl>
      {link.verdict !== undefined && <VerdictCard verdict={link.verdict} />}
    </section>
  )
}
