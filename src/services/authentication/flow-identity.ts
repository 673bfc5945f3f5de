/**
 * Who has proven to be at the other end of a flow, and until when. Only flows of a single client carry this, never
 * links between servers.
 */
import { flat } from '../../sip/message/fast/flat.ts'
import type { Flow } from '../../sip/transport/flow.ts'

const note = 'services.identities'

/** Users one flow may have signed in; a phone has one or two, a gateway of phones many. */
const identitiesLimit = 200_000

interface Identity {
  readonly aor: string
  /** Wall-clock milliseconds. */
  until: number
}

/** A datagram's source can be forged, and a link between servers carries many users: neither keeps an identity. */
function mayKeepIdentity(flow: Flow): boolean {
  return flow.reliable && flow.direction === 'accepted' && (flow.peer === undefined || flow.peer.class === 'client')
}

const proof = 'services.proof'

/** A user proved a password on this flow, by whatever request. */
export function noteProof(flow: Flow): void {
  if (mayKeepIdentity(flow) && !flow.notes.has(proof)) flow.notes.set(proof, true)
}

/** Whether its responses may be dialled back when it has closed: for a verified server, or a user who proved it. */
export function mayBeDialledBack(flow: Flow): boolean {
  return (flow.peer !== undefined && flow.peer.class !== 'client') || flow.notes.has(proof)
}

/** @param until wall-clock milliseconds at which the registration runs out */
export function rememberIdentity(flow: Flow, aor: string, until: number): void {
  if (!mayKeepIdentity(flow)) return
  const known = find(flow, aor)
  if (known !== undefined) known.until = until
  else add(flow, { aor: flat(aor), until })
}

export function forgetIdentity(flow: Flow, aor: string): void {
  const known = noted(flow)
  if (known instanceof Map) known.delete(aor)
  else if (known?.aor === aor) flow.notes.delete(note)
}

export function hasIdentity(flow: Flow, aor: string, wall: number): boolean {
  const known = find(flow, aor)
  return known !== undefined && known.until > wall
}

/** Of many users on one flow, so many are looked at to find whether one is signed in on both. */
const lookedAt = 8

/** Whether one user is signed in on both, at this moment. A closed flow keeps what it proved. */
export function shareIdentity(one: Flow, other: Flow, wall: number): boolean {
  const known = noted(one)
  if (known === undefined || noted(other) === undefined) return false
  if (!(known instanceof Map)) return known.until > wall && hasIdentity(other, known.aor, wall)
  let looked = 0
  for (const { aor, until } of known.values()) {
    if (until > wall && hasIdentity(other, aor, wall)) return true
    if (++looked === lookedAt) return false
  }
  return false
}

/** One user, or many by address-of-record: the usual flow pays for no map. */
function noted(flow: Flow): Identity | Map<string, Identity> | undefined {
  return flow.notes.get(note) as Identity | Map<string, Identity> | undefined
}

function find(flow: Flow, aor: string): Identity | undefined {
  const known = noted(flow)
  if (known instanceof Map) return known.get(aor)
  return known?.aor === aor ? known : undefined
}

function add(flow: Flow, identity: Identity): void {
  const known = noted(flow)
  if (known === undefined) flow.notes.set(note, identity)
  else if (!(known instanceof Map))
    flow.notes.set(
      note,
      new Map([
        [known.aor, known],
        [identity.aor, identity],
      ]),
    )
  else if (known.size < identitiesLimit) known.set(identity.aor, identity)
}
