/**
 * Collects the writes of one turn of the event loop, and those that come while a commit runs, into one transaction.
 * A thousand REGISTERs that arrive together wait for one disk write; none is answered before it.
 */
import type { Statement, StatementResult } from './backend.ts'
import type { BindingRemoval, BindingStatements, BindingWrite } from './binding-write.ts'
import type { BindingRow } from './schema.ts'
import { waitingLimit } from './settings.ts'
import { StoreError } from './store-error.ts'

interface Waiter {
  readonly keys: readonly string[]
  /** Rows that an earlier write of the same batch had overtaken. */
  readonly late: readonly BindingRow[]
  readonly resolve: (result: { readonly refused: readonly BindingRow[] }) => void
  readonly reject: (error: unknown) => void
}

type Pending =
  | { readonly kind: 'put'; readonly row: BindingRow }
  | { readonly kind: 'remove'; readonly removal: BindingRemoval }

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
  return new BindingCommit(database, statements)
}

class BindingCommit implements GroupCommit {
  readonly #database: Committer
  readonly #statements: BindingStatements
  #collecting: Batch = emptyBatch()
  #running: Promise<void> | undefined

  constructor(database: Committer, statements: BindingStatements) {
    this.#database = database
    this.#statements = statements
  }

  write({ put, remove }: BindingWrite): Promise<{ readonly refused: readonly BindingRow[] }> {
    if (put.length + remove.length === 0) return Promise.resolve({ refused: [] })
    if (this.#collecting.waiters.length >= waitingLimit)
      return Promise.reject(new StoreError('store.busy', `${waitingLimit} writes are waiting already`))
    const { changes, waiters } = this.#collecting
    for (const removal of remove)
      if (!isMoved(removal, changes)) changes.set(keyOf(removal.aor, removal.key), { kind: 'remove', removal })
    const late = put.filter((row) => isOvertaken(row, changes))
    const inTime = late.length === 0 ? put : put.filter((row) => !late.includes(row))
    for (const row of inTime) changes.set(keyOf(row.aor, row.binding_key), { kind: 'put', row })
    return new Promise((resolve, reject) => {
      waiters.push({ keys: inTime.map((row) => keyOf(row.aor, row.binding_key)), late, resolve, reject })
      this.#running ??= this.#commitAll()
    })
  }

  async drained(): Promise<void> {
    await this.#running
  }

  async #commitAll(): Promise<void> {
    await endOfTurn()
    while (this.#collecting.waiters.length > 0) {
      const batch = this.#collecting
      this.#collecting = emptyBatch()
      await this.#commit(batch)
    }
    this.#running = undefined
  }

  async #commit(batch: Batch): Promise<void> {
    const { puts, removals } = inOrder(batch)
    const putting = this.#statements.put(puts)
    const all = [...this.#statements.remove(removals), ...putting]
    try {
      const results = await this.#database.transaction(all).catch((error: unknown) => this.#onceMore(error, all))
      const written = keysOf(results.slice(results.length - putting.length))
      for (const waiter of batch.waiters) waiter.resolve({ refused: refusedOf(waiter, batch, written) })
    } catch (error) {
      for (const waiter of batch.waiters) waiter.reject(error)
    }
  }

  /** A deadlock or a serialisation failure asks for exactly this; nothing of the first attempt is left. */
  #onceMore(error: unknown, all: readonly Statement[]): Promise<readonly StatementResult[]> {
    if (error instanceof StoreError && error.code === 'store.busy') return this.#database.transaction(all)
    throw error
  }
}

/** One order for all front ends: two transactions then wait for each other's rows in turn, not in a circle. */
function inOrder({ changes }: Batch): { readonly puts: BindingRow[]; readonly removals: BindingRemoval[] } {
  const puts: BindingRow[] = []
  const removals: BindingRemoval[] = []
  for (const change of changes.values()) {
    if (change.kind === 'put') puts.push(change.row)
    else removals.push(change.removal)
  }
  puts.sort((a, b) => (keyOf(a.aor, a.binding_key) < keyOf(b.aor, b.binding_key) ? -1 : 1))
  return { puts, removals }
}

function keysOf(results: readonly StatementResult[]): ReadonlySet<string> {
  return new Set(
    results.flatMap((result) => (result.rows as readonly BindingRow[]).map((row) => keyOf(row.aor, row.binding_key))),
  )
}

function emptyBatch(): Batch {
  return { changes: new Map(), waiters: [] }
}

function keyOf(aor: string, key: string): string {
  return `${aor}\n${key}`
}

function refusedOf(waiter: Waiter, batch: Batch, written: ReadonlySet<string>): readonly BindingRow[] {
  const refused = [...waiter.late]
  for (const key of waiter.keys) {
    const change = batch.changes.get(key)
    if (change?.kind === 'put' && !written.has(key)) refused.push(change.row)
  }
  return refused
}

/** The rule the upsert keeps for rows that are stored, for those that are about to be. */
function isOvertaken(row: BindingRow, changes: ReadonlyMap<string, Pending>): boolean {
  const pending = changes.get(keyOf(row.aor, row.binding_key))
  if (pending?.kind !== 'put' || pending.row.call_id !== row.call_id || pending.row.cseq < row.cseq) return false
  return pending.row.cseq > row.cseq || pending.row.contact !== row.contact || pending.row.q !== row.q
}

/** The end of a flow takes nothing from a registration that came by another flow and is about to be stored. */
function isMoved({ aor, key, flow }: BindingRemoval, changes: ReadonlyMap<string, Pending>): boolean {
  const pending = changes.get(keyOf(aor, key))
  return flow !== undefined && pending?.kind === 'put' && pending.row.flow !== flow
}

/** Everything that one read of the sockets brought comes before it. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
