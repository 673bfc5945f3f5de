/**
 * Taking a server out without loss: its listeners are closed already, what is in progress ends, then its clients are sent
 * elsewhere at a moment when nobody waits for an answer.
 */
import type { Clock } from '../sip/clock.ts'
import type { Flow } from '../sip/transport/flow.ts'
import type { SipRequest } from '../sip/message/types.ts'

export interface DrainParts {
  readonly clock: Clock
  /** Requests that have not got their final answer. */
  readonly inProgress: () => number
  readonly flows: () => Iterable<Flow>
  /** From now on new calls and subscriptions are turned away: see `turnsAway`. */
  readonly turnAway: () => void
}

const lookEveryMs = 20
/** A server with little to do has such a moment soon, and then nobody is turned away. */
const patientSeconds = 10
/** A call may ring for minutes: after this time it is given up. */
const longestSeconds = 40

/** Seconds for Retry-After: by then the client has been sent elsewhere. */
const retryAfterSeconds = longestSeconds

/**
 * Flows are closed in the same turn of the event loop that found nothing in progress, so no answer is cut off.
 *
 * @returns how many requests were given up
 */
export async function drain({ clock, inProgress, flows, turnAway }: DrainParts): Promise<number> {
  const started = clock.now()
  const elapsedSeconds = (): number => (clock.now() - started) / 1000
  let isTurningAway = false
  while (inProgress() > 0 && elapsedSeconds() < longestSeconds) {
    if (!isTurningAway && elapsedSeconds() >= patientSeconds) {
      isTurningAway = true
      turnAway()
    }
    await new Promise<void>((resolve) => clock.after(lookEveryMs, resolve))
  }
  const left = inProgress()
  for (const flow of [...flows()]) flow.close('drained')
  return left
}

/** What would begin something long: 503 with Retry-After (RFC 3261 §21.5.4). A registration or a message is over at once. */
export function turnsAway({ method }: SipRequest): number | undefined {
  return method === 'INVITE' || method === 'SUBSCRIBE' ? retryAfterSeconds : undefined
}
