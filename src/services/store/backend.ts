/** What both databases are to the layer above: statements in, rows out, several in one transaction. */

export interface Statement {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

export interface StatementResult {
  readonly rows: readonly unknown[]
  /** Rows inserted, updated or deleted. */
  readonly changes: number
}

export interface Backend {
  /** The database as a person knows it, without a password: `sqlite:/var/lab/pool.db`. */
  readonly where: string
  /** One statement, committed when it resolves. Rejects with StoreError. */
  run(statement: Statement): Promise<StatementResult>
  /** All or nothing, committed when it resolves. */
  transaction(statements: readonly Statement[]): Promise<readonly StatementResult[]>
  close(): Promise<void>
}
