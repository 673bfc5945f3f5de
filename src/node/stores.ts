/** The schemas a node reads: a director the directory alone, a home its pool store as well. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../sip/clock.ts'
import { type LocationService, singleWriterLocation } from '../services/location/location.ts'
import { sharedLocation } from '../services/location/shared-location.ts'
import type { Directory } from '../services/store/directory.ts'
import type { PoolStore } from '../services/store/pool-store.ts'
import { StoreError } from '../services/store/store-error.ts'
import type { StoreHealth, StoreSettings, StoreTls } from '../services/store/settings.ts'
import type { NodePlan, StorePlan } from '../topology/plan-types.ts'
import { nodeFolder } from './control/node-folder.ts'

export interface Stores {
  readonly directory: Directory | undefined
  readonly pool: PoolStore | undefined
  readonly location: LocationService | undefined
  close(): Promise<void>
}

export interface StoresOptions extends StoreUrls {
  readonly plan: NodePlan
  readonly dataDir: string
  readonly clock: Clock
  readonly onHealth: (store: 'directory' | 'pool', health: StoreHealth) => void
}

export interface StoreUrls {
  /** URL of the SQL back end where one runs: `postgresql://…`. Absent: the embedded files. */
  readonly sqlUrl?: string | undefined
  /** Where the directory is a database of its own; absent: the same as `sqlUrl`. */
  readonly directoryUrl?: string | undefined
}

/** URL of the server that holds a store; undefined: it is a file beside the service. */
export function databaseServer(
  store: 'directory' | 'pool',
  { sqlUrl, directoryUrl = sqlUrl }: StoreUrls,
): string | undefined {
  return store === 'directory' ? directoryUrl : sqlUrl
}

/** Resolves when each has answered or failed once: a database that is away opens as well, and is asked again. */
export async function openStores({ plan, dataDir, clock, onHealth, ...urls }: StoresOptions): Promise<Stores> {
  const { settings } = plan
  if (!('store' in settings))
    return { directory: undefined, pool: undefined, location: undefined, close: async () => undefined }
  const [{ openDirectory }, { openPoolStore }] = await Promise.all([
    import('../services/store/directory.ts'),
    import('../services/store/pool-store.ts'),
  ])
  const files = filesOf(settings.store)
  const tls = databaseTls(settings.store, () => readFileSync(nodeFolder(dataDir, plan.name).trust, 'utf8'))
  const at = (store: 'directory' | 'pool'): StoreSettings => {
    const url = databaseServer(store, urls)
    return url === undefined
      ? { kind: 'sqlite', file: join(dataDir, files[store]) }
      : { kind: 'postgresql', url, ...tls }
  }
  const [directory, pool] = await Promise.all([
    openDirectory(at('directory'), { clock, onHealth: (health) => onHealth('directory', health) }),
    settings.kind === 'director'
      ? undefined
      : openPoolStore(at('pool'), { clock, onHealth: (health) => onHealth('pool', health) }),
  ])
  const alone = 'members' in settings && settings.members.length === 1
  const location =
    pool === undefined
      ? undefined
      : alone
        ? singleWriterLocation({ clock, store: pool })
        : sharedLocation({ clock, store: pool })
  return {
    directory,
    pool,
    location,
    async close() {
      location?.close()
      await pool?.close()
      await directory.close()
    },
  }
}

/**
 * TLS to the database as the lab file wants it. Both `on` and `verify` check chain and name: encryption protects
 * nothing while the other end may be any server.
 *
 * @param trust PEM anchors
 */
export function databaseTls(store: StorePlan, trust: () => string): { readonly tls?: StoreTls } {
  if (store.kind === 'sqlite' || store.tls === 'off') return {}
  return { tls: { ca: [trust()], serverName: store.host } }
}

/** Asks each database one question and ignores the answer: a node without traffic learns the health of its stores. */
export async function askStores({ directory, pool }: Stores): Promise<void> {
  // The write removes nothing: it shows whether the store takes writes.
  const questions = [
    directory?.account('sip:health@invalid'),
    pool?.bindingsOf('sip:health@invalid'),
    pool?.removeExpired(0),
  ]
  for (const { status, reason } of (await Promise.allSettled(questions)) as readonly {
    readonly status: string
    readonly reason?: unknown
  }[]) {
    // The store has already recorded its health.
    if (status === 'rejected' && !(reason instanceof StoreError)) throw reason
  }
}

function filesOf(store: StorePlan): { readonly directory: string; readonly pool: string } {
  return store.kind === 'sqlite' ? store : store.fallback
}
