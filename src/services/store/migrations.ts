/**
 * How the tables come to be, the same steps for every engine.
 *
 * Each step may run twice: two front ends that start together both try, and `if not exists` decides. No advisory locks,
 * no transactional DDL: engines that only speak PostgreSQL's protocol lack one or the other.
 */
import type { Kysely } from 'kysely'
import type { DirectoryTables } from './schema.ts'

export type Migration = (database: Kysely<never>) => Promise<void>

export const directoryMigrations: readonly Migration[] = [
  async (database) => {
    await database.schema
      .createTable('accounts')
      .ifNotExists()
      .addColumn('aor', 'text', (column) => column.primaryKey())
      .addColumn('login', 'text', (column) => column.notNull())
      .addColumn('display_name', 'text', (column) => column.notNull())
      .addColumn('home_pool', 'text', (column) => column.notNull())
      .addColumn('remote', 'integer', (column) => column.notNull())
      .addColumn('enabled', 'integer', (column) => column.notNull())
      .execute()
    await database.schema
      .createTable('credentials')
      .ifNotExists()
      .addColumn('username', 'text', (column) => column.notNull())
      .addColumn('scheme', 'text', (column) => column.notNull())
      .addColumn('realm', 'text', (column) => column.notNull())
      .addColumn('aor', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('credentials_key', ['username', 'scheme', 'realm'] as never)
      .execute()
    await database.schema.createIndex('credentials_by_aor').ifNotExists().on('credentials').column('aor').execute()
    await database.schema
      .createTable('domains')
      .ifNotExists()
      .addColumn('name', 'text', (column) => column.primaryKey())
      .execute()
    await database.schema
      .createTable('trusted_servers')
      .ifNotExists()
      .addColumn('fqdn', 'text', (column) => column.primaryKey())
      .addColumn('version', 'integer', (column) => column.notNull())
      .execute()
    await database.schema
      .createTable('edges')
      .ifNotExists()
      .addColumn('fqdn', 'text', (column) => column.primaryKey())
      .execute()
  },
  async (database) => {
    if (await hasAnonymousCalls(database as unknown as Kysely<DirectoryTables>)) return
    await database.schema
      .alterTable('accounts')
      .addColumn('anonymous_calls', 'integer', (column) => column.notNull().defaultTo(-1))
      .execute()
  },
]

/** SQLite has no `add column if not exists`: the twin of this step may have been here. */
async function hasAnonymousCalls(database: Kysely<DirectoryTables>): Promise<boolean> {
  try {
    await database.selectFrom('accounts').select('anonymous_calls').limit(1).execute()
    return true
  } catch {
    // An outage shows at the next statement.
    return false
  }
}

export const poolMigrations: readonly Migration[] = [
  async (database) => {
    await createBindings(database)
    await createSubscriptions(database)
    await createContacts(database)
  },
]

async function createBindings(database: Kysely<never>): Promise<void> {
  await database.schema
    .createTable('bindings')
    .ifNotExists()
    .addColumn('aor', 'text', (column) => column.notNull())
    .addColumn('binding_key', 'text', (column) => column.notNull())
    .addColumn('contact', 'text', (column) => column.notNull())
    .addColumn('q', 'integer', (column) => column.notNull())
    .addColumn('expires', 'bigint', (column) => column.notNull())
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('cseq', 'bigint', (column) => column.notNull())
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('instance', 'text', (column) => column.notNull())
    .addColumn('reg_id', 'bigint', (column) => column.notNull())
    .addColumn('epid', 'text', (column) => column.notNull())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('owner_route', 'text', (column) => column.notNull())
    .addColumn('flow', 'text', (column) => column.notNull())
    .addColumn('user_agent', 'text', (column) => column.notNull())
    .addColumn('received', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('bindings_key', ['aor', 'binding_key'] as never)
    .execute()
  await database.schema.createIndex('bindings_by_expires').ifNotExists().on('bindings').column('expires').execute()
}

async function createSubscriptions(database: Kysely<never>): Promise<void> {
  await database.schema
    .createTable('subscriptions')
    .ifNotExists()
    .addColumn('dialog', 'text', (column) => column.primaryKey())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('resource', 'text', (column) => column.notNull())
    .addColumn('watcher', 'text', (column) => column.notNull())
    .addColumn('expires', 'bigint', (column) => column.notNull())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .execute()
  await database.schema
    .createIndex('subscriptions_by_resource')
    .ifNotExists()
    .on('subscriptions')
    .columns(['resource', 'event'])
    .execute()
}

async function createContacts(database: Kysely<never>): Promise<void> {
  await database.schema
    .createTable('contacts')
    .ifNotExists()
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('contact', 'text', (column) => column.notNull())
    .addColumn('display_name', 'text', (column) => column.notNull())
    .addColumn('group_names', 'text', (column) => column.notNull())
    .addColumn('subscribed', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('contacts_key', ['owner', 'contact'] as never)
    .execute()
}
