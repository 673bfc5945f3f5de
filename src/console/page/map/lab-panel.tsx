/** The panel beside the map while nothing on the map is selected: problems, active faults, users signed in. */
import type { JSX } from 'preact'
import type { Registration } from '../documents.ts'
import { State } from '../parts/state.tsx'
import { toneOfState } from '../words.ts'
import { HealButton } from './heal-button.tsx'
import type { MapLink, MapProps } from './links.ts'

interface LabPanelProps extends MapProps {
  readonly links: readonly MapLink[]
  readonly registrations: readonly Registration[]
  readonly select: (at: string | undefined) => void
}

export function LabPanel({ plan, live, links, registrations, select }: LabPanelProps): JSX.Element {
  const down = links.filter(({ state }) => state === 'down')
  const ill = live.nodes.filter(({ state }) => state !== 'ready')
  const helpers = live.nodes.filter(({ role }) => role === 'dns' || role === 'pki')
  return (
    <>
      <h2>{live.lab}</h2>
      <p class="soft">
        {plan.about} Profile {plan.profile.name}, domain {plan.domain}.
      </p>
      {!live.running && (
        <p class="notice bad">
          The lab is down. <code>siplab up {live.lab}</code> brings it up.
        </p>
      )}
      <h3>What is wrong</h3>
      {down.length + ill.length === 0 ? (
        <p>
          <State tone="good" text="Every node is ready, no link is down." />
        </p>
      ) : (
        <ul class="rows">
          {ill.map(({ name, state, verdict }) => (
            <li key={name}>
              <button type="button" class="row" onClick={() => select(name)}>
                <State tone={toneOfState(state)} text={`${name} is ${state}`} /> <code>{verdict?.code}</code>
              </button>
            </li>
          ))}
          {down.map(({ id, link }) => (
            <li key={id}>
              <button type="button" class="row" onClick={() => select(id)}>
                <State tone="bad" text={`${id} is down`} /> <code>{link.verdict?.code}</code>
              </button>
            </li>
          ))}
        </ul>
      )}
      <Faults live={live} />
      <h3>Phones signed in</h3>
      <Phones registrations={registrations} />
      <h3>Helpers</h3>
      <ul class="rows">
        {helpers.map(({ name, state }) => (
          <li key={name}>
            <button type="button" class="row" onClick={() => select(name)}>
              {name} <State tone={toneOfState(state)} text={state} />
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}

function Faults({ live }: Pick<LabPanelProps, 'live'>): JSX.Element {
  return (
    <>
      <h3>Faults that are on</h3>
      {live.faults.length === 0 ? (
        <p class="soft">None. Choose a node or a link on the map to break it.</p>
      ) : (
        <ul class="rows">
          {live.faults.map(({ target, fault }) => (
            <li key={target} class="row">
              <State tone="warn" text={`${target}: ${fault}`} /> <HealButton target={target} />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function Phones({ registrations }: Pick<LabPanelProps, 'registrations'>): JSX.Element {
  if (registrations.length === 0) return <p class="soft">No one is signed in.</p>
  return (
    <ul class="rows">
      {registrations.map(({ aor, node, contact, userAgent }) => (
        <li key={`${aor} ${contact}`} class="row">
          <span>☎ {aor}</span>
          <span class="soft">
            on {node}
            {userAgent === undefined ? '' : `, ${userAgent}`}
          </span>
        </li>
      ))}
    </ul>
  )
}
