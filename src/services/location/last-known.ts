/**
 * What a look-up last brought, for the time when the store does not answer. Bounded: who is asked for stays, the rest
 * goes.
 */
import type { Binding } from './binding.ts'

export interface LastKnown {
  note(aor: string, bindings: readonly Binding[]): void
  /** undefined: never asked for, or forgotten. */
  of(aor: string): readonly Binding[] | undefined
  forget(aor: string): void
}

/** @param limit addresses-of-record at most; default 20,000 */
export function lastKnown(limit = 20_000): LastKnown {
  let young = new Map<string, readonly Binding[]>()
  let old = new Map<string, readonly Binding[]>()
  return {
    note(aor, bindings) {
      if (young.size >= limit / 2 && !young.has(aor)) {
        old = young
        young = new Map()
      }
      young.set(aor, bindings)
    },
    of: (aor) => young.get(aor) ?? old.get(aor),
    forget(aor) {
      young.delete(aor)
      old.delete(aor)
    },
  }
}
