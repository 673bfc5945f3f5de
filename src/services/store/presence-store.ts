/** The rows of the presence service in the pool store: subscriptions, and the documents of users. */
import type { Kysely } from 'kysely'
import type { PoolTables, SubscriptionRow } from './schema.ts'

interface UserDocument {
  readonly version: number
  /** JSON. */
  readonly state: string
}

export interface PresenceStore {
  /** undefined: the user has none of that kind. */
  document(owner: string, kind: string): Promise<UserDocument | undefined>
  /**
   * False: the stored version is another one, and nothing was written.
   *
   * @param version the one that the change was made from; 0: there was none
   */
  putDocument(owner: string, kind: string, state: string, version: number): Promise<boolean>
  /** Those that run at `wall`. */
  watchersOf(resource: string, event: string, wall: number): Promise<readonly SubscriptionRow[]>
  /** Of one dialog, or of one watcher; those that run at `wall`. */
  subscriptionsOf(by: { readonly watcher: string }, wall: number): Promise<readonly SubscriptionRow[]>
  putSubscriptions(rows: readonly SubscriptionRow[]): Promise<void>
  /** False: the row is gone or its state is not `before`, and nothing was written. */
  replaceState(dialog: string, before: string, after: string): Promise<boolean>
  removeSubscriptions(dialogs: readonly string[]): Promise<void>
  /** Removes subscriptions whose time is over; how many. */
  removeExpired(before: number): Promise<number>
}

/** Rows of one statement. */
const batch = 50

export function presenceStoreOn(kysely: Kysely<PoolTables>): PresenceStore {
  const running = (wall: number) => kysely.selectFrom('subscriptions').selectAll().where('expires', '>', wall)
  return {
    async document(owner, kind) {
      const row = await kysely
        .selectFrom('user_documents')
        .select(['version', 'state'])
        .where('owner', '=', owner)
        .where('kind', '=', kind)
        .executeTakeFirst()
      return row === undefined ? undefined : { version: Number(row.version), state: row.state }
    },
    putDocument: (owner, kind, state, version) => putDocument(kysely, { owner, kind, state, version }),
    async watchersOf(resource, event, wall) {
      return asRows(
        await running(wall).where('resource', '=', resource).where('event', '=', event).orderBy('dialog').execute(),
      )
    },
    async subscriptionsOf({ watcher }, wall) {
      return asRows(await running(wall).where('watcher', '=', watcher).orderBy('dialog').execute())
    },
    putSubscriptions: (rows) => putSubscriptions(kysely, rows),
    replaceState: (dialog, before, after) => replaceState(kysely, dialog, { before, after }),
    async removeSubscriptions(dialogs) {
      for (let from = 0; from < dialogs.length; from += batch)
        await kysely
          .deleteFrom('subscriptions')
          .where('dialog', 'in', dialogs.slice(from, from + batch))
          .execute()
    },
    async removeExpired(before) {
      const result = await kysely.deleteFrom('subscriptions').where('expires', '<=', before).executeTakeFirst()
      return Number(result.numDeletedRows)
    },
  }
}

async function putSubscriptions(kysely: Kysely<PoolTables>, rows: readonly SubscriptionRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += batch)
    await kysely
      .insertInto('subscriptions')
      .values(rows.slice(from, from + batch))
      .onConflict((conflict) =>
        conflict
          .column('dialog')
          .doUpdateSet((set) => ({ expires: set.ref('excluded.expires'), state: set.ref('excluded.state') })),
      )
      .execute()
}

async function replaceState(
  kysely: Kysely<PoolTables>,
  dialog: string,
  { before, after }: { readonly before: string; readonly after: string },
): Promise<boolean> {
  const result = await kysely
    .updateTable('subscriptions')
    .set({ state: after })
    .where('dialog', '=', dialog)
    .where('state', '=', before)
    .executeTakeFirst()
  return Number(result.numUpdatedRows) === 1
}

async function putDocument(
  kysely: Kysely<PoolTables>,
  { owner, kind, state, version }: { owner: string; kind: string; state: string; version: number },
): Promise<boolean> {
  if (version === 0) {
    const result = await kysely
      .insertInto('user_documents')
      .values({ owner, kind, state, version: 1 })
      .onConflict((conflict) => conflict.columns(['owner', 'kind']).doNothing())
      .executeTakeFirst()
    return Number(result.numInsertedOrUpdatedRows ?? 0) === 1
  }
  const result = await kysely
    .updateTable('user_documents')
    .set({ state, version: version + 1 })
    .where('owner', '=', owner)
    .where('kind', '=', kind)
    .where('version', '=', version)
    .executeTakeFirst()
  return Number(result.numUpdatedRows) === 1
}

/** PostgreSQL gives a bigint as text. */
function asRows(rows: readonly SubscriptionRow[]): readonly SubscriptionRow[] {
  return rows.map((row) => ({ ...row, expires: Number(row.expires) }))
}
