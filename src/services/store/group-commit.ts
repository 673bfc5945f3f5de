/**
 * Collects the writes of one turn of the event loop, and those that come while a commit runs, into one transaction.
 * A thousand REGISTERs that arrive together wait for one disk write; none is answered before it.
 */
import type { Statement, StatementResult } from './backend.ts'
import type { BindingRemoval, BindingStatements, BindingWrite } from './pool-store.ts'
import type { BindingRow } from './schema.ts'
import { waitingLimit } from './settings.ts'
import { StoreError } from './store-error.ts'

interface Waiter {
  readonly keys: readonly string[]
  readonly resolve: (result: { readonly refused: readonly BindingRow[] }) => void
  readonly reject: (error: unknown) => void
}

type Pending = { readonly kind: 'put'; readonly row: BindingRow } | { readonly kind: 'remove'; readonly removal: BindingRemoval }

interface Batch {
  readonly changes: Map<string, Pending>
  readonly waiters: Waiter[]
}

export interface GroupCommit {
  write(write: BindingWrite): Promise<{ readonly refused: readonly BindingRow[] }>
  /** Resolves when nothing is queued or under way. */
  drained(): Promise<void>
}

export interface Committer {
  transaction(statements: readonly Statement[]): Promise<readonly StatementResult[]>
}

export function groupCommit(database: Committer, statements: BindingStatements): GroupCommit {
  let collecting: Batch = emptyBatch()
  let running: Promise<void> | undefined

  async function commitAll(): Promise<void> {
    await endOfTurn()
    while (collecting.waiters.length > 0) {
      const batch = collecting
      collecting = emptyBatch()
      await commitBatch(batch)
    }
    running = undefined
  }

  async function commitBatch(batch: Batch): Promise<void> {
    const puts: BindingRow[] = []
    const removals: BindingRemoval[] = []
    for (const change of batch.changes.values()) {
      if (change.kind === 'put') puts.push(change.row)
      else removals.push(change.removal)
    }
    const putting = statements.put(puts)
    try {
      const results = await database.transaction([...statements.remove(removals), ...putting])
      const written = new Set(results.slice(results.length - putting.length).flatMap((result) => (result.rows as readonly BindingRow[]).map((row) => keyOf(row.aor, row.binding_key))))
      for (const waiter of batch.waiters) waiter.resolve({ refused: refusedOf(waiter, batch, written) })
    } catch (error) {
      for (const waiter of batch.waiters) waiter.reject(error)
    }
  }

  return {
    write({ put, remove }) {
      if (put.length + remove.length === 0) return Promise.resolve({ refused: [] })
      if (collecting.waiters.length >= waitingLimit) return Promise.reject(new StoreError('store.busy', `${waitingLimit} writes are waiting already`))
      const { changes, waiters } = collecting
      for (const removal of remove) changes.set(keyOf(removal.aor, removal.key), { kind: 'remove', removal })
      for (const row of put) changes.set(keyOf(row.aor, row.binding_key), { kind: 'put', row })
      return new Promise((resolve, reject) => {
        waiters.push({ keys: put.map((row) => keyOf(row.aor, row.binding_key)), resolve, reject })
        running ??= commitAll()
      })
    },
    async drained() {
      await running
    },
  }
}

function emptyBatch(): Batch {
  return { changes: new Map(), waiters: [] }
}

function keyOf(aor: string, key: string): string {
  return `${aor}\n${key}`
}

function refusedOf(waiter: Waiter, batch: Batch, written: ReadonlySet<string>): readonly BindingRow[] {
  const refused: BindingRow[] = []
  for (const key of waiter.keys) {
    const change = batch.changes.get(key)
    if (change?.kind === 'put' && !written.has(key)) refused.push(change.row)
  }
  return refused
}

/** Everything that one read of the sockets brought comes before it. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
