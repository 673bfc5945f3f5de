/** What a database that goes away, and one that comes back, means for the server that needs it. */
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

const fileRemedy = 'restore the file from a backup, or begin anew without what was in it: a person decides which'

export class StoreWatch {
  readonly #options: StoreWatchOptions

  constructor(options: StoreWatchOptions) {
    this.#options = options
  }

  heard(store: StoreName, health: StoreHealth): void {
    if (health.state === 'up') return this.#isBack(store)
    const { plan, recorder, condition } = this.#options
    const found = storeVerdict(store, health, plan.name)
    condition.add(found, (known) => isAbout(store, known))
    if (condition.state === 'ready') condition.become('degraded')
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
        return {
          verdict: { ...storeVerdict(store, health, this.#options.plan.name), fix: fileRemedy },
          className: storeClasses[store],
        }
    }
    return undefined
  }

  /**
   * A file beside the service is a part of it, and a server of 2005 or 2007 went nowhere without. A database server is
   * another host, which comes back: decision 0020.
   */
  #endsWithout(store: StoreName): boolean {
    return this.#options.plan.profile.name !== 'modern' && databaseServer(store, this.#options.urls) === undefined
  }

  #isBack(store: StoreName): void {
    const { condition, recorder } = this.#options
    if (!condition.remove((known) => isAbout(store, known))) return
    if (condition.verdicts.length === 0 && condition.state === 'degraded') condition.become('ready')
    recorder.record('store.back', { data: { store } })
  }
}
