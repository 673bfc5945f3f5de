/** The directory: who the users are, which servers are trusted. Directors and front ends read it, commands write it. */
import { sql } from 'kysely'
import type { Clock } from '../../sip/clock.ts'
import { openDatabase } from './database.ts'
import type { Database } from './database.ts'
import { directoryMigrations } from './migrations.ts'
import type { AccountRow, CredentialRow, DirectoryTables } from './schema.ts'
import type { StoreHealth, StoreSettings } from './settings.ts'

export interface Account {
  /** `sip:alice@lab.test` */
  readonly aor: string
  /** `alice` */
  readonly login: string
  readonly displayName: string
  /** FQDN of the pool that homes the user. */
  readonly homePool: string
  /** May sign in from outside. */
  readonly remote: boolean
  readonly enabled: boolean
  /**
   * Takes requests without an identity, from a server that asserts none. Absent: those that come by a static
   * route.
   */
  readonly anonymousCalls?: boolean | undefined
}

/** One row of the table `credentials`; see the schema for the fields. */
export type Credential = Readonly<CredentialRow>

interface TrustedServer {
  readonly fqdn: string
  /** 1: LCS 2003, 2: LCS 2005 SP1. */
  readonly version: number
}

/** Parts of names and of addresses, lower case. */
export interface DirectoryFilter {
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}

export interface Directory {
  readonly health: StoreHealth
  account(aor: string): Promise<Account | undefined>
  credential(username: string, scheme: string, realm: string): Promise<Credential | undefined>
  accounts(): Promise<readonly Account[]>
  /** Enabled accounts that contain every text, `limit` at most. */
  search(filter: DirectoryFilter, limit: number): Promise<readonly Account[]>
  domains(): Promise<readonly string[]>
  trustedServers(): Promise<readonly TrustedServer[]>
  edges(): Promise<readonly string[]>
  /** Adds or replaces an account; its old credentials go, these come. */
  putAccount(account: Account, credentials: readonly Credential[]): Promise<void>
  /** The account as it is then; undefined: there is none. */
  setEnabled(aor: string, enabled: boolean): Promise<Account | undefined>
  /** False: there was none. */
  removeAccount(aor: string): Promise<boolean>
  /** Replaces the three lists as a whole. */
  putLists(lists: {
    readonly domains: readonly string[]
    readonly trustedServers: readonly TrustedServer[]
    readonly edges: readonly string[]
  }): Promise<void>
  /** Called each time it becomes usable; at once when it is. */
  whenUp(callback: () => void): void
  close(): Promise<void>
}

export interface StoreOptions {
  readonly clock: Clock
  readonly onHealth?: (health: StoreHealth) => void
}

/**
 * Opens the directory and makes its tables when they are missing. It opens even when the database is away; calls then
 * reject with StoreError until it is back.
 */
export async function openDirectory(
  settings: StoreSettings,
  { clock, onHealth = () => undefined }: StoreOptions,
): Promise<Directory> {
  const database = await openDatabase<DirectoryTables>({
    settings,
    schema: 'directory',
    migrations: directoryMigrations,
    clock,
    onHealth,
  })
  return new SqlDirectory(database)
}

class SqlDirectory implements Directory {
  readonly #database: Database<DirectoryTables>
  readonly #accountByAor: string
  readonly #credentialByKey: string

  constructor(database: Database<DirectoryTables>) {
    const { kysely } = database
    this.#database = database
    this.#accountByAor = kysely.selectFrom('accounts').selectAll().where('aor', '=', '').compile().sql
    this.#credentialByKey = kysely
      .selectFrom('credentials')
      .selectAll()
      .where('username', '=', '')
      .where('scheme', '=', '')
      .where('realm', '=', '')
      .compile().sql
  }

  get health(): StoreHealth {
    return this.#database.health
  }

  whenUp(callback: () => void): void {
    this.#database.whenUp(callback)
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  async account(aor: string): Promise<Account | undefined> {
    const { rows } = await this.#database.run({ sql: this.#accountByAor, parameters: [aor] })
    const [row] = rows as readonly AccountRow[]
    return row && accountOf(row)
  }

  async credential(username: string, scheme: string, realm: string): Promise<Credential | undefined> {
    const { rows } = await this.#database.run({ sql: this.#credentialByKey, parameters: [username, scheme, realm] })
    const [row] = rows as readonly CredentialRow[]
    return row
  }

  async accounts(): Promise<readonly Account[]> {
    const rows = await this.#database.kysely.selectFrom('accounts').selectAll().orderBy('aor').execute()
    return rows.map(accountOf)
  }

  async search({ names, addresses }: DirectoryFilter, limit: number): Promise<readonly Account[]> {
    // Every character stands for itself: `_` is one of many logins, and `%` alone must not list the directory.
    const pattern = (text: string): string => `%${text.replace(/[%_!]/g, '!$&')}%`
    let query = this.#database.kysely.selectFrom('accounts').selectAll().where('enabled', '!=', 0)
    for (const name of names) query = query.where(sql<boolean>`lower(display_name) like ${pattern(name)} escape '!'`)
    for (const address of addresses) query = query.where(sql<boolean>`aor like ${pattern(address)} escape '!'`)
    return (await query.orderBy('aor').limit(limit).execute()).map(accountOf)
  }

  async domains(): Promise<readonly string[]> {
    const rows = await this.#database.kysely.selectFrom('domains').select('name').orderBy('name').execute()
    return rows.map((row) => row.name)
  }

  trustedServers(): Promise<readonly TrustedServer[]> {
    return this.#database.kysely.selectFrom('trusted_servers').selectAll().orderBy('fqdn').execute()
  }

  async edges(): Promise<readonly string[]> {
    const rows = await this.#database.kysely.selectFrom('edges').select('fqdn').orderBy('fqdn').execute()
    return rows.map((row) => row.fqdn)
  }

  async putAccount(account: Account, credentials: readonly Credential[]): Promise<void> {
    const { kysely } = this.#database
    await this.#database.transaction([
      kysely.deleteFrom('credentials').where('aor', '=', account.aor).compile(),
      kysely.deleteFrom('accounts').where('aor', '=', account.aor).compile(),
      kysely.insertInto('accounts').values(rowOf(account)).compile(),
      ...credentials.map((credential) =>
        kysely
          .insertInto('credentials')
          .values(credential)
          .onConflict((conflict) =>
            conflict
              .columns(['username', 'scheme', 'realm'])
              .doUpdateSet({ aor: credential.aor, hash: credential.hash }),
          )
          .compile(),
      ),
    ])
  }

  async setEnabled(aor: string, enabled: boolean): Promise<Account | undefined> {
    const { kysely } = this.#database
    const set = { enabled: enabled ? 1 : 0 }
    await this.#database.transaction([kysely.updateTable('accounts').set(set).where('aor', '=', aor).compile()])
    return this.account(aor)
  }

  async removeAccount(aor: string): Promise<boolean> {
    const { kysely } = this.#database
    const [, removed] = await this.#database.transaction([
      kysely.deleteFrom('credentials').where('aor', '=', aor).compile(),
      kysely.deleteFrom('accounts').where('aor', '=', aor).compile(),
    ])
    return (removed?.changes ?? 0) > 0
  }

  async putLists({ domains, trustedServers, edges }: Parameters<Directory['putLists']>[0]): Promise<void> {
    const { kysely } = this.#database
    await this.#database.transaction([
      kysely.deleteFrom('domains').compile(),
      kysely.deleteFrom('trusted_servers').compile(),
      kysely.deleteFrom('edges').compile(),
      ...domains.map((name) => kysely.insertInto('domains').values({ name }).compile()),
      ...trustedServers.map((server) =>
        kysely.insertInto('trusted_servers').values({ fqdn: server.fqdn, version: server.version }).compile(),
      ),
      ...edges.map((fqdn) => kysely.insertInto('edges').values({ fqdn }).compile()),
    ])
  }
}

function accountOf(row: AccountRow): Account {
  return {
    aor: row.aor,
    login: row.login,
    displayName: row.display_name,
    homePool: row.home_pool,
    remote: row.remote !== 0,
    enabled: row.enabled !== 0,
    ...(row.anonymous_calls < 0 ? {} : { anonymousCalls: row.anonymous_calls !== 0 }),
  }
}

function rowOf(account: Account): AccountRow {
  return {
    aor: account.aor,
    login: account.login,
    display_name: account.displayName,
    home_pool: account.homePool,
    remote: account.remote ? 1 : 0,
    enabled: account.enabled ? 1 : 0,
    anonymous_calls: account.anonymousCalls === undefined ? -1 : account.anonymousCalls ? 1 : 0,
  }
}
