/** PostgreSQL, or an engine that speaks its protocol, through a bounded pool of connections. */
import { checkServerIdentity } from 'node:tls'
import pg from 'pg'
import type { Backend, Statement, StatementResult } from './backend.ts'
import { ServerHistory } from './server-history.ts'
import { defaultStatementTimeoutMs, waitingLimit } from './settings.ts'
import type { PostgresqlSettings, StoreTls } from './settings.ts'
import { StoreError, type StoreErrorCode, storeErrorOf } from './store-error.ts'

/** Statements of one fixed text are prepared once per connection; the limit keeps their number bounded. */
const preparedLimit = 100

/** OID of `bigint`: times and counters, all below 2^53. */
const bigintType = 20

/**
 * @param onLost an idle connection broke: the news comes before the next statement would bring it
 */
export function openPostgresql(settings: PostgresqlSettings, onLost: (error: StoreError) => void): Backend {
  return new PostgresqlBackend(settings, onLost)
}

/** After a fail-over the same address leads to the new primary; an open connection stays at the old one. */
const endsConnection: ReadonlySet<StoreErrorCode> = new Set([
  'store.unreachable',
  'store.slow',
  'store.read-only',
  'store.split',
])

class PostgresqlBackend implements Backend {
  readonly where: string
  readonly #pool: pg.Pool
  readonly #names = new Map<string, string>()
  readonly #history: ServerHistory
  #inUse = 0

  constructor(settings: PostgresqlSettings, onLost: (error: StoreError) => void) {
    this.where = withoutPassword(settings.url)
    this.#history = new ServerHistory(this.where)
    this.#pool = new pg.Pool(poolConfig(settings))
    this.#pool.on('error', (error) => onLost(storeErrorOf(error, this.where)))
  }

  async run(statement: Statement): Promise<StatementResult> {
    const client = await this.#connect()
    return this.#using(client, async () => {
      await this.#history.admit(client)
      return this.#query(client, statement)
    })
  }

  async transaction(statements: readonly Statement[]): Promise<readonly StatementResult[]> {
    const client = await this.#connect()
    return this.#using(client, async () => {
      await this.#history.admit(client)
      await client.query('begin')
      try {
        const results: StatementResult[] = []
        for (const one of statements) results.push(await this.#query(client, one))
        await client.query('commit')
        return results
      } catch (error) {
        await rollback(client, error)
        throw error
      }
    })
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }

  async #connect(): Promise<pg.PoolClient> {
    if (this.#pool.waitingCount >= waitingLimit)
      throw new StoreError('store.busy', `${this.where}: ${waitingLimit} calls are waiting already`)
    try {
      const client = await this.#pool.connect()
      this.#inUse++
      return client
    } catch (error) {
      // pg says the same words for "no connection" and "none became free"; only the first is an outage.
      if (this.#inUse > 0 && isWaitTimeout(error))
        throw new StoreError(
          'store.slow',
          `${this.where}: every connection is in use and none became free in time`,
          error,
        )
      throw storeErrorOf(error, this.where)
    }
  }

  /** A connection that failed for a reason of its own is thrown away, one whose statement was refused goes back. */
  async #using<Result>(client: pg.PoolClient, work: () => Promise<Result>): Promise<Result> {
    // the waiting query reports the same loss; without a listener it would end the process
    const onError = (): void => undefined
    client.on('error', onError)
    let broken: Error | undefined
    try {
      return await work()
    } catch (error) {
      const failure = storeErrorOf(error, this.where)
      if (endsConnection.has(failure.code)) broken = failure
      throw failure
    } finally {
      client.off('error', onError)
      this.#inUse--
      client.release(broken)
    }
  }

  async #query(client: pg.PoolClient, { sql, parameters }: Statement): Promise<StatementResult> {
    const result = await client.query({ text: sql, values: [...parameters], ...this.#named(sql) })
    return { rows: result.rows as unknown[], changes: result.rowCount ?? 0 }
  }

  #named(sql: string): { readonly name?: string } {
    const known = this.#names.get(sql)
    if (known !== undefined) return { name: known }
    if (this.#names.size >= preparedLimit || !/^(select|insert|delete|update) /.test(sql)) return {}
    const name = `s${this.#names.size}`
    this.#names.set(sql, name)
    return { name }
  }
}

async function rollback(client: pg.PoolClient, because: unknown): Promise<void> {
  try {
    await client.query('rollback')
  } catch (error) {
    throw new AggregateError([because, error], because instanceof Error ? because.message : String(because), {
      cause: because,
    })
  }
}

function isWaitTimeout(error: unknown): boolean {
  return error instanceof Error && /timeout exceeded when trying to connect/.test(error.message)
}

function poolConfig(settings: PostgresqlSettings): pg.PoolConfig {
  const statementTimeoutMs = settings.statementTimeoutMs ?? defaultStatementTimeoutMs
  return {
    connectionString: settings.url,
    ...(settings.tls === undefined ? {} : { ssl: sslConfig(settings.tls, new URL(settings.url).hostname) }),
    max: settings.connections ?? 8,
    connectionTimeoutMillis: settings.connectTimeoutMs ?? 3000,
    idleTimeoutMillis: 60_000,
    statement_timeout: statementTimeoutMs,
    // The server's own limit comes first; this one is for a server that went silent.
    query_timeout: statementTimeoutMs + 1000,
    keepAlive: true,
    allowExitOnIdle: true,
    application_name: 'siplab',
    types: { getTypeParser: typeParser as typeof pg.types.getTypeParser },
  }
}

function typeParser(oid: number, format: 'text' | 'binary' = 'text'): (value: string) => unknown {
  return oid === bigintType ? Number : (pg.types.getTypeParser(oid, format as 'text') as (value: string) => unknown)
}

/** The name is checked by us against the wanted one: pg leaves an IP address unchecked. */
function sslConfig(tls: StoreTls, urlHost: string): NonNullable<pg.PoolConfig['ssl']> {
  const wanted = tls.serverName ?? urlHost
  return {
    rejectUnauthorized: true,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(wanted, certificate),
    ...(tls.ca === undefined ? {} : { ca: [...tls.ca] }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  }
}

function withoutPassword(text: string): string {
  const url = new URL(text)
  url.password = ''
  return url.href
}
