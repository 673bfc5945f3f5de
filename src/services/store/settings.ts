/** Where a database is and how long it may take. One shape for the directory and the pool store. */
import type { StoreError } from './store-error.ts'

export type StoreSettings = SqliteSettings | PostgresqlSettings

/** The embedded default: one file, made when it is missing. */
export interface SqliteSettings {
  readonly kind: 'sqlite'
  /** Path of the file, or `:memory:`. */
  readonly file: string
  /** Milliseconds one statement may take, waiting for another process's lock included; default 5000. */
  readonly statementTimeoutMs?: number
}

export interface PostgresqlSettings {
  readonly kind: 'postgresql'
  /**
   * `postgresql://user:password@sql.lab.test:5432/siplab`; nothing else changes when a pool moves to another engine.
   */
  readonly url: string
  /** undefined: no TLS. The server is always verified, by chain and by name. */
  readonly tls?: StoreTls
  /** Connections at most; default 8. */
  readonly connections?: number
  /** Milliseconds one statement may take; default 5000. */
  readonly statementTimeoutMs?: number
  /** Milliseconds a connection attempt may take; default 3000. */
  readonly connectTimeoutMs?: number
}

export interface StoreTls {
  /** PEM trust anchors; undefined: those Node brings. */
  readonly ca?: readonly string[]
  /** Name the server's certificate must carry when it is not the host of the URL. */
  readonly serverName?: string
  /** PEM, both or none: a client certificate. */
  readonly certificate?: string
  readonly key?: string
}

export const defaultStatementTimeoutMs = 5000

/** Calls waiting for a database beyond this many are refused with `store.busy` rather than queued. */
export const waitingLimit = 10_000

/** How a store fares. `impaired`: it answers, but not everything (a table without permission, a slow statement). */
export interface StoreHealth {
  readonly state: 'up' | 'impaired' | 'down'
  /** Why, when it is not up. */
  readonly error: StoreError | undefined
}
