/**
 * The links of a lab that are down, each with one verdict from both ends: what `siplab status` shows below its nodes.
 */
import type { Verdict } from '../verdicts/verdict.ts'
import type { LinkState, NodeEvent, NodeStatus } from '../node/control/control-api.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import type { LabPlan } from '../topology/plan-types.ts'
import { readInOrder } from './event-tail.ts'
import { dialledNames } from './links.ts'
import { isDialEvent, isSymptom, joinEvents } from './join.ts'

export interface RefusedLink {
  /** `director->fe1`. */
  readonly link: string
  readonly since: string
  /** Absent: no node logged a reason. */
  readonly verdict?: Verdict
}

/** @param statuses of the nodes that answer */
export function refusedLinks(plan: LabPlan, labRoot: string, statuses: readonly NodeStatus[]): readonly RefusedLink[] {
  const down = statuses.flatMap(({ name, links }) =>
    links.filter(({ state }) => state === 'down').map((link) => ({ from: name, link })),
  )
  if (down.length === 0) return []
  const events = readInOrder(plan.nodes.map(({ name }) => nodeFolder(labRoot, name).events))
  return down.map(({ from, link }) => refusedLink(from, `${from}->${nodeOf(plan, link.peer)}`, link, events))
}

/** @param events of all nodes, oldest first */
export function refusedLink(
  from: string,
  name: string,
  { peer, since, verdict }: LinkState,
  events: readonly NodeEvent[],
): RefusedLink {
  const own = verdict !== undefined && !isSymptom(verdict.code)
  const known = own
    ? verdict
    : (joinEvents(sinceItWasUp(events, from, peer)).findLast(({ link, code }) => link === name && !isSymptom(code)) ??
      verdict)
  return { link: name, since, ...(known === undefined ? {} : { verdict: known }) }
}

/**
 * What kept the link from coming up before explains nothing now. The order of the dialler's own events counts, and what
 * others wrote of the same connections: clocks may have been moved. What came to no connection the dialler knows alone,
 * and has said.
 */
function sinceItWasUp(events: readonly NodeEvent[], from: string, peer: string): readonly NodeEvent[] {
  const up = events
    .filter(({ node, event, data }) => node === from && event === 'link.up' && data?.['peer'] === peer)
    .reduce((last, { seq }) => Math.max(last, seq), 0)
  const own = events.filter((event) => event.node === from && event.seq > up && !isDialEvent(event))
  const connections = new Set(own.flatMap(({ connection }) => connection ?? []))
  return [
    ...own,
    ...events.filter(
      ({ node, connection }) => node !== from && connection !== undefined && connections.has(connection),
    ),
  ]
}

function nodeOf(plan: LabPlan, peer: string): string {
  return plan.nodes.find((node) => dialledNames(node).includes(peer))?.name ?? peer
}
