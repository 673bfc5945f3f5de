/** What a database that goes away, and one that comes back, means for the server that needs it. */
import type { Verdict } from '../verdicts/verdict.ts'
import type { StoreHealth } from '../services/store/settings.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { Condition } from './condition.ts'
import type { ConfigurationFault } from './configuration-check.ts'
import type { Recorder } from './recorder.ts'
import { isAbout, recordStoreLost, storeClasses, storeVerdict, type StoreName } from './store-verdict.ts'
import { databaseServer, type Stores, type StoreUrls } from './stores.ts'

export interface StoreWatchOptions {
  readonly plan: NodePlan
  readonly recorder: Recorder
  readonly condition: Condition
  /** Where databases are servers of their own. */
  readonly urls: StoreUrls
}

/** What is wrong with a file, after the dot of the code; the others have the remedy of the table. */
const fileRemedies: Readonly<Record<string, string>> = {
  unreachable: 'decide: restore the file from a backup, or start with an empty file and lose its data',
  corrupt: 'decide: restore the file from a backup, or start with an empty file and lose its data',
  failed: 'decide: restore the file from a backup, or start with an empty file and lose its data',
  permission: 'let the user of the service write the file and its folder, on a file system that is mounted writable',
}

export class StoreWatch {
  readonly #options: StoreWatchOptions

  constructor(options: StoreWatchOptions) {
    this.#options = options
  }

  onHealth(store: StoreName, health: StoreHealth): void {
    if (health.state === 'up') return this.#isBack(store)
    const { recorder, condition } = this.#options
    const found = this.#verdictOf(store, health)
    condition.impair(found, (known) => isAbout(store, known))
    const endsTheStart = condition.state === 'starting' && health.state === 'down' && this.#endsWithout(store)
    // Then the chain of events follows, and says it once.
    if (!endsTheStart) recordStoreLost(recorder, store, health, found)
  }

  /** What a server that starts now ends for; undefined: nothing. */
  missingFile({ directory, pool }: Stores): ConfigurationFault | undefined {
    for (const [store, health] of [
      ['directory', directory?.health],
      ['pool', pool?.health],
    ] as const) {
      if (health?.state === 'down' && this.#endsWithout(store))
        return { verdict: this.#verdictOf(store, health), className: storeClasses[store] }
    }
    return undefined
  }

  #verdictOf(store: StoreName, health: StoreHealth): Verdict {
    const found = storeVerdict(store, health, this.#options.plan.name)
    const fix = fileRemedies[found.code.slice(found.code.indexOf('.') + 1)]
    return this.#isFile(store) && fix !== undefined ? { ...found, fix } : found
  }

  #isFile(store: StoreName): boolean {
    return databaseServer(store, this.#options.urls) === undefined
  }

  /**
   * A file beside the service is a part of it, and a server of 2005 or 2007 went nowhere without. A database server is
   * another host, which comes back: decision 0020, unless the lab file says `wait` or `die`.
   */
  #endsWithout(store: StoreName): boolean {
    const { whenDatabaseIsAway: setting, profile } = this.#options.plan
    return setting === 'by-kind' ? profile.name !== 'modern' && this.#isFile(store) : setting === 'die'
  }

  #isBack(store: StoreName): void {
    const { condition, recorder } = this.#options
    if (!condition.relieve((known) => isAbout(store, known))) return
    recorder.record('store.back', { data: { store } })
  }
}
