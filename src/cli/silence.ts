/** A node that does not answer has usually just ended: its supervisor writes down why a moment later. */
import { setTimeout as delay } from 'node:timers/promises'
import { type LabFolder, readRecord } from '../lab/lab-folder.ts'

const lookEveryMs = 50

export interface Silence {
  readonly state: 'stopped' | 'silent'
  readonly since?: string
  readonly exit?: number
  readonly signal?: string
  readonly verdict?: unknown
}

/**
 * How the node ended, as soon as its supervisor knows; else that it is silent, and where to look.
 *
 * @param withinMs how long the supervisor is waited for
 */
export async function silence(folder: LabFolder, node: string, withinMs = 1500): Promise<Silence> {
  const until = performance.now() + withinMs
  for (;;) {
    const stopped = readRecord(folder)?.stopped[node]
    if (stopped !== undefined) {
      const { at, ...how } = stopped
      return { state: 'stopped', since: at, ...how }
    }
    if (performance.now() >= until) break
    await delay(lookEveryMs)
  }
  const message = `it does not answer on its control socket; siplab events ${node} shows what it did last`
  return { state: 'silent', verdict: { message } }
}
