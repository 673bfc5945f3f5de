import { setTimeout as delay } from 'node:timers/promises'

/**
 * So many turns of the event loop, a millisecond each at least; sockets are read in every one of them. What crosses the
 * loopback between two ends of this process is there afterwards, however long the machine leaves the process waiting: a
 * single timer of 20 ms would be over before anything was read.
 */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await delay(1)
}
