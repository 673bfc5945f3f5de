/**
 * One open database: Kysely on top, a backend below, and between them its health and its migrations.
 *
 * It opens even when the database is away: calls then fail at once with the reason, a probe asks again every second,
 * and the first answer brings the migrations and the service back. No restart, and no queue that grows meanwhile.
 */
import { Kysely, sql } from 'kysely'
import type { Clock, Timer } from '../../sip/clock.ts'
import type { Backend, Statement, StatementResult } from './backend.ts'
import { dialectOf, tableStatement } from './dialect.ts'
import type { Migration } from './migrations.ts'
import { openPostgresql } from './postgresql-backend.ts'
import type { StoreHealth, StoreSettings } from './settings.ts'
import { openSqlite } from './sqlite-backend.ts'
import { StoreError, endsWithAWrite, isOutage, storeErrorOf } from './store-error.ts'

const probeEveryMs = 1000

/** Statements whose last run failed, remembered at most. */
const troubleLimit = 32

/** A statement that failed and was not retried for so long counts no more: it may never be run again. */
const troubleKeptMs = 10_000

export interface DatabaseOptions {
  readonly settings: StoreSettings
  /** Schema of the tables in PostgreSQL, e.g. `directory`. SQLite has one file for each instead. */
  readonly schema: string
  readonly migrations: readonly Migration[]
  readonly clock: Clock
  /** Whether its user writes to it: then a server that answers and takes no writes is no good one. */
  readonly writes?: true
  /** Told of every change of health, in order. */
  readonly onHealth: (health: StoreHealth) => void
}

export interface Database<Tables> {
  /** Builds queries, and runs single ones: `kysely.selectFrom('bindings').selectAll().execute()`. */
  readonly kysely: Kysely<Tables>
  readonly health: StoreHealth
  /** Runs a query compiled before, with other parameters: nothing is built per request. */
  run(statement: Statement): Promise<StatementResult>
  /** All or nothing. */
  transaction(statements: readonly Statement[]): Promise<readonly StatementResult[]>
  /** Called each time the database becomes usable, at the start too. At once when it is. */
  whenUp(callback: () => void): void
  close(): Promise<void>
}

/** Resolves after the first attempt, whether the database answered or not: see `health`. */
export async function openDatabase<Tables>(options: DatabaseOptions): Promise<Database<Tables>> {
  const database = new OpenDatabase<Tables>(options)
  await database.probe()
  return database
}

class OpenDatabase<Tables> implements Database<Tables> {
  readonly kysely: Kysely<Tables>
  readonly #options: DatabaseOptions
  readonly #backend: Backend
  readonly #waiters: (() => void)[] = []
  readonly #trouble = new Map<string, StoreError>()
  #health: StoreHealth = { state: 'down', error: undefined }
  #migrated = false
  #timer: Timer | undefined
  #closed = false

  constructor(options: DatabaseOptions) {
    this.#options = options
    const { settings, clock } = options
    this.#backend =
      settings.kind === 'sqlite'
        ? openSqlite(settings, clock)
        : openPostgresql(settings, (error) => this.#onError('', error))
    const plain = new Kysely<Tables>({ dialect: dialectOf(settings.kind, (statement) => this.run(statement)) })
    this.kysely = settings.kind === 'sqlite' ? plain : plain.withSchema(options.schema)
  }

  get health(): StoreHealth {
    return this.#health
  }

  run(statement: Statement): Promise<StatementResult> {
    return this.#guarded(statement.sql, () => this.#backend.run(statement))
  }

  transaction(statements: readonly Statement[]): Promise<readonly StatementResult[]> {
    if (statements.length === 0) return Promise.resolve([])
    return this.#guarded(statements[0]?.sql ?? '', () => this.#backend.transaction(statements))
  }

  whenUp(callback: () => void): void {
    this.#waiters.push(callback)
    if (this.#health.state !== 'down') callback()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#backend.close()
  }

  /** Asks whether the database answers; brings its tables up to date the first time it does. */
  async probe(): Promise<void> {
    const { state, error: known } = this.#health
    try {
      await this.#backend.run({ sql: 'select 1 as one', parameters: [] })
      if (!this.#migrated) await this.#migrate()
      this.#migrated = true
      if (known !== undefined && (state === 'down' ? this.#mayBeAStandby : this.#needsAWrite(known)))
        await this.#probeWrite()
      this.#trouble.clear()
      if (!this.#closed) this.#become({ state: 'up', error: undefined })
    } catch (error) {
      const failure = storeErrorOf(error, this.#backend.where)
      if (this.#needsAWrite(failure) && this.#migrated) this.#impair('', failure)
      else this.#goDown(failure)
    }
  }

  /** The server that answers after an outage may be another one: only a write shows that it takes writes. */
  get #mayBeAStandby(): boolean {
    return this.#options.writes === true && this.#options.settings.kind === 'postgresql'
  }

  /** A file that may not be written is a matter of its disk; a database server may let this account only read. */
  #needsAWrite(error: StoreError): boolean {
    return (
      endsWithAWrite(error) || (error.code === 'store.permission-denied' && this.#options.settings.kind === 'sqlite')
    )
  }

  /** Changes nothing, and is written to the disk all the same. */
  async #probeWrite(): Promise<void> {
    const { settings, schema } = this.#options
    const table = settings.kind === 'sqlite' ? 'schema_version' : `"${schema}"."schema_version"`
    await this.#backend.run({ sql: `update ${table} set version = version`, parameters: [] })
  }

  async #guarded<Result>(sqlText: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#health.state === 'down')
      throw this.#health.error ?? new StoreError('store.unreachable', `${this.#backend.where}: not open yet`)
    try {
      const result = await work()
      if (this.#trouble.size > 0) this.#onSuccess(sqlText)
      return result
    } catch (error) {
      const failure = storeErrorOf(error, this.#backend.where)
      this.#onError(sqlText, failure)
      throw failure
    }
  }

  #onError(sqlText: string, error: StoreError): void {
    if (isOutage(error)) return this.#goDown(error)
    if (error.code === 'store.failed' || this.#health.state === 'down') return
    // Connections to the other server succeed: that ends nothing, and only a probe after a while counts.
    this.#impair(error.code === 'store.split' ? '' : sqlText, error)
  }

  #impair(sqlText: string, error: StoreError): void {
    if (this.#closed) return
    if (this.#trouble.size < troubleLimit) this.#trouble.set(troubleKey(sqlText), error)
    this.#become({ state: 'impaired', error })
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(
      this.#needsAWrite(error) ? probeEveryMs : troubleKeptMs,
      () => void this.probe(),
    )
  }

  /** What failed must work again itself: another table's success says nothing about it. */
  #onSuccess(sqlText: string): void {
    if (!this.#trouble.delete(troubleKey(sqlText)) || this.#health.state === 'down') return
    const [left] = this.#trouble.values()
    this.#become(left === undefined ? { state: 'up', error: undefined } : { state: 'impaired', error: left })
  }

  #goDown(error: StoreError): void {
    if (this.#closed) return
    // What comes back may be another database, restored or empty.
    this.#migrated = false
    this.#become({ state: 'down', error })
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(probeEveryMs, () => void this.probe())
  }

  #become(health: StoreHealth): void {
    const before = this.#health
    this.#health = health
    if (before.state === health.state && before.error?.code === health.error?.code) return
    this.#options.onHealth(health)
    if (before.state === 'down' && health.state !== 'down') for (const callback of this.#waiters) callback()
  }

  async #migrate(): Promise<void> {
    const { migrations, schema, settings } = this.#options
    const direct = new Kysely<VersionTable>({
      dialect: dialectOf(settings.kind, (statement) => this.#backend.run(statement)),
    })
    const scoped = settings.kind === 'sqlite' ? direct : direct.withSchema(schema)
    const { rows } = await this.#backend.run(tableStatement(settings.kind, schema, 'schema_version'))
    const version = rows.length === 0 ? 0 : await versionOf(scoped)
    if (version >= migrations.length) return
    if (settings.kind === 'postgresql')
      await despiteTwins(() => sql`create schema if not exists ${sql.id(schema)}`.execute(direct))
    await despiteTwins(() =>
      scoped.schema
        .createTable('schema_version')
        .ifNotExists()
        .addColumn('version', 'integer', (column) => column.primaryKey())
        .execute(),
    )
    for (const [index, migration] of migrations.entries()) {
      if (index < version) continue
      await despiteTwins(() => migration(scoped as unknown as Kysely<never>))
      await scoped
        .insertInto('schema_version')
        .values({ version: index + 1 })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    }
  }
}

interface VersionTable {
  schema_version: { version: number }
}

/** Asked before anything is made, so that an account without the right to create can start. */
async function versionOf(database: Kysely<VersionTable>): Promise<number> {
  const rows = await database.selectFrom('schema_version').select('version').execute()
  return rows.reduce((highest, row) => Math.max(highest, row.version), 0)
}

/** Each attempt gets past at least one table that the other start has just made; a migration makes fewer. */
const mostAttempts = 12

/**
 * Two starts at the same moment can both find a table missing; the next attempt finds it there, and may collide at the
 * table after it.
 */
async function despiteTwins(step: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await step()
      return
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'store.failed' || attempt >= mostAttempts) throw error
    }
  }
}

function troubleKey(sqlText: string): string {
  return sqlText.slice(0, 60)
}
