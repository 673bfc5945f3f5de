/** What outsiders must not say about themselves is taken off before anybody reads it. */
import { type Arrival, pass, type Policy } from '../../sip/routing/decision.ts'

/** Identity and diagnostics: believed from a server only (RFC 3325 §5; topology-facts §5.1). */
const vouchedByServersOnly = ['p-asserted-identity', 'p-preferred-identity', 'ms-diagnostics', 'ms-diagnostics-public', 'ms-user-logon-data']

/**
 * The edge's remark on where a message came from. The name of the original's header field is not documented beyond its
 * parameters (`ms-source-type`, `ms-ep-fqdn`, `ms-source-network`, `ms-source-verified-user`), so this name is a lab choice.
 */
export const edgeMark = 'ms-edge-proxy-message-trust'

/** What is said between the servers of one organisation and to its users. `ms-diagnostics-public` is meant to cross. */
export const wordsForInside = ['p-asserted-identity', 'p-preferred-identity', 'ms-diagnostics', 'ms-user-logon-data', edgeMark]

/** Parameter of the edge mark: the sender proved to its own organisation who it is. */
export const sourceVerified = 'ms-source-verified-user=verified'

/** Removes identity, diagnostics and edge marks from every peer that may not speak for others. */
export function stripUntrusted(): Policy {
  return {
    name: 'strip-untrusted',
    decide(arrival) {
      if (mayVouch(arrival)) return pass
      arrival.remarks.remove.push(...vouchedByServersOnly)
      if (!mayMark(arrival)) arrival.remarks.remove.push(edgeMark)
      if (isOriginator(arrival)) arrival.remarks.remove.push('record-route')
      return pass
    },
  }
}

/** A server of our own organisation: its P-Asserted-Identity is believed. */
export function mayVouch({ flow }: Arrival): boolean {
  return flow.peer?.class === 'server'
}

/** Only who forwards writes Record-Route, and who forwards leaves a Via below its own. */
function isOriginator({ request }: Arrival): boolean {
  return request.header('Record-Route') !== undefined && request.vias().length === 1
}

/** An edge forwards for outsiders: it says where a message came from, never who sent it. */
function mayMark({ flow }: Arrival): boolean {
  return flow.peer?.class === 'edge'
}

/** Whether the request came from outside: by the flow it arrived on, or by the mark a trusted hop left. */
export function cameFromOutside(arrival: Arrival): boolean {
  const peerClass = arrival.flow.peer?.class
  if (peerClass === 'edge') return true
  return peerClass === 'server' && arrival.request.header(edgeMark) !== undefined
}
