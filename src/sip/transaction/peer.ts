/**
 * Whether a message belongs to the peer of a transaction: a branch travels through every hop and to every callee, so it
 * identifies a transaction and proves nothing about the sender (RFC 3261 §9.2, §17.1.3).
 */
import type { Flow, PeerIdentity } from '../transport/flow.ts'

/** Whether one user proved to be at both flows; what proves it is the business of the layers above. */
export type SameUser = (one: Flow, other: Flow) => boolean

/**
 * True for the same flow; another connection of the same verified peer or of the same user; another connection from the
 * same address after the first has closed; another port of the same source address over UDP. The address says nothing
 * where the peer of the transaction was verified: that peer shows its certificate again.
 *
 * @param owner the flow of the transaction
 * @param came the flow that the CANCEL or the response arrived on
 */
export function isSamePeer(owner: Flow, came: Flow, sameUser: SameUser | undefined): boolean {
  return owner === came || isSameSource(owner, came) || isProven(owner, came, sameUser)
}

function isSameSource(owner: Flow, came: Flow): boolean {
  if (owner.transport !== came.transport || owner.face !== came.face || owner.peer !== undefined) return false
  return owner.remote.address === came.remote.address && (!owner.reliable || !owner.open)
}

function isProven(owner: Flow, came: Flow, sameUser: SameUser | undefined): boolean {
  if (owner.face !== came.face) return false
  if (owner.peer !== undefined && came.peer !== undefined) return isSameIdentity(owner.peer, came.peer)
  return sameUser?.(owner, came) === true
}

/** One certificate, or a renewed one: the same class and the same names. */
function isSameIdentity(one: PeerIdentity, other: PeerIdentity): boolean {
  if (one.fingerprint === other.fingerprint) return true
  if (one.class !== other.class || one.names.length === 0 || one.names.length !== other.names.length) return false
  return one.names.every((name) => other.names.includes(name))
}
