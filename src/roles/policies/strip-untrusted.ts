/**
 * Removes the header fields in which outsiders must not speak about themselves, before any other policy reads them. In
 * requests and in responses.
 */
import { carriesAny, type FieldSet, fieldSet } from '../../sip/message/field-set.ts'
import type { SipResponse } from '../../sip/message/types.ts'
import { type Arrival, pass, type Policy } from '../../sip/routing/decision.ts'
import type { Flow } from '../../sip/transport/flow.ts'

/**
 * Whatever phones show as the caller beside From. Remote-Party-ID is older than RFC 3325 and no RFC, and phones read it
 * all the same; P-Served-User is RFC 5502.
 */
const identities = ['p-asserted-identity', 'p-preferred-identity', 'p-served-user', 'remote-party-id']

/** Identity and diagnostics: believed from a server only (RFC 3325 §5; topology-facts §5.1). */
const vouchedByServersOnly = fieldSet([...identities, 'ms-diagnostics', 'ms-diagnostics-public', 'ms-user-logon-data'])

/**
 * The edge's remark on where a message came from. The name of the original's header field is not documented beyond its
 * parameters (`ms-source-type`, `ms-ep-fqdn`, `ms-source-network`, `ms-source-verified-user`), so this name is a lab
 * choice.
 */
export const edgeMark = 'ms-edge-proxy-message-trust'

/** Parameter of the edge mark: the sender came by the flow of its dialog. Its name is a lab choice. */
export const dialogProved = 'ms-source-dialog=proved'

/** Parameter of the edge mark: the organisation of a sender whose From names another one. A lab choice, as above. */
export const sourceDomain = 'ms-source-domain='

export interface EdgeMark {
  readonly partner: boolean
  readonly proved: boolean
  /** Lower case; undefined: that of From. */
  readonly domain: string | undefined
}

/** What our edge says of the sender, on a link of a server of ours; undefined: it did not come from outside. */
export function markOf({ flow, request }: Arrival): EdgeMark | undefined {
  const peerClass = flow.peer?.class
  if (peerClass !== 'edge' && peerClass !== 'server') return undefined
  const mark = request.header(edgeMark)
  if (mark === undefined) return undefined
  const parts = mark.split(';').map((part) => part.trim())
  return {
    partner: parts.some((part) => partnerSources.has(part)),
    proved: parts.includes(dialogProved),
    domain: parts.find((part) => part.startsWith(sourceDomain))?.slice(sourceDomain.length),
  }
}

const partnerSources = new Set(
  ['DirectPartner', 'AuthorizedServer', 'AutoFed', 'ClearingHouse'].map((source) => `ms-source-type=${source}`),
)

/** What is said between the servers of one organisation and to its users. `ms-diagnostics-public` is meant to cross. */
export const wordsForInside = fieldSet([...identities, 'ms-diagnostics', 'ms-user-logon-data', edgeMark])

/** Parameter of the edge mark: the sender proved to its own organisation who it is. */
export const sourceVerified = 'ms-source-verified-user=verified'

/** Removes identity, diagnostics and edge marks from every peer that may not speak for others. */
export function stripUntrusted(): Policy {
  return {
    name: 'strip-untrusted',
    decide(arrival) {
      if (mayVouch(arrival)) return pass
      const { request, remarks } = arrival
      if (carriesAny(request, vouchedByServersOnly)) remarks.remove.push(...vouchedByServersOnly.names)
      if (!mayMark(arrival) && carriesAny(request, marks)) remarks.remove.push(edgeMark)
      if (isOriginator(arrival)) remarks.remove.push('record-route')
      return pass
    },
  }
}

/**
 * The same for the answer of a phone, which is no more a server than it was with a request. An edge gives reasons of
 * its own; who it was that answered outside it cannot vouch for.
 */
export function stripUntrustedResponse(response: SipResponse, { peer }: Pick<Flow, 'peer'>): readonly string[] {
  if (peer?.class === 'server') return nothing
  return unbelieved(response, peer?.class === 'edge' ? identity : wordsOfServers)
}

function unbelieved(response: SipResponse, words: FieldSet): readonly string[] {
  return carriesAny(response, words) ? words.names : nothing
}

const nothing: readonly string[] = []
const marks = fieldSet([edgeMark])
/** The signature of a client ends where it was checked: the next hop signs anew. */
const signatures = ['authorization', 'authentication-info']
const identity = fieldSet([...identities, ...signatures])
const wordsOfServers = fieldSet([...vouchedByServersOnly.names, edgeMark, ...signatures])

/** A server of our own organisation: its P-Asserted-Identity is believed. */
function mayVouch({ flow }: Arrival): boolean {
  return flow.peer?.class === 'server'
}

/** Only who forwards writes Record-Route, and who forwards leaves a Via below its own. */
function isOriginator({ request }: Arrival): boolean {
  return request.header('Record-Route') !== undefined && request.hasOneVia
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
