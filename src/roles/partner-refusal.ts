/**
 * Where DNS or a default route may lead to partners, whose edge a connection is only shows when a request names a domain: then the
 * request is refused, not the handshake. The other organisation gets a bare 403; here it is a verdict, as a refused handshake is.
 */
import { verdict } from '../certificates/verdict-codes.ts'
import type { Arrival } from '../sip/routing/decision.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import { connectionName, type Directory } from './diagnosis.ts'
import { refusedPartnerOf } from './policies/federate-in.ts'
import type { Recorder } from './recorder.ts'

/** Causes remembered with a flow: who writes from many domains is told of so often. */
const mostTold = 20

/** Once for each connection, domain and cause; nothing when the request was refused for another reason. */
export function recordPartnerRefusal(recorder: Recorder, plan: NodePlan, who: Directory, arrival: Arrival): void {
  const refused = refusedPartnerOf(arrival)
  if (refused === undefined || !isNews(arrival, `${refused.domain} ${refused.code}`)) return
  const { local, remote, peer, direction } = arrival.flow
  const connection = connectionName(direction, local, remote)
  recorder.record('partner.refused', {
    verdict: verdict(refused.code, { node: plan.name, link: `${who.byAddress(remote.address)}->${plan.name}`, direction: 'incoming', found: refused.found }),
    ...(connection === undefined ? {} : { connection }),
    data: { domain: refused.domain, diagnostics: refused.diagnostics, subject: peer?.subject, serial: peer?.serial },
  })
}

const toldKey = 'partner-refusal.told'

function isNews({ flow: { notes } }: Arrival, cause: string): boolean {
  const told = notes.get(toldKey)
  if (!(told instanceof Set)) {
    notes.set(toldKey, new Set([cause]))
    return true
  }
  if (told.has(cause) || told.size >= mostTold) return false
  told.add(cause)
  return true
}
