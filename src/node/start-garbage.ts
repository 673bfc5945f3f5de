/**
 * The garbage of a start is collected once, when the node is idle (docs/decisions/0067). V8 keeps it until the node has
 * work: the start made the young generation large, and an idle node never fills it.
 */
import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock } from '../sip/clock.ts'

export interface StartGarbageOptions {
  readonly clock: Clock
  /** Share of the time since the last call in which the event loop worked, 0 to 1. Default: of this process. */
  readonly busyShare?: () => number
  /** Default: all of V8's garbage. Takes 50 to 200 ms, in which nothing else runs. */
  readonly collect?: () => void
}

const lookEveryMs = 1000

/** A node that serves one call in a second is above this share. */
const idleShare = 0.02

/** Looks in a row that find the node idle. */
const idleLooks = 3

/** Call it when the node is ready: it looks every second until it has collected. */
export function collectStartGarbage({
  clock,
  busyShare = busyShareOfProcess(),
  collect = collectEverything,
}: StartGarbageOptions): void {
  let idle = 0
  const look = (): void => {
    idle = busyShare() < idleShare ? idle + 1 : 0
    if (idle === idleLooks) collect()
    else clock.after(lookEveryMs, look)
  }
  busyShare()
  clock.after(lookEveryMs, look)
}

function busyShareOfProcess(): () => number {
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

/** A context that is made while the flag is set has the function `gc`; no other context gets it. */
function collectEverything(): void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as (options: CollectOptions) => void
  setFlagsFromString('--no-expose-gc')
  gc({ type: 'major', flavor: 'last-resort' })
}
