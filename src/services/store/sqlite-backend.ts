/** SQLite behind a worker thread: one file, one connection, jobs in the order they were asked for. */
import { Worker } from 'node:worker_threads'
import type { Clock, Timer } from '../../sip/clock.ts'
import type { Backend, Statement, StatementResult } from './backend.ts'
import { defaultStatementTimeoutMs, waitingLimit } from './settings.ts'
import type { SqliteSettings } from './settings.ts'
import { StoreError, storeErrorOf } from './store-error.ts'
import type { SqliteJob, SqliteReply, SqliteWorkerData } from './sqlite-worker.ts'

interface Waiting {
  readonly resolve: (results: readonly StatementResult[]) => void
  readonly reject: (error: StoreError) => void
  readonly timer: Timer
}

/** In the published package the sources are JavaScript. */
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? './sqlite-worker.ts' : './sqlite-worker.js',
  import.meta.url,
)

export function openSqlite(settings: SqliteSettings, clock: Clock): Backend {
  return new SqliteBackend(settings, clock)
}

class SqliteBackend implements Backend {
  readonly where: string
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #data: SqliteWorkerData
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #nextId = 1
  #closed = false

  constructor(settings: SqliteSettings, clock: Clock) {
    this.where = `sqlite:${settings.file}`
    this.#clock = clock
    const busyTimeoutMs = settings.statementTimeoutMs ?? defaultStatementTimeoutMs
    // SQLite's own limit comes first; this one is for a thread that is stuck, or still starting.
    this.#timeoutMs = busyTimeoutMs + 1000
    this.#data = { file: settings.file, busyTimeoutMs }
  }

  async run(statement: Statement): Promise<StatementResult> {
    const [result] = await this.#ask([statement], false)
    return result ?? { rows: [], changes: 0 }
  }

  transaction(statements: readonly Statement[]): Promise<readonly StatementResult[]> {
    return this.#ask(statements, true)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#failAll(new StoreError('store.unreachable', `${this.where}: closed`))
    await this.#worker?.terminate()
  }

  #ask(statements: readonly Statement[], atomic: boolean): Promise<readonly StatementResult[]> {
    if (this.#closed) return Promise.reject(new StoreError('store.unreachable', `${this.where}: closed`))
    if (this.#waiting.size >= waitingLimit)
      return Promise.reject(new StoreError('store.busy', `${this.where}: ${waitingLimit} calls are waiting already`))
    const worker = (this.#worker ??= this.#start())
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(this.#timeoutMs, () =>
        this.#fail(id, new StoreError('store.slow', `${this.where}: no answer within ${this.#timeoutMs} ms`)),
      )
      this.#waiting.set(id, { resolve, reject, timer })
      worker.ref()
      worker.postMessage({ id, statements, atomic } satisfies SqliteJob)
    })
  }

  /** Only waiting calls keep the process alive, not the thread itself. */
  #start(): Worker {
    const worker = new Worker(workerFile, { workerData: this.#data, name: 'sqlite', execArgv: [] })
    worker.on('message', (reply: SqliteReply) => this.#onReply(reply))
    worker.on('error', (error) => this.#failAll(storeErrorOf(error, this.where)))
    worker.on('exit', () => {
      this.#worker = undefined
      this.#failAll(new StoreError('store.unreachable', `${this.where}: the thread of the database ended`))
    })
    worker.unref()
    return worker
  }

  #onReply(reply: SqliteReply): void {
    if (reply.kind === 'failed') {
      this.#fail(
        reply.id,
        storeErrorOf(Object.assign(new Error(reply.message), { errcode: reply.errcode, code: reply.code }), this.where),
      )
      return
    }
    const waiting = this.#take(reply.id)
    waiting?.resolve(reply.results)
  }

  #fail(id: number, error: StoreError): void {
    this.#take(id)?.reject(error)
  }

  #failAll(error: StoreError): void {
    for (const id of [...this.#waiting.keys()]) this.#fail(id, error)
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return undefined
    waiting.timer.cancel()
    this.#waiting.delete(id)
    if (this.#waiting.size === 0) this.#worker?.unref()
    return waiting
  }
}
