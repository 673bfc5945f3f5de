/** Who has proven to be at the other end of a flow, and until when. Only flows of a single client carry this, never links between servers. */
import { flat } from '../../sip/message/flat.ts'
import type { Flow } from '../../sip/transport/flow.ts'

const note = 'services.identities'

/** Users one flow may have signed in; a phone has one or two, a gateway of phones many. */
const identitiesLimit = 200_000

/** A datagram's source can be forged, and a link between servers carries many users: neither keeps an identity. */
export function mayKeepIdentity(flow: Flow): boolean {
  return flow.reliable && flow.direction === 'accepted' && (flow.peer === undefined || flow.peer.class === 'client')
}

/** @param until wall-clock milliseconds at which the registration runs out */
export function rememberIdentity(flow: Flow, aor: string, until: number): void {
  if (!mayKeepIdentity(flow)) return
  const known = identitiesOf(flow)
  if (known === undefined) flow.notes.set(note, new Map([[flat(aor), until]]))
  else if (known.size < identitiesLimit || known.has(aor)) known.set(known.has(aor) ? aor : flat(aor), until)
}

export function forgetIdentity(flow: Flow, aor: string): void {
  identitiesOf(flow)?.delete(aor)
}

export function hasIdentity(flow: Flow, aor: string, wall: number): boolean {
  return (identitiesOf(flow)?.get(aor) ?? 0) > wall
}

/** True when anyone is signed in on it. Looks at the first few only: it is asked for phones. */
export function hasAnyIdentity(flow: Flow, wall: number): boolean {
  let looked = 0
  for (const until of identitiesOf(flow)?.values() ?? []) {
    if (until > wall) return true
    if (++looked === 8) return false
  }
  return false
}

function identitiesOf(flow: Flow): Map<string, number> | undefined {
  return flow.notes.get(note) as Map<string, number> | undefined
}
