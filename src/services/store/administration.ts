/**
 * What an administrator of the SQL server does: accounts, databases, and the faults a lab puts on them. Never on the
 * way of a request.
 */
import pg from 'pg'

export interface Administrator {
  /** Makes the account or gives it this password. */
  putAccount(name: string, password: string): Promise<void>
  /** Makes the database, owned by that account, when it is missing. */
  putDatabase(name: string, owner: string): Promise<void>
  /**
   * At most so many connections of ordinary accounts to that database; undefined: as many as the server has. Those
   * there are end.
   */
  limitConnections(database: string, most: number | undefined): Promise<void>
  /** Whether the database takes connections. Those there are end. */
  open(database: string, isOpen: boolean): Promise<void>
  /** Whether the database takes reads only, as a standby does. Connections there are end. */
  readOnly(database: string, isReadOnly: boolean): Promise<void>
  /** Takes rights on the tables of that schema of this connection's database from the account, or gives them back. */
  allow(account: string, schema: string, isAllowed: boolean): Promise<void>
  /** Locks every table of the schema: each query waits. Resolves with the function that unlocks them. */
  hold(schema: string): Promise<() => Promise<void>>
  /** File of the index behind the primary key of a table, relative to the data folder. */
  keyFile(schema: string, table: string): Promise<string>
  close(): Promise<void>
}

/** @param url of an account that may do everything */
export async function administrator(url: string): Promise<Administrator> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
    application_name: 'siplab-administrator',
  })
  // A server that goes away fails the next statement, which tells.
  client.on('error', () => undefined)
  await client.connect()
  return new ServerAdministrator(client)
}

class ServerAdministrator implements Administrator {
  readonly #client: pg.Client

  constructor(client: pg.Client) {
    this.#client = client
  }

  async putAccount(account: string, password: string): Promise<void> {
    const { rowCount } = await this.#run('select 1 from pg_roles where rolname = $1', [account])
    const verb = rowCount === 0 ? 'create' : 'alter'
    await this.#run(`${verb} role ${this.#name(account)} login password ${this.#client.escapeLiteral(password)}`)
  }

  async putDatabase(database: string, owner: string): Promise<void> {
    const { rowCount } = await this.#run('select 1 from pg_database where datname = $1', [database])
    if (rowCount === 0) await this.#run(`create database ${this.#name(database)} owner ${this.#name(owner)}`)
  }

  async limitConnections(database: string, most: number | undefined): Promise<void> {
    await this.#run(`alter database ${this.#name(database)} connection limit ${most ?? -1}`)
    if (most !== undefined) await this.#endConnections(database)
  }

  async open(database: string, isOpen: boolean): Promise<void> {
    await this.#run(`alter database ${this.#name(database)} allow_connections ${isOpen}`)
    if (!isOpen) await this.#endConnections(database)
  }

  async readOnly(database: string, isReadOnly: boolean): Promise<void> {
    await this.#run(`alter database ${this.#name(database)} set default_transaction_read_only = ${isReadOnly}`)
    await this.#endConnections(database)
  }

  async allow(account: string, schema: string, isAllowed: boolean): Promise<void> {
    const role = this.#name(account)
    for (const table of await this.#tablesOf(schema))
      await this.#run(isAllowed ? `grant all on ${table} to ${role}` : `revoke all on ${table} from ${role}`)
  }

  async hold(schema: string): Promise<() => Promise<void>> {
    await this.#run('begin')
    const tables = await this.#tablesOf(schema)
    if (tables.length > 0) await this.#run(`lock table ${tables.join(', ')} in access exclusive mode`)
    return async () => void (await this.#run('commit'))
  }

  async keyFile(schema: string, table: string): Promise<string> {
    const { rows } = await this.#run(
      'select pg_relation_filepath(i.indexrelid) as file from pg_index i where i.indrelid = $1::regclass and ' +
        'i.indisprimary',
      [`${this.#name(schema)}.${this.#name(table)}`],
    )
    const [row] = rows as readonly { readonly file: string }[]
    if (row === undefined) throw new Error(`${schema}.${table} has no primary key`)
    return row.file
  }

  close(): Promise<void> {
    return this.#client.end()
  }

  #run(text: string, values: readonly string[] = []): Promise<pg.QueryResult> {
    return this.#client.query(text, [...values])
  }

  #name(text: string): string {
    return this.#client.escapeIdentifier(text)
  }

  async #endConnections(database: string): Promise<void> {
    await this.#run(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()',
      [database],
    )
  }

  async #tablesOf(schema: string): Promise<readonly string[]> {
    const { rows } = await this.#run('select tablename from pg_tables where schemaname = $1 order by tablename', [
      schema,
    ])
    return (rows as readonly { readonly tablename: string }[]).map(
      ({ tablename }) => `${this.#name(schema)}.${this.#name(tablename)}`,
    )
  }
}
