/**
 * The pool store: what the front ends of one pool share. Writes of one tick make one transaction, answered after its
 * commit.
 */
import type { Kysely } from 'kysely'
import type { Statement } from './backend.ts'
import type { BindingStatements, BindingWrite } from './binding-write.ts'
import { openDatabase } from './database.ts'
import type { Database } from './database.ts'
import type { StoreOptions } from './directory.ts'
import { groupCommit } from './group-commit.ts'
import { poolMigrations } from './migrations.ts'
import { type PresenceStore, presenceStoreOn } from './presence-store.ts'
import type { BindingRow, PoolTables } from './schema.ts'
import type { StoreHealth, StoreSettings } from './settings.ts'

export interface PoolStore {
  readonly health: StoreHealth
  /** Bindings of one address-of-record, expired ones too. One prepared query. */
  bindingsOf(aor: string): Promise<readonly BindingRow[]>
  /** Every binding, in pages: memory is filled from it at start. */
  allBindings(): AsyncIterable<readonly BindingRow[]>
  /**
   * Resolves when it is durable. A row is not replaced when the stored one has the same Call-ID and a CSeq that is not
   * lower (RFC 3261 §10.3 step 7), unless it is the same registration once more: such keys come back in `refused`. Of
   * several writes to one key in one tick the last counts.
   */
  writeBindings(write: BindingWrite): Promise<{ readonly refused: readonly BindingRow[] }>
  /** Removes bindings and subscriptions whose time is over; how many. */
  removeExpired(before: number): Promise<number>
  /** Removes everything of one address-of-record. */
  removeUser(aor: string): Promise<void>
  /** What the presence service keeps. */
  readonly presence: PresenceStore
  whenUp(callback: () => void): void
  /** Lets queued writes finish, then closes. */
  close(): Promise<void>
}

const pageRows = 2000

/**
 * Opens the pool store and makes its tables when they are missing; like `openDirectory`, also when the database is
 * away.
 */
export async function openPoolStore(
  settings: StoreSettings,
  { clock, onHealth = () => undefined }: StoreOptions,
): Promise<PoolStore> {
  const database = await openDatabase<PoolTables>({
    settings,
    schema: 'pool_store',
    migrations: poolMigrations,
    clock,
    writes: true,
    onHealth,
  })
  return poolStoreOn(database)
}

function poolStoreOn(database: Database<PoolTables>): PoolStore {
  const { kysely } = database
  const byAor = kysely.selectFrom('bindings').selectAll().where('aor', '=', '').compile().sql
  const commit = groupCommit(database, bindingStatements(kysely))
  const presence = presenceStoreOn(kysely)
  return {
    get health() {
      return database.health
    },
    presence,
    whenUp: (callback) => database.whenUp(callback),
    async bindingsOf(aor) {
      const { rows } = await database.run({ sql: byAor, parameters: [aor] })
      return rows as readonly BindingRow[]
    },
    allBindings: () => pages(kysely),
    writeBindings: (write) => commit.write(write),
    async removeExpired(before) {
      const result = await kysely.deleteFrom('bindings').where('expires', '<=', before).executeTakeFirst()
      return Number(result.numDeletedRows) + (await presence.removeExpired(before))
    },
    async removeUser(aor) {
      await kysely.deleteFrom('bindings').where('aor', '=', aor).execute()
      await kysely.deleteFrom('user_documents').where('owner', '=', aor).execute()
      await kysely
        .deleteFrom('subscriptions')
        .where((where) => where.or([where('watcher', '=', aor), where('resource', '=', aor)]))
        .execute()
    },
    async close() {
      await commit.drained()
      await database.close()
    },
  }
}

async function* pages(kysely: Kysely<PoolTables>): AsyncIterable<readonly BindingRow[]> {
  let last: BindingRow | undefined
  do {
    let query = kysely.selectFrom('bindings').selectAll().orderBy('aor').orderBy('binding_key').limit(pageRows)
    const after = last
    if (after !== undefined) {
      query = query.where((where) =>
        where.or([
          where('aor', '>', after.aor),
          where.and([where('aor', '=', after.aor), where('binding_key', '>', after.binding_key)]),
        ]),
      )
    }
    const rows = await query.execute()
    last = rows.length === pageRows ? rows.at(-1) : undefined
    if (rows.length > 0) yield rows
  } while (last !== undefined)
}

/** Rows of one statement; fixed sizes, so that few texts exist and the database can keep them prepared. */
const sizes = [64, 16, 4, 1] as const

const columns: readonly (keyof BindingRow)[] = [
  'aor',
  'binding_key',
  'contact',
  'q',
  'expires',
  'call_id',
  'cseq',
  'path',
  'instance',
  'reg_id',
  'epid',
  'owner',
  'owner_route',
  'flow',
  'user_agent',
  'received',
]

function bindingStatements(kysely: Kysely<PoolTables>): BindingStatements {
  const putTexts = new Map(sizes.map((size) => [size, upsertText(kysely, size)]))
  const removeText = kysely.deleteFrom('bindings').where('aor', '=', '').where('binding_key', '=', '').compile().sql
  const removeFlowText = kysely
    .deleteFrom('bindings')
    .where('aor', '=', '')
    .where('binding_key', '=', '')
    .where('flow', '=', '')
    .compile().sql
  return {
    put(rows) {
      const statements: Statement[] = []
      for (let from = 0; from < rows.length; ) {
        const size = sizes.find((one) => one <= rows.length - from) ?? 1
        const parameters = rows.slice(from, from + size).flatMap((row) => columns.map((column) => row[column]))
        statements.push({ sql: putTexts.get(size) ?? '', parameters })
        from += size
      }
      return statements
    },
    remove: (removals) =>
      removals.map(({ aor, key, flow }) =>
        flow === undefined
          ? { sql: removeText, parameters: [aor, key] }
          : { sql: removeFlowText, parameters: [aor, key, flow] },
      ),
  }
}

function upsertText(kysely: Kysely<PoolTables>, size: number): string {
  return kysely
    .insertInto('bindings')
    .columns([...columns])
    .values(Array.from({ length: size }, () => emptyRow))
    .onConflict((conflict) =>
      conflict
        .columns(['aor', 'binding_key'])
        .doUpdateSet((set) =>
          Object.fromEntries(columns.slice(2).map((column) => [column, set.ref(`excluded.${column}`)])),
        )
        .where((where) =>
          where.or([
            where('bindings.call_id', '!=', where.ref('excluded.call_id')),
            where('bindings.cseq', '<', where.ref('excluded.cseq')),
            where.and([
              where('bindings.cseq', '=', where.ref('excluded.cseq')),
              where('bindings.contact', '=', where.ref('excluded.contact')),
              where('bindings.q', '=', where.ref('excluded.q')),
            ]),
          ]),
        ),
    )
    .returning(['aor', 'binding_key'])
    .compile().sql
}

const emptyRow: BindingRow = {
  aor: '',
  binding_key: '',
  contact: '',
  q: 0,
  expires: 0,
  call_id: '',
  cseq: 0,
  path: '',
  instance: '',
  reg_id: 0,
  epid: '',
  owner: '',
  owner_route: '',
  flow: '',
  user_agent: '',
  received: '',
}
