/**
 * What of the bindings in memory is stored while writes are under way, by address-of-record: a write that fails is
 * undone in memory, so that nothing is answered from what no store has.
 */
import type { Binding } from './binding.ts'
import type { Plan } from './rules.ts'

type Done = Plan & { readonly kind: 'done' }

interface Pending {
  stored: readonly Binding[]
  underWay: number
  failed: boolean
}

export class PendingWrites {
  readonly #byAor = new Map<string, Pending>()

  /** @param stored the bindings before the change; they count only when no other write of that address is under way */
  begin(aor: string, stored: readonly Binding[]): void {
    const known = this.#byAor.get(aor)
    if (known === undefined) this.#byAor.set(aor, { stored, underWay: 1, failed: false })
    else known.underWay += 1
  }

  /** What the store has of that address-of-record; undefined: what memory has. */
  storedOf(aor: string): readonly Binding[] | undefined {
    return this.#byAor.get(aor)?.stored
  }

  /**
   * @param written undefined: the store did not take it
   * @returns the bindings that memory has to go back to; undefined: it has them
   */
  end(aor: string, written: Done | undefined): readonly Binding[] | undefined {
    const pending = this.#byAor.get(aor)
    if (pending === undefined) return undefined
    if (written === undefined) pending.failed = true
    else pending.stored = changed(pending.stored, written)
    pending.underWay -= 1
    if (pending.underWay > 0) return undefined
    this.#byAor.delete(aor)
    return pending.failed ? pending.stored : undefined
  }
}

function changed(stored: readonly Binding[], { put, remove }: Done): readonly Binding[] {
  const keys = new Set([...put, ...remove].map(({ key }) => key))
  return [...stored.filter(({ key }) => !keys.has(key)), ...put]
}
