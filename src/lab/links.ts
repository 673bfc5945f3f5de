/** The links of a lab that a fault may show on: which node dials which other, by what name. */
import type { LinkState, NodeStatus } from '../node/control/control-api.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import { LabError } from './lab-error.ts'
import type { RunningLabAccess } from './running-lab.ts'

export interface LabLink {
  readonly from: NodePlan
  readonly to: NodePlan
  /** FQDN that is dialled, e.g. `pool.lab.test`. */
  readonly peer: string
}

/** A link as its dialler sees it. */
export type SeenLink = LinkState & { readonly from: string; readonly to: string }

/** `director->fe1`. */
export function linkName({ from, to }: LabLink): string {
  return `${from.name}->${to.name}`
}

/** The names others dial a node by: each face, and its pool. */
export function dialledNames({ fqdn, faces, settings }: NodePlan): readonly string[] {
  const home = 'home' in settings ? [settings.home] : []
  return [...new Set([fqdn, ...faces.map((face) => face.fqdn), ...home])]
}

/** The links where a node accepts (`server`) or dials (`client`), of nodes that run. */
export async function linksOf(
  lab: RunningLabAccess,
  node: NodePlan,
  as: 'server' | 'client',
): Promise<readonly LabLink[]> {
  const servers = lab.plan.nodes.filter(({ certificates }) => certificates.length > 0)
  const diallers = as === 'client' ? [node] : servers.filter(({ name }) => name !== node.name)
  const all = await Promise.all(diallers.map(async (from) => ({ from, peers: await dialledBy(lab, from.name) })))
  return all.flatMap(({ from, peers }) =>
    peers.flatMap((peer): readonly LabLink[] => {
      const to = servers.find((each) => dialledNames(each).includes(peer))
      return to === undefined || (as === 'server' && to.name !== node.name) ? [] : [{ from, to, peer }]
    }),
  )
}

/** Closes what was dialled on these links and dials again; a dialler that does not run has no link. */
export function redial(lab: RunningLabAccess, links: readonly LabLink[]): Promise<readonly SeenLink[]> {
  return ask(lab, links, '/redial')
}

/** OPTIONS now, on the connections there are. */
export function probe(lab: RunningLabAccess, links: readonly LabLink[]): Promise<readonly SeenLink[]> {
  return ask(lab, links, '/probe')
}

async function ask(
  lab: RunningLabAccess,
  links: readonly LabLink[],
  path: '/redial' | '/probe',
): Promise<readonly SeenLink[]> {
  const states = await Promise.all(
    unique(links).map(async ({ from, to, peer }) => {
      const seen = await whileRunning(lab.clientOf(from.name).post<readonly LinkState[]>(path, { peer }))
      return (seen ?? []).map((state): SeenLink => ({ ...state, from: from.name, to: to.name }))
    }),
  )
  return states.flat()
}

/**
 * Where both ends of a link are asked about, it is named twice; dialled anew twice at a time, the one would close what
 * the other asks on.
 */
function unique(links: readonly LabLink[]): readonly LabLink[] {
  return [...new Map(links.map((link) => [`${link.from.name} ${link.peer}`, link])).values()]
}

async function dialledBy(lab: RunningLabAccess, node: string): Promise<readonly string[]> {
  const status = await whileRunning(lab.clientOf(node).get<NodeStatus>('/status'))
  return [...new Set((status?.links ?? []).map(({ peer }) => peer))]
}

/** Undefined when the node cannot be reached. */
export async function whileRunning<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof LabError && error.code === 'node.unreachable') return undefined
    throw error
  }
}
