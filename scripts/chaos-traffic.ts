/** What phones do while a server of theirs dies, and what is counted of it: for `scripts/pool-chaos.ts`. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Call, type Phone, PhoneError } from '../src/phone/index.ts'

/**
 * 64*T1 (RFC 3261 §17) twice, of a request and of the same one that answers the challenge, and what a busy machine
 * needs: nothing may take longer.
 */
export const timerMs = 70_000

export interface Counts {
  readonly victim: string
  calls: number
  established: number
  /** 200 to the INVITE, and later a server answered the BYE of neither end, or answered it with an error. */
  callsLost: number
  /**
   * The BYE of each end met the loss of the connection of its own phone: both phones have ended the call (RFC 3261
   * §15.1.1), and neither has heard of the other. No server failed, and none was put to the test.
   */
  cutOff: number
  /** Set up before the loss, and kept until everything was back. */
  held: number
  /** Those whose BYE did not arrive at the first try, by whichever end it was sent. */
  heldStuck: number
  messages: number
  messagesAnswered: number
  /** 200 to the sender, and the text never came. */
  messagesLost: number
  /** Ended with an error: the phone told its user. */
  refused: number
  /** Neither answer nor error within the timer. */
  hanging: number
  registrations: number
  /** Not in the store after everything was back. */
  registrationsLost: number
}

export function noCounts(victim: string): Counts {
  return {
    victim,
    calls: 0,
    established: 0,
    callsLost: 0,
    cutOff: 0,
    held: 0,
    heldStuck: 0,
    messages: 0,
    messagesAnswered: 0,
    messagesLost: 0,
    refused: 0,
    hanging: 0,
    registrations: 0,
    registrationsLost: 0,
  }
}

/** What must be 0. */
export function lost({ callsLost, heldStuck, messagesLost, hanging, registrationsLost }: Counts): number {
  return callsLost + heldStuck + messagesLost + hanging + registrationsLost
}

export interface Pair {
  readonly from: Phone
  readonly to: Phone
}

/** Each phone and the next one: every kind of way through the lab, in both directions. */
export function pairsOf(phones: readonly Phone[]): readonly Pair[] {
  return phones.map((from, at) => ({ from, to: phones[(at + 1) % phones.length] ?? from }))
}

/**
 * INVITE, a quarter of a second, BYE; what was answered with 200 must end with a 200. A BYE that meets the loss fails,
 * and sip.js has ended its dialog with it: then the other end hangs up, as its user would on hearing nothing.
 *
 * @param whenBack resolves as soon as a BYE can be expected to arrive: a phone may hold a dead connection for good
 *   until something is answered on it
 */
export async function callOnce({ from, to }: Pair, counts: Counts, whenBack: () => Promise<unknown>): Promise<void> {
  counts.calls++
  const call = from.call(to.uri)
  if ((await timed(call.established, counts)) !== 'done') return delay(100)
  counts.established++
  await delay(250)
  const far = to.calls.find(({ id }) => id === call.id)
  if ((await timed(call.hangUp(), counts)) === 'done') return
  await whenBack()
  // The other end has ended its call: the BYE arrived, and only the answer was lost.
  if (far === undefined || far.state === 'ended') return
  const kept = await ends(far)
  if (kept === undefined) return
  const isCutOff = isOwnLoss(kept)
  if (isCutOff) counts.cutOff++
  else counts.callsLost++
  tell(`neither end could hang up ${call.id} from ${from.uri} to ${to.uri}${isCutOff ? ' (cut off)' : ''}`, kept)
}

/** The connection of the phone itself was lost before the answer: the error has the verdict on it, and no status. */
function isOwnLoss(error: unknown): boolean {
  return error instanceof PhoneError && error.verdict !== undefined
}

export async function writeOnce({ from, to }: Pair, counts: Counts, answered: string[]): Promise<void> {
  counts.messages++
  const text = `${counts.victim} ${from.uri} ${counts.messages}`
  if ((await timed(from.message(to.uri, text), counts)) === 'done') {
    counts.messagesAnswered++
    answered.push(text)
  }
  await delay(50)
}

/** One call for each end that may hang up. */
export async function holdCalls(pairs: readonly Pair[], counts: Counts): Promise<() => Promise<void>> {
  const held: Call[] = []
  for (const pair of pairs) held.push(await heldCall(pair, 'caller'), await heldCall(pair, 'callee'))
  counts.held = held.length
  return async () => {
    for (const end of held) {
      const kept = await ends(end)
      if (kept === undefined) continue
      counts.heldStuck++
      tell(`the ${end.direction} end could not hang up ${end.id} with ${end.peer}`, kept)
    }
  }
}

/** The end that will hang up. */
async function heldCall({ from, to }: Pair, by: 'caller' | 'callee'): Promise<Call> {
  const call = from.call(to.uri)
  await call.established
  const far = to.calls.find(({ id }) => id === call.id)
  if (far === undefined) throw new Error(`${to.uri} knows nothing of the call from ${from.uri}`)
  await far.established
  return by === 'caller' ? call : far
}

/** Why its BYE did not arrive; undefined: it did. 481: that phone had ended the call already. */
async function ends(call: Call): Promise<unknown> {
  return call.hangUp().then(
    () => undefined,
    (error: unknown) => (error instanceof PhoneError && error.status === 481 ? undefined : error),
  )
}

function tell(what: string, error: unknown): void {
  console.error(`${what}: ${error instanceof Error ? error.message : String(error)}`)
}

async function timed(work: Promise<unknown>, counts: Counts): Promise<'done' | 'refused' | 'hanging'> {
  const outcome = await Promise.race([
    work.then(
      () => 'done' as const,
      () => 'refused' as const,
    ),
    delay(timerMs, 'hanging' as const, { ref: false }),
  ])
  if (outcome === 'refused') counts.refused++
  if (outcome === 'hanging') counts.hanging++
  return outcome
}

export async function signedIn(phones: readonly Phone[]): Promise<void> {
  await until('every phone is signed in', () => phones.every((phone) => phone.signedIn))
}

/** Every phone is signed in and reaches its peer: what is answered went over the connections of both. */
export async function served(pairs: readonly Pair[]): Promise<void> {
  await signedIn(pairs.map(({ from }) => from))
  for (const { from, to } of pairs)
    await until(`${from.uri} reaches ${to.uri}`, () =>
      from.message(to.uri, 'there again').then(
        () => true,
        () => false,
      ),
    )
}

/** A phone that waits longest between two tries, and a request that runs into its timer. */
const untilMs = 2 * timerMs

/** Looks ten times a second. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + untilMs; performance.now() < end; await delay(100)) if (await holds()) return
  throw new Error(`it did not come to that within ${untilMs / 1000} s: ${what}`)
}
