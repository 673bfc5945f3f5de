/**
 * Taking a server out, or stopping it, without loss: its listeners are closed already, what is in progress ends, then
 * its flows are closed at a moment when no peer waits for an answer.
 */
import { longestDrainSeconds } from '../topology/drain-time.ts'
import type { Clock } from '../sip/clock.ts'
import type { Flow } from '../sip/transport/flow.ts'
import type { SipRequest } from '../sip/message/types.ts'

export interface QuietParts {
  readonly clock: Clock
  /** Requests that have not got their final answer. */
  readonly inProgress: () => number
  /** Called at each look. */
  readonly onLook?: () => void
  /** From now on new calls and subscriptions are turned away: see `turnsAway`. */
  readonly turnAway: () => void
}

export interface Patience {
  /** New work is accepted for this time: a server with little to do has a quiet moment soon, and turns no one away. */
  readonly patientSeconds: number
  /** After this time what is in progress is given up. */
  readonly longestSeconds: number
}

const drainPatience: Patience = { patientSeconds: 10, longestSeconds: longestDrainSeconds }
/**
 * Who stops a server wants it to end; what a phone or a database answers at all, it answers in less. Nothing is turned
 * away: a 503 would make the next server leave the whole pool alone (RFC 3263 §4.3), while on a closed flow it sends
 * what has no answer yet by a new one.
 */
export const stopPatience: Patience = { patientSeconds: 2, longestSeconds: 2 }

const lookEveryMs = 20

/**
 * Resolves in the turn of the event loop that found nothing in progress, or when the time is up, with how many requests
 * are given up.
 */
export async function quiet(
  { clock, inProgress, turnAway, onLook }: QuietParts,
  { patientSeconds, longestSeconds }: Patience,
): Promise<number> {
  const started = clock.now()
  const elapsedSeconds = (): number => (clock.now() - started) / 1000
  let isTurningAway = false
  while (inProgress() > 0 && elapsedSeconds() < longestSeconds) {
    if (!isTurningAway && elapsedSeconds() >= patientSeconds) {
      isTurningAway = true
      turnAway()
    }
    onLook?.()
    await new Promise<void>((resolve) => clock.after(lookEveryMs, resolve))
  }
  return inProgress()
}

export interface DrainParts extends Omit<QuietParts, 'onLook'> {
  /** Tells the clients that know such a message to sign in elsewhere; never rejects. */
  readonly signOff: () => Promise<void>
  readonly flows: () => Iterable<Flow>
  /** Those on which somebody waits for an answer. */
  readonly flowsInUse: () => ReadonlySet<Flow>
}

/**
 * Flows are closed in the same turn of the event loop that found nothing in progress, so no answer is cut off. One of
 * another server is closed as soon as nothing on it waits: that server dials again, and is led to those who stay.
 *
 * @returns how many requests were given up
 */
export async function drain({ flows, flowsInUse, signOff, ...parts }: DrainParts): Promise<number> {
  const closeServers = (): void => {
    const inUse = flowsInUse()
    for (const flow of [...flows()]) if (isOfServer(flow) && !inUse.has(flow)) flow.close('drained')
  }
  const given = await quiet({ ...parts, onLook: closeServers }, drainPatience)
  await signOff()
  // What the clients say to that, a REGISTER for example, is answered before their flows are closed.
  const left = given > 0 ? given : await quiet({ ...parts, onLook: closeServers }, stopPatience)
  for (const flow of [...flows()]) flow.close('drained')
  return left
}

function isOfServer({ peer }: Flow): boolean {
  return peer?.class === 'server' || peer?.class === 'edge'
}

/**
 * What would begin something long: 503. Without Retry-After: a server would leave the whole pool alone for that time
 * (RFC 3263 §4.3), and others of it serve. A registration or a message is over at once.
 */
export function turnsAway({ method }: SipRequest): number | undefined {
  return method === 'INVITE' || method === 'SUBSCRIBE' ? 0 : undefined
}
