/** Waits for an event of a lab. */
import { type EventTail, tailEvents } from '../lab/event-tail.ts'
import { LabError } from '../lab/lab-error.ts'
import type { NodeEvent } from '../node/control/control-api.ts'

/**
 * The first event in any of the files that `wanted` accepts, those already written included.
 *
 * @throws LabError `event.none` after `withinMs`
 */
export async function nextEvent(
  files: readonly string[],
  wanted: (event: NodeEvent) => boolean,
  withinMs: number,
): Promise<NodeEvent> {
  const found = Promise.withResolvers<NodeEvent>()
  const look = (event: NodeEvent): void => {
    try {
      if (wanted(event)) found.resolve(event)
    } catch (error) {
      found.reject(error)
    }
  }
  const none = (): void =>
    found.reject(new LabError('not-so', 'event.none', `no event that was wanted came within ${withinMs} ms`))
  const timer = setTimeout(none, withinMs)
  const tails: EventTail[] = files.map((file) => tailEvents(file, 'start', look))
  try {
    for (const tail of tails) tail.flush()
    return await found.promise
  } finally {
    clearTimeout(timer)
    for (const tail of tails) tail.stop()
  }
}
