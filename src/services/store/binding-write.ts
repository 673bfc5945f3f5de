/** A change of bindings in the pool store, and the statements that make it. */
import type { Statement } from './backend.ts'
import type { BindingRow } from './schema.ts'

export interface BindingWrite {
  readonly put: readonly BindingRow[]
  readonly remove: readonly BindingRemoval[]
}

export interface BindingRemoval {
  readonly aor: string
  readonly key: string
  /** Only when it still has this flow; undefined: in any case. */
  readonly flow: string | undefined
}

export interface BindingStatements {
  /** As few statements as fixed sizes allow; each is compiled once and prepared. */
  put(rows: readonly BindingRow[]): readonly Statement[]
  remove(removals: readonly BindingRemoval[]): readonly Statement[]
}
