/**
 * Refused requests that an administrator wants to find again, each with a verdict: another organisation whose edge does
 * not speak for its domain, and Route values that choose a way through the inside. The other side gets a bare status
 * and learns nothing of this.
 */
import { verdict } from '../verdicts/codes.ts'
import type { Arrival } from '../sip/routing/decision.ts'
import type { SocketAddress } from '../sip/transport/flow.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import { connectionName, type Directory } from './diagnosis.ts'
import { judgedOf } from '../roles/law/law.ts'
import type { Cell } from '../roles/law/table.ts'
import { refusedPartnerOf } from '../roles/policies/federate-in.ts'
import type { Recorder } from './recorder.ts'
import { endpointText } from '../sip/message/endpoint.ts'

/**
 * How often requests were refused, by the row of the law, or by the cause where a policy refused before the table was
 * asked. There are so many rows and causes: it cannot grow.
 */
export class RefusalCounts {
  readonly #counts = new Map<string, number>()

  /** Nothing when the request was refused for another reason than a border. */
  count(arrival: Arrival, because: string): void {
    const row = routeCauses.has(because) ? because : (refusedRow(arrival, because) ?? countedCause(because))
    if (row !== undefined) this.#counts.set(row, (this.#counts.get(row) ?? 0) + 1)
  }

  /** `{ 'registration without identity': 2, 'route.abuse': 1 }`; `none`: no row fits. */
  get all(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }
}

const routeCauses: ReadonlySet<string> = new Set(['route.abuse', 'route.token-forged', 'route.token-old'])

/** Refusals at a border that have an event of their own, or none because the peer has done nothing wrong. */
const otherCauses: ReadonlySet<string> = new Set([
  'federation.blocked',
  'federation.closed',
  'federation.dns-down',
  'federation.no-srv',
  'federation.srv-outside',
  'federation.wrong-edge',
  'register.contact-server',
  'register.path-from-client',
  'remote.not-allowed',
  'remote.user-not-enabled',
])

function countedCause(because: string): string | undefined {
  return otherCauses.has(because) ? because : undefined
}

/** The row that refused; undefined: it was not the law. */
function refusedRow(arrival: Arrival, because: string): string | undefined {
  const judged = judgedOf(arrival)
  return judged === undefined ? rowsOfPolicies[because] : (judged.row ?? 'none')
}

/** The most causes reported for one flow: its peer may write from many domains. Also the most fields for one source. */
const mostTold = 20

/** Once for each source and cause; nothing when the request was refused for another reason. */
export function recordRefusal(
  recorder: Pick<Recorder, 'record'>,
  plan: Pick<NodePlan, 'name'>,
  who: Directory,
  arrival: Arrival,
  because: string,
): void {
  if (routeCauses.has(because))
    return recordRouteAbuse(recorder, plan, who, arrival, because === 'route.token-old' ? because : 'route.abuse')
  const row = refusedRow(arrival, because)
  if (row !== undefined) recordForbidden(recorder, plan, who, arrival, { row, because, cell: judgedOf(arrival)?.cell })
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

/** What policies refuse before the table is asked, and the row that a request of this kind has to fit. */
const rowsOfPolicies: Readonly<Record<string, string>> = {
  'remote.foreign-domain': 'remote user inward',
  'federation.own-domain-claimed': 'partner inward',
  'federation.no-relay': 'partner inward',
  'auth.identity-mismatch': 'registration of a user',
}

interface Forbidden {
  readonly row: string
  readonly because: string
  readonly cell: Cell | undefined
}

/** Once for each source and cause. */
function recordForbidden(
  recorder: Pick<Recorder, 'record'>,
  plan: Pick<NodePlan, 'name'>,
  who: Directory,
  arrival: Arrival,
  { row, because, cell }: Forbidden,
): void {
  const { request, flow } = arrival
  if (!sources.isNew(`${plan.name} ${flow.remote.address} ${because}`)) return
  const as =
    cell === undefined
      ? ''
      : `: ${cell.peer}, identity ${cell.identity}, dialog ${cell.dialog}, to ${cell.target} (${cell.border})`
  const found =
    `${request.method} ${request.requestUri} from ${endpointText(flow.remote.address, flow.remote.port)}, row ` +
    `"${row}"${as}`
  recorder.record('request.forbidden', {
    verdict: verdict('law.refused', {
      node: plan.name,
      link: linkOf(plan, who, arrival),
      direction: 'incoming',
      found: found.slice(0, 400),
    }),
    data: { row, because },
  })
}

/**
 * A field that cannot be read or used, and where it is; once for each source and fault, and twenty times for a source:
 * what was found holds octets of the peer, and a flood of broken messages fills no file.
 */
export function recordField(
  recorder: Pick<Recorder, 'record'>,
  plan: Pick<NodePlan, 'name'>,
  { address, port }: SocketAddress,
  found: string,
): void {
  const source = `${plan.name} ${address}`
  if (!sources.isNew(`${source} ${found.slice(0, 80)}`) || !malformed.mayTell(source)) return
  recorder.record('request.malformed', {
    message: `a message of ${endpointText(address, port)}: ${found}`.slice(0, 400),
    data: { remote: endpointText(address, port) },
  })
}

/** Sources and causes remembered as reported; beyond these the oldest is forgotten, and may be reported again. */
const mostSources = 1000

class Sources {
  readonly #told = new Set<string>()

  isNew(source: string): boolean {
    if (this.#told.has(source)) return false
    this.#told.add(source)
    const [oldest] = this.#told
    if (this.#told.size > mostSources && oldest !== undefined) this.#told.delete(oldest)
    return true
  }
}

/** How often each of the last sources was reported. */
class Told {
  readonly #counts = new Map<string, number>()

  mayTell(source: string): boolean {
    const count = (this.#counts.get(source) ?? 0) + 1
    if (count > mostTold) return false
    this.#counts.set(source, count)
    const [oldest] = this.#counts.keys()
    if (this.#counts.size > mostSources && oldest !== undefined) this.#counts.delete(oldest)
    return true
  }
}

const malformed = new Told()

/** One table for the process: a node is one. */
const sources = new Sources()

/** The connection itself is in order, so the event does not count as a view of it. */
function recordRouteAbuse(
  recorder: Pick<Recorder, 'record'>,
  plan: Pick<NodePlan, 'name'>,
  who: Directory,
  arrival: Arrival,
  code: 'route.abuse' | 'route.token-old',
): void {
  if (!sources.isNew(`${plan.name} ${arrival.flow.remote.address} ${code}`)) return
  const { request, ownRoute } = arrival
  const { address, port } = arrival.flow.remote
  const found =
    `${request.method} from ${endpointText(address, port)} with Route: ` +
    `${ownRoute?.text ?? request.header('Route') ?? 'none'}`
  recorder.record('route.refused', {
    verdict: verdict(code, {
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
