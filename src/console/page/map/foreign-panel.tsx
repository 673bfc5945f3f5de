/** A server of somebody else that was chosen on the map: where it is, and how the nodes of the lab reach it. */
import type { JSX } from 'preact'
import type { ForeignServer } from '../documents.ts'
import { State } from '../parts/state.tsx'
import { Fact } from '../parts/verdict.tsx'
import { toneOfState } from '../words.ts'
import type { MapLink } from './links.ts'

interface ForeignPanelProps {
  readonly server: ForeignServer
  readonly links: readonly MapLink[]
  readonly select: (at: string) => void
}

export function ForeignPanel({ server, links, select }: ForeignPanelProps): JSX.Element {
  const { name, fqdn, address, port, certificate } = server
  const own = links.filter(({ to }) => to === name)
  return (
    <>
      <h2>{name}</h2>
      <p>A foreign server: siplab does not run it, and shows how its own nodes reach it.</p>
      <dl class="facts">
        <Fact name="FQDN" value={fqdn} />
        <Fact name="Address" value={`${address}:${port}`} />
        <Fact name="Certificate" value={certificate === undefined ? 'its own' : 'issued by the lab'} />
      </dl>
      {own.length === 0 && <p class="soft">No node of the lab has dialled it.</p>}
      <ul class="rows">
        {own.map(({ id, from, state }) => (
          <li key={id} class="row">
            <button type="button" onClick={() => select(id)}>
              {from} → {name}
            </button>
            <State tone={toneOfState(state)} text={state} />
          </li>
        ))}
      </ul>
    </>
  )
}
