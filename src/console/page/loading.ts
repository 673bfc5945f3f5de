/** A document that a view needs: requested when the view opens, and again on demand. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import { ask, CommandFailure, type Failure } from './api.ts'

export type Loading<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'loaded'; readonly document: T }
  | { readonly kind: 'failed'; readonly failure: Failure }

export interface Asked<T> {
  readonly state: Loading<T>
  readonly again: () => void
}

/** @param path absent: nothing is asked */
export function useDocument<T>(path: string | undefined): Asked<T> {
  const [state, setState] = useState<Loading<T>>({ kind: 'loading' })
  const [times, setTimes] = useState(0)
  useEffect(() => {
    if (path === undefined) return
    let isCurrent = true
    ask<T>({ method: 'GET', path }).then(
      (document) => isCurrent && setState({ kind: 'loaded', document }),
      (error: unknown) => isCurrent && setState({ kind: 'failed', failure: failureOf(error) }),
    )
    return () => {
      isCurrent = false
    }
  }, [path, times])
  const again = useCallback(() => setTimes((count) => count + 1), [])
  return { state, again }
}

export function failureOf(error: unknown): Failure {
  if (error instanceof CommandFailure) return error.failure
  return { code: 'page', message: error instanceof Error ? error.message : String(error) }
}
