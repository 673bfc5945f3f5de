/** Below the map: the newest warnings and errors, as they arrive from both ends. */
import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { events } from '../live.ts'
import { State } from '../parts/state.tsx'
import { addressOf } from '../routes.ts'
import { useStore } from '../store.ts'
import { clockText, toneOfLevel } from '../words.ts'

const mostShown = 12

export function Troubles(): JSX.Element {
  const all = useStore(events)
  const newest = useMemo(
    () =>
      all
        .filter(({ level }) => level === 'warn' || level === 'error')
        .slice(-mostShown)
        .toReversed(),
    [all],
  )
  return (
    <section class="troubles panel" aria-labelledby="troubles">
      <h2 id="troubles">What both ends say</h2>
      {newest.length === 0 ? (
        <p class="soft">
          No node has logged a warning or an error yet. After a break, both ends report here what they see.
        </p>
      ) : (
        <ol class="rows">
          {newest.map(({ node, seq, time, level, event, message, verdict }) => (
            <li class="trouble" key={`${node} ${seq} ${time}`}>
              <time>{clockText(time)}</time>
              <State tone={toneOfLevel(level)} text={node} />
              <span>
                <code>{verdict?.code ?? event}</code> {verdict?.found ?? message}
              </span>
            </li>
          ))}
        </ol>
      )}
      <p>
        <a href={addressOf('events')}>All events</a>
      </p>
    </section>
  )
}
