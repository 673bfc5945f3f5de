/** What went wrong, what was found, and what to do next. */
import type { JSX } from 'preact'
import type { Failure } from '../api.ts'

export function Problem({ message }: { readonly message: string }): JSX.Element {
  return (
    <p class="notice bad" role="alert">
      {message}
    </p>
  )
}

export function Failed({ failure }: { readonly failure: Failure }): JSX.Element {
  const verdict = failure.detail?.verdict
  return (
    <div class="notice bad" role="alert">
      <p>
        <code>{failure.code}</code> {failure.message}
      </p>
      {verdict?.found !== undefined && <p>Found: {verdict.found}</p>}
      {verdict?.fix !== undefined && <p>Fix: {verdict.fix}</p>}
    </div>
  )
}
