/**
 * Refused requests that an administrator wants to find again, each with a verdict: another organisation whose edge does
 * not speak for its domain, and Route values that choose a way through the inside. The other side gets a bare status
 * and learns nothing of this.
 */
import { verdict } from '../certificates/verdict-codes.ts'
import type { Arrival } from '../sip/routing/decision.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import { connectionName, type Directory } from './diagnosis.ts'
import { refusedPartnerOf } from './policies/federate-in.ts'
import type { Recorder } from './recorder.ts'

/** Causes remembered with a flow: who writes from many domains is told of so often. */
const mostTold = 20

/** Once for each connection and cause; nothing when the request was refused for another reason. */
export function recordRefusal(
  recorder: Pick<Recorder, 'record'>,
  plan: Pick<NodePlan, 'name'>,
  who: Directory,
  arrival: Arrival,
  because: string,
): void {
  if (because === 'route.abuse' || because === 'route.token-forged')
    return recordRouteAbuse(recorder, plan, who, arrival)
  recordPartner(recorder, plan, who, arrival)
}

/**
 * Where DNS or a default route may lead to partners, whose edge a connection is only shows when a request names a
 * domain.
 */
function recordPartner(
  recorder: Pick<Recorder, 'record'>,
  plan: Pick<NodePlan, 'name'>,
  who: Directory,
  arrival: Arrival,
): void {
  const refused = refusedPartnerOf(arrival)
  if (refused === undefined || !isNews(arrival, `${refused.domain} ${refused.code}`)) return
  const { local, remote, peer, direction } = arrival.flow
  const connection = connectionName(direction, local, remote)
  recorder.record('partner.refused', {
    verdict: verdict(refused.code, {
      node: plan.name,
      link: linkOf(plan, who, arrival),
      direction: 'incoming',
      found: refused.found,
    }),
    ...(connection === undefined ? {} : { connection }),
    data: { domain: refused.domain, diagnostics: refused.diagnostics, subject: peer?.subject, serial: peer?.serial },
  })
}

/** The connection itself is in order, so the event does not count as a view of it. */
function recordRouteAbuse(
  recorder: Pick<Recorder, 'record'>,
  plan: Pick<NodePlan, 'name'>,
  who: Directory,
  arrival: Arrival,
): void {
  if (!isNews(arrival, 'route.abuse')) return
  const { request, ownRoute } = arrival
  const { address, port } = arrival.flow.remote
  const found =
    `${request.method} from ${address}:${port} with Route: ` + `${ownRoute?.text ?? request.header('Route') ?? 'none'}`
  recorder.record('route.refused', {
    verdict: verdict('route.abuse', {
      node: plan.name,
      link: linkOf(plan, who, arrival),
      direction: 'incoming',
      found: found.slice(0, 300),
    }),
  })
}

function linkOf({ name }: Pick<NodePlan, 'name'>, who: Directory, { flow }: Arrival): string {
  return `${who.byAddress(flow.remote.address)}->${name}`
}

const toldKey = 'refusal-events.told'

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
