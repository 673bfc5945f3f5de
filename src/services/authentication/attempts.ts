/**
 * Failed attempts to prove a password, counted by user and real source, by source, and by user. Only an attempt that
 * proves nothing is refused or slowed down: the right password always gets in.
 */
import { flat } from '../../sip/message/fast/flat.ts'
import type { Arrival } from '../../sip/routing/decision.ts'
import { sourceOf } from '../../sip/transport/source.ts'
import { failures } from './failures.ts'
import type { FailureLimit, Failures } from './failures.ts'

/** How an attempt that proved nothing is answered. */
export type Manner =
  /** At once, with a new challenge. */
  | 'usual'
  /** Later, with a new challenge: many sources try this user. */
  | 'slow'
  /** Later, with 403: this source has failed too often. */
  | 'blocked'

/** Names behind one source, e.g. the phones of a branch office behind a NAT, times the failures of one. */
const usersBehindOneSource = 20
/** Sources that may fail for one user before it is taken to be under attack, times the failures of one. */
const sourcesOfOneUser = 5

export class Attempts {
  readonly #ofUserAtSource: Failures
  readonly #ofSource: Failures
  readonly #ofUser: Failures

  constructor(limit: FailureLimit) {
    this.#ofUserAtSource = failures(limit)
    this.#ofSource = failures({ ...limit, failures: limit.failures * usersBehindOneSource })
    this.#ofUser = failures({ ...limit, failures: limit.failures * sourcesOfOneUser })
  }

  /** Counts a failed attempt. The answer reveals nothing about others: the attempt was judged before it is counted. */
  failed(arrival: Arrival, username: string): Manner {
    const { wall } = arrival
    const source = realSource(arrival)
    const user = userKey(username)
    const both = flat(`${source} ${user}`)
    const isBlocked = this.#ofUserAtSource.isBlocked(both, wall) || this.#ofSource.isBlocked(source, wall)
    // A source that is blocked already adds nothing: it must not fill the tables with names.
    if (isBlocked) return 'blocked'
    this.#ofUserAtSource.add(both, wall)
    this.#ofSource.add(source, wall)
    this.#ofUser.add(user, wall)
    return this.#ofUser.isBlocked(user, wall) ? 'slow' : 'usual'
  }

  /** The user proved the password: what this source has failed before were slips. */
  proved(arrival: Arrival, username: string): void {
    this.#ofUserAtSource.clear(`${realSource(arrival)} ${userKey(username)}`)
  }
}

/**
 * Where an attempt really came from. Behind our edge that is the Via below the edge's own, which the edge stamped with
 * the address it saw (RFC 3261 §18.2.1). Only a flow whose certificate says that it is an edge is believed: on any
 * other flow the lower Vias are the sender's own words.
 */
function realSource({ flow, request }: Arrival): string {
  if (flow.peer?.class !== 'edge') return sourceOf(flow.remote.address)
  const stamped = request.vias()[1]
  const address = stamped?.received ?? stamped?.host
  return address === undefined ? sourceOf(flow.remote.address) : sourceOf(address.slice(0, 100))
}

/** Case does not tell users apart; a long name is cut. */
function userKey(username: string): string {
  return flat(username.slice(0, 100).toLowerCase())
}
