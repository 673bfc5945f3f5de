/**
 * The garbage of a start is collected once, when the thread is idle (docs/decisions/0067). V8 keeps it until there is
 * work: the start made the young generation large, and an idle thread never fills it.
 */
import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock } from './clock.ts'

export interface StartGarbageOptions {
  readonly clock: Clock
  /** Share of the time since the last call in which the event loop worked, 0 to 1. Default: of this thread. */
  readonly busyShare?: () => number
  /**
   * False: not possible now, the next look tries again. Default: all garbage of this thread. Takes 50 to 200 ms, in
   * which nothing else runs in the thread.
   */
  readonly collect?: () => boolean
}

const lookEveryMs = 1000

/** 20 ms of work in a second: a few dozen calls (`bench/proxy.ts`, row `tls-paced`). */
const idleShare = 0.02

/** Looks in a row that find the node idle. */
const idleLooks = 3

/** Call it when the thread is ready for work: it looks every second until it has collected. */
export function collectStartGarbage({
  clock,
  busyShare = busyShareOfThread(),
  collect = collectEverything,
}: StartGarbageOptions): void {
  let idle = 0
  const look = (): void => {
    idle = busyShare() < idleShare ? idle + 1 : 0
    if (idle < idleLooks || !collect()) clock.after(lookEveryMs, look)
  }
  busyShare()
  clock.after(lookEveryMs, look)
}

function busyShareOfThread(): () => number {
  let before = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    return utilization
  }
}

interface CollectOptions {
  readonly type: 'major'
  /** Only this flavor makes the young generation small again and returns its pages to the system. */
  readonly flavor: 'last-resort'
}

/**
 * A context that is made while the flag is set has the function `gc`; no other context gets it. Threads share the flag:
 * another one may have taken it back already.
 */
function collectEverything(): boolean {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('globalThis.gc') as ((options: CollectOptions) => void) | undefined
  setFlagsFromString('--no-expose-gc')
  gc?.({ type: 'major', flavor: 'last-resort' })
  return gc !== undefined
}
