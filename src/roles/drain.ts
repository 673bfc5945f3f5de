/**
 * Taking a server out, or stopping it, without loss: its listeners are closed already, what is in progress ends, then its flows are
 * closed at a moment when nobody waits for an answer.
 */
import type { Clock } from '../sip/clock.ts'
import type { Flow } from '../sip/transport/flow.ts'
import type { SipRequest } from '../sip/message/types.ts'

export interface QuietParts {
  readonly clock: Clock
  /** Requests that have not got their final answer. */
  readonly inProgress: () => number
  /** From now on new calls and subscriptions are turned away: see `turnsAway`. */
  readonly turnAway: () => void
}

export interface Patience {
  /** So long new work is taken: a server with little to do has a quiet moment soon, and then nobody is turned away. */
  readonly patientSeconds: number
  /** A call may ring for minutes: after this time it is given up. */
  readonly longestSeconds: number
}

export const drainPatience: Patience = { patientSeconds: 10, longestSeconds: 40 }
/**
 * Who stops a server wants it to end; what a phone or a database answers at all, it answers in less. Nothing is turned away: a 503 would
 * make the next server leave the whole pool alone (RFC 3263 §4.3), while on a closed flow it sends what has no answer yet by a new one.
 */
export const stopPatience: Patience = { patientSeconds: 2, longestSeconds: 2 }

const lookEveryMs = 20

/** Resolves in the turn of the event loop that found nothing in progress, or when the time is up, with how many requests are given up. */
export async function quiet({ clock, inProgress, turnAway }: QuietParts, { patientSeconds, longestSeconds }: Patience): Promise<number> {
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
  return inProgress()
}

/**
 * Flows are closed in the same turn of the event loop that found nothing in progress, so no answer is cut off.
 *
 * @returns how many requests were given up
 */
export async function drain({ flows, ...parts }: QuietParts & { readonly flows: () => Iterable<Flow> }): Promise<number> {
  const left = await quiet(parts, drainPatience)
  for (const flow of [...flows()]) flow.close('drained')
  return left
}

/**
 * What would begin something long: 503 with Retry-After (RFC 3261 §21.5.4), by which time the client has been sent elsewhere. A registration
 * or a message is over at once.
 */
export function turnsAway({ method }: SipRequest): number | undefined {
  return method === 'INVITE' || method === 'SUBSCRIBE' ? drainPatience.longestSeconds : undefined
}
