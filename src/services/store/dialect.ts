/** Kysely over our own backends: it writes the SQL of each engine, they run it. */
import {
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely'
import type { Statement, StatementResult } from './backend.ts'
import type { StoreSettings } from './settings.ts'
import { StoreError } from './store-error.ts'

export function dialectOf(
  kind: StoreSettings['kind'],
  run: (statement: Statement) => Promise<StatementResult>,
): Dialect {
  const createDriver = (): Driver => driverOf(run)
  return kind === 'sqlite'
    ? {
        createDriver,
        createAdapter: () => new SqliteAdapter(),
        createQueryCompiler: () => new SqliteQueryCompiler(),
        createIntrospector: (database) => new SqliteIntrospector(database),
      }
    : {
        createDriver,
        createAdapter: () => new PostgresAdapter(),
        createQueryCompiler: () => new PostgresQueryCompiler(),
        createIntrospector: (database) => new PostgresIntrospector(database),
      }
}

/**
 * Brings a row when the table is there. Asking the table itself would leave an error in the log of a server that has
 * none yet.
 */
export function tableStatement(kind: StoreSettings['kind'], schema: string, table: string): Statement {
  return kind === 'sqlite'
    ? { sql: "select name from sqlite_master where type = 'table' and name = ?", parameters: [table] }
    : {
        sql: 'select table_name from information_schema.tables where table_schema = $1 and table_name = $2',
        parameters: [schema, table],
      }
}

/** Every statement stands for itself; what belongs together goes through `transaction` of the database. */
function driverOf(run: (statement: Statement) => Promise<StatementResult>): Driver {
  const connection: DatabaseConnection = {
    async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
      const { rows, changes } = await run(query)
      return { rows: rows as Row[], numAffectedRows: BigInt(changes) }
    },
    streamQuery() {
      throw new StoreError('store.failed', 'streaming queries are not supported here: page through the key instead')
    },
  }
  const noTransactions = (): never => {
    throw new StoreError('store.failed', 'use transaction() of the database: it commits several statements at once')
  }
  return {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connection),
    beginTransaction: async () => noTransactions(),
    commitTransaction: async () => noTransactions(),
    rollbackTransaction: async () => noTransactions(),
    releaseConnection: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  }
}
