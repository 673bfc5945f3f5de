/**
 * Faults of a private PostgreSQL, made with what its administrator has: nothing is mocked, the nodes meet the real
 * errors.
 */
import { copyFileSync, existsSync, openSync, closeSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { administrator } from '../../../services/store/administration.ts'
import type { Administrator } from '../../../services/store/administration.ts'
import { LabError } from '../../lab-error.ts'
import { directoryDatabase, serviceAccount, storeDatabase } from './access.ts'
import type { StoreAccess } from './access.ts'
import { dataFolder } from './cluster.ts'

/** Which of the two databases. */
export type DatabaseName = 'store' | 'directory'

export type SqlFaultName = 'down' | 'slow' | 'permission' | 'connections' | 'corrupt' | 'read-only'

export interface SqlFaultHome {
  readonly access: StoreAccess
  /** Stops the server, lets `work` change its files, and starts it again. */
  readonly whileStopped: (work: () => void) => Promise<void>
}

export interface SqlFaultOn {
  readonly database: DatabaseName
  readonly fault: SqlFaultName
  readonly amount?: number | undefined
}

export interface SqlFaults {
  /** @param amount slow: milliseconds every table is held at a time; default 6000 */
  put(database: DatabaseName, fault: SqlFaultName, amount?: number): Promise<void>
  /** Also a fault that an earlier run of the server had. */
  heal(database: DatabaseName, fault: SqlFaultName): Promise<void>
  /** For what an earlier run of the server had. Only `slow` has to be put again: the others are in the database. */
  resume(kept: readonly SqlFaultOn[]): Promise<void>
  /** What is on. */
  readonly on: readonly SqlFaultOn[]
  close(): Promise<void>
}

const places = {
  store: { database: storeDatabase, schema: 'pool_store', table: 'bindings' },
  directory: { database: directoryDatabase, schema: 'directory', table: 'accounts' },
} as const

const usualHoldMs = 6000
const betweenHoldsMs = 200
const pageBytes = 8192

export function sqlFaults(home: SqlFaultHome): SqlFaults {
  return new PrivateServer(home)
}

class PrivateServer implements SqlFaults {
  readonly #on = new Map<DatabaseName, SqlFaultOn>()
  readonly #home: SqlFaultHome
  readonly #holding = new Map<DatabaseName, () => Promise<void>>()
  /** Files of which a good copy is kept. */
  readonly #keptPaths = new Map<DatabaseName, string>()

  constructor(home: SqlFaultHome) {
    this.#home = home
  }

  get on(): readonly SqlFaultOn[] {
    return [...this.#on.values()]
  }

  /** With a connection to one database of the server; that to `postgres` is for what concerns a database as a whole. */
  async #as(database: string, work: (admin: Administrator) => Promise<void>): Promise<void> {
    const url = new URL(this.#home.access.administratorUrl)
    url.pathname = `/${database}`
    const admin = await administrator(url.href)
    try {
      await work(admin)
    } finally {
      await admin.close()
    }
  }

  async #change(name: DatabaseName, fault: SqlFaultName, isOn: boolean, amount: number): Promise<void> {
    const { database, schema } = places[name]
    switch (fault) {
      case 'down':
        return this.#as('postgres', (admin) => admin.open(database, !isOn))
      case 'connections':
        return this.#as('postgres', (admin) => admin.limitConnections(database, isOn ? 0 : undefined))
      case 'permission':
        return this.#as(database, (admin) => admin.allow(serviceAccount, schema, !isOn))
      case 'read-only':
        return this.#as('postgres', (admin) => admin.readOnly(database, isOn))
      case 'slow':
        if (isOn) this.#holding.set(name, this.#hold(name, amount))
        else await this.#holding.get(name)?.()
        return void (isOn || this.#holding.delete(name))
      case 'corrupt':
        return isOn ? this.#spoil(name) : this.#restore(name)
      default:
        return fault satisfies never
    }
  }

  /** Holds every table again and again; who asks meanwhile waits, and gives up after its own time. */
  #hold(name: DatabaseName, holdMs: number): () => Promise<void> {
    const over = new AbortController()
    const { database, schema } = places[name]
    const work = this.#as(database, async (admin) => {
      while (!over.signal.aborted) {
        const release = await admin.hold(schema)
        await pause(holdMs, over.signal)
        await release()
        await pause(betweenHoldsMs, over.signal)
      }
    })
    work.catch(ignoreLoss)
    return () => {
      over.abort()
      return work
    }
  }

  /** The first page of the index behind the primary key: every look-up and every write reads it. */
  async #spoil(name: DatabaseName): Promise<void> {
    const { database, schema, table } = places[name]
    let file = ''
    await this.#as(database, async (admin) => {
      file = join(dataFolder(this.#home.access), await admin.keyFile(schema, table))
    })
    await this.#home.whileStopped(() => {
      copyFileSync(file, this.#kept(name))
      const descriptor = openSync(file, 'r+')
      writeSync(descriptor, Buffer.alloc(pageBytes, 0xa5), 0, pageBytes, 0)
      closeSync(descriptor)
    })
    this.#keptPaths.set(name, file)
  }

  async #restore(name: DatabaseName): Promise<void> {
    const { database, schema, table } = places[name]
    let file = this.#keptPaths.get(name) ?? ''
    if (file === '')
      await this.#as(
        database,
        async (admin) => void (file = join(dataFolder(this.#home.access), await admin.keyFile(schema, table))),
      )
    if (!existsSync(this.#kept(name)))
      throw new LabError('not-so', 'fault.none', `nothing is kept of the ${name}: it was not spoilt by siplab`)
    await this.#home.whileStopped(() => {
      // Written into the file that is there: it keeps its owner.
      copyFileSync(this.#kept(name), file)
      renameSync(this.#kept(name), `${this.#kept(name)}.used`)
    })
  }

  #kept(name: DatabaseName): string {
    return join(this.#home.access.folder, `${name}.kept`)
  }

  async put(name: DatabaseName, fault: SqlFaultName, amount?: number): Promise<void> {
    await this.#change(name, fault, true, amount ?? usualHoldMs)
    this.#on.set(name, { database: name, fault, amount })
  }

  async resume(kept: readonly SqlFaultOn[]): Promise<void> {
    for (const one of kept) {
      if (one.fault === 'slow') await this.#change(one.database, one.fault, true, one.amount ?? usualHoldMs)
      this.#on.set(one.database, one)
    }
  }

  async heal(name: DatabaseName, fault: SqlFaultName): Promise<void> {
    await this.#change(name, fault, false, 0)
    this.#on.delete(name)
  }

  async close(): Promise<void> {
    for (const letGo of this.#holding.values()) await letGo().catch(ignoreLoss)
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}

/** The server may be gone before its tables are let go; then they are free as well. */
function ignoreLoss(error: unknown): void {
  if (!(error instanceof Error)) throw error
}
