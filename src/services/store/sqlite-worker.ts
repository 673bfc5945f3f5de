/** Runs node:sqlite in a thread of its own: a commit waits for the disk, and the event loop must not. */
import { closeSync, openSync, type Stats, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { SQLInputValue, StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../sip/clock.ts'
import { collectStartGarbage } from '../../sip/start-garbage.ts'
import type { Statement, StatementResult } from './backend.ts'

export interface SqliteJob {
  readonly id: number
  readonly statements: readonly Statement[]
  /** True: BEGIN IMMEDIATE around them. */
  readonly atomic: boolean
}

export type SqliteReply =
  | { readonly id: number; readonly kind: 'done'; readonly results: readonly StatementResult[] }
  | {
      readonly id: number
      readonly kind: 'failed'
      readonly message: string
      readonly errcode: number | undefined
      readonly code: string | undefined
    }

export interface SqliteWorkerData {
  readonly file: string
  readonly busyTimeoutMs: number
}

const preparedLimit = 200
const { file, busyTimeoutMs } = workerData as SqliteWorkerData
const prepared = new Map<string, StatementSync>()
let database: DatabaseSync | undefined

parentPort?.on('message', (job: SqliteJob) => parentPort?.postMessage(answer(job)))
collectStartGarbage({ clock: systemClock })

function answer(job: SqliteJob): SqliteReply {
  try {
    const open = (database ??= openDatabase())
    const results = job.atomic ? inTransaction(open, job.statements) : job.statements.map((one) => run(open, one))
    mustStillBeThere(open)
    return { id: job.id, kind: 'done', results }
  } catch (error) {
    const { errcode, code } = error as { errcode?: number; code?: string }
    return {
      id: job.id,
      kind: 'failed',
      message: error instanceof Error ? error.message : String(error),
      errcode,
      code,
    }
  }
}

/** Opened on first use, and again after a failure to open: a file that comes back needs no restart. */
function openDatabase(): DatabaseSync {
  // Made here, and not by SQLite, for its mode: it holds hashes of passwords. The -wal and -shm files take it over.
  if (file !== ':memory:') closeSync(openSync(file, 'a', 0o600))
  const fresh = new DatabaseSync(file, { timeout: busyTimeoutMs })
  // That of SQLite knows the letters of ASCII alone: Ärztin would not be found by ärztin.
  fresh.function('lower', { deterministic: true }, (text) => (typeof text === 'string' ? text.toLowerCase() : text))
  try {
    // FULL: the answer to a REGISTER is sent after the commit and must survive a power cut.
    fresh.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on')
  } catch (error) {
    fresh.close()
    throw error
  }
  return fresh
}

/** The files that are open, by path: the database and its write-ahead log. */
const opened = new Map<string, { readonly ino: number; size: number }>()

/**
 * SQLite goes on with files that somebody removed, replaced or cut off, and what it commits is gone with them. It never
 * shortens them itself: nothing here asks for `vacuum`, or for a checkpoint that truncates.
 *
 * @throws Error with the code ENOENT; the next job opens what is there then
 */
function mustStillBeThere(open: DatabaseSync): void {
  if (file === ':memory:') return
  for (const path of [file, `${file}-wal`]) {
    const found = statSync(path, { throwIfNoEntry: false })
    const known = opened.get(path)
    if (known === undefined && found !== undefined) opened.set(path, { ino: found.ino, size: found.size })
    if (known === undefined) continue
    const what = whatBecameOf(known, found)
    known.size = found?.size ?? 0
    if (what === undefined) continue
    opened.clear()
    prepared.clear()
    database = undefined
    open.close()
    throw Object.assign(new Error(`${path} ${what} while it was open`), { code: 'ENOENT' })
  }
}

/** undefined: nothing that SQLite does not do itself. */
function whatBecameOf(
  known: { readonly ino: number; readonly size: number },
  found: Stats | undefined,
): string | undefined {
  if (found === undefined) return 'was removed'
  if (found.ino !== known.ino) return 'was replaced'
  return found.size < known.size ? 'was cut off' : undefined
}

function inTransaction(open: DatabaseSync, statements: readonly Statement[]): StatementResult[] {
  open.exec('begin immediate')
  try {
    const results = statements.map((one) => run(open, one))
    open.exec('commit')
    return results
  } catch (error) {
    if (open.isTransaction) open.exec('rollback')
    throw error
  }
}

function run(open: DatabaseSync, { sql, parameters }: Statement): StatementResult {
  const statement = prepare(open, sql)
  const values = parameters as SQLInputValue[]
  if (statement.columns().length > 0) {
    const rows = statement.all(...values).map((row) => ({ ...row }))
    return { rows, changes: rows.length }
  }
  return { rows: [], changes: Number(statement.run(...values).changes) }
}

function prepare(open: DatabaseSync, sql: string): StatementSync {
  const known = prepared.get(sql)
  if (known !== undefined) return known
  if (prepared.size >= preparedLimit) prepared.clear()
  const statement = open.prepare(sql)
  prepared.set(sql, statement)
  return statement
}
