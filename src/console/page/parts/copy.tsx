import type { JSX } from 'preact'
import { useState } from 'preact/hooks'

/** Copies a text; says so for a moment. */
export function Copy({ text, what }: { readonly text: string; readonly what: string }): JSX.Element {
  const [said, setSaid] = useState('Copy')
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setSaid('Copied'),
      () => setSaid('Not allowed'),
    )
    setTimeout(() => setSaid('Copy'), 2000)
  }
  return (
    <button type="button" class="quiet small" onClick={copy} aria-label={`Copy the ${what}`}>
      {said}
    </button>
  )
}
