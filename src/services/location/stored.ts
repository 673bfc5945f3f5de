/** What a location service with a store behind it does, whatever other servers write there. */
import type { Clock } from '../../sip/clock.ts'
import { StoreError } from '../store/store-error.ts'
import type { PoolStore } from '../store/pool-store.ts'
import { rowOf } from './binding.ts'
import type { Plan } from './rules.ts'

const sweepEveryMs = 60_000

export function writesOf(
  plan: Plan & { kind: 'done' },
  incarnation: string,
): Parameters<PoolStore['writeBindings']>[0] {
  return {
    put: plan.put.map((binding) => rowOf(binding, incarnation)),
    remove: plan.remove.map((binding) => ({ aor: binding.aor, key: binding.key, flow: undefined })),
  }
}

/** Removes what has run out, again and again. @returns ends it */
export function sweeping(store: PoolStore, clock: Clock): () => void {
  return every(clock, sweepEveryMs, () => sweep(store, clock))
}

/**
 * Expired rows do no harm: the next sweep removes what a failed one left, and the health of the store reports the
 * failure.
 */
function sweep(store: PoolStore, clock: Clock): void {
  if (store.health.state === 'down') return
  store.removeExpired(clock.wall()).catch((error: unknown) => {
    if (!(error instanceof StoreError)) throw error
  })
}

/** Calls back again and again until the returned function is called. */
export function every(clock: Clock, periodMs: number, callback: () => void): () => void {
  let timer = clock.after(periodMs, tick)
  function tick(): void {
    timer = clock.after(periodMs, tick)
    callback()
  }
  return () => timer.cancel()
}
