/** The commands that the page ran, as a person would type them: the newest is always visible, the others on demand. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { commandLog, type RunCommand } from '../api.ts'
import { useStore } from '../store.ts'
import { Copy } from './copy.tsx'
import { State } from './state.tsx'

export function CommandStrip(): JSX.Element {
  const all = useStore(commandLog)
  const [isOpen, setOpen] = useState(false)
  const [newest] = all
  return (
    <footer class="commands">
      {newest === undefined ? (
        <p class="soft">Each action of this page is a siplab command. The commands are shown here.</p>
      ) : (
        <Line command={newest} />
      )}
      {all.length > 1 && (
        <button type="button" class="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Fewer' : `All ${all.length}`}
        </button>
      )}
      {isOpen && (
        <ol class="all-commands">
          {all.slice(1).map((command) => (
            <li key={`${command.at} ${command.text}`}>
              <Line command={command} />
            </li>
          ))}
        </ol>
      )}
    </footer>
  )
}

function Line({ command: { text, status } }: { readonly command: RunCommand }): JSX.Element {
  return (
    <span class="command">
      <code>$ {text}</code>
      {status === undefined ? (
        <State tone="calm" text="runs" />
      ) : (
        <State tone={status === 0 ? 'good' : 'warn'} text={`exit ${status}`} />
      )}
      <Copy text={text} what="command" />
    </span>
  )
}
