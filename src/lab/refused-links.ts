/** The links of a lab that are down, each with one verdict from both ends: what `siplab status` shows below its nodes. */
import type { Verdict } from '../certificates/verdict.ts'
import type { NodeStatus } from '../roles/control-api.ts'
import { nodeFolder } from '../roles/node-folder.ts'
import type { LabPlan } from '../topology/plan-types.ts'
import { readEvents } from './event-tail.ts'
import { dialledNames } from './fault-links.ts'
import { isDialEvent, isSymptom, joinEvents } from './join.ts'

export interface RefusedLink {
  /** `director->fe1`. */
  readonly link: string
  readonly since: string
  /** Absent: nobody said why. */
  readonly verdict?: Verdict
}

/** @param statuses of the nodes that answer */
export function refusedLinks(plan: LabPlan, labRoot: string, statuses: readonly NodeStatus[]): readonly RefusedLink[] {
  const down = statuses.flatMap(({ name, links }) => links.filter(({ state }) => state === 'down').map((link) => ({ ...link, name: `${name}->${nodeOf(plan, link.peer)}` })))
  if (down.length === 0) return []
  const events = plan.nodes.flatMap(({ name }) => readEvents(nodeFolder(labRoot, name).events)).toSorted((one, other) => one.time.localeCompare(other.time))
  // What came to no connection the dialler knows alone, and said: an old one (a peer that had not started yet) explains nothing now.
  const joined = joinEvents(events.filter((event) => !isDialEvent(event)))
  return down.map(({ name, since, verdict }) => {
    const known = verdict !== undefined && !isSymptom(verdict.code) ? verdict : (joined.findLast(({ link, code }) => link === name && !isSymptom(code)) ?? verdict)
    return { link: name, since, ...(known === undefined ? {} : { verdict: known }) }
  })
}

function nodeOf(plan: LabPlan, peer: string): string {
  return plan.nodes.find((node) => dialledNames(node).includes(peer))?.name ?? peer
}
