/**
 * Faults of a link: cut, silent, delay, slow, reset. They act in the transport of the node that dials, so they are the
 * same in every kind of lab.
 */
import { LabError } from '../lab/lab-error.ts'
import { dialledNames, type LabLink, linkName, linksOf, probe, redial } from '../lab/links.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import type { Link, NodePlan } from '../topology/plan-types.ts'
import type { Placement, Seen } from './placement.ts'

export interface LinkFaultEntry {
  readonly name: 'cut' | 'silent' | 'delay' | 'slow' | 'reset'
  readonly story: string
  /** Absent: it only takes longer. */
  readonly verdict?: string
  readonly amount?: { readonly unit: string; readonly usual: number }
}

export const linkFaults: readonly LinkFaultEntry[] = [
  {
    name: 'cut',
    story: 'The link carries nothing: the dialling node gives up at once and reports that the link is cut.',
    verdict: 'link.cut',
  },
  {
    name: 'silent',
    story: 'The link carries nothing, and neither end gets an error, as when a firewall drops packets.',
    verdict: 'link.timeout',
  },
  { name: 'delay', story: 'Every message comes late.', amount: { unit: 'ms', usual: 500 } },
  { name: 'slow', story: 'Octets trickle.', amount: { unit: 'octets/s', usual: 1000 } },
  {
    name: 'reset',
    story: 'The connection is reset after some octets.',
    verdict: 'link.reset',
    amount: { unit: 'octets', usual: 0 },
  },
]

interface LinkTarget {
  readonly name: string
  readonly from: NodePlan
  readonly to: NodePlan
}

/** @throws LabError `fault.no-link` when no SIP goes from the first node to the second */
export function linkFault(
  lab: RunningLabAccess,
  target: LinkTarget,
  fault: LinkFaultEntry,
  amount: number = fault.amount?.usual ?? 0,
): Placement {
  const { name, from, to } = target
  if (!dials(lab, target)) throw noLink(target, fault.name)
  return {
    target: name,
    fault: fault.name,
    story: fault.story,
    edits: dialledNames(to).map((peer) => ({
      kind: 'request',
      node: from.name,
      path: '/link-fault',
      body: { peer, fault: { kind: fault.name, amount } },
      undo: { peer },
    })),
    restarts: [],
    look: () => look(lab, target, fault),
  }
}

/** A load balancer has no SIP transport in which a fault could act. */
function dials({ plan }: RunningLabAccess, { from, to }: LinkTarget): boolean {
  return (
    from.role !== 'load-balancer' &&
    plan.links.some(
      (link) =>
        link.allowed &&
        link.from.name === from.name &&
        link.to.name === to.name &&
        sipTransports.includes(link.transport),
    )
  )
}

const sipTransports: readonly Link['transport'][] = ['tls', 'tcp', 'udp']

export function noLink({ from, to }: Pick<LinkTarget, 'from' | 'to'>, fault: string): LabError {
  return new LabError(
    'not-so',
    'fault.no-link',
    `${from.name} does not dial ${to.name} for SIP, so ${fault} would have no effect; siplab plan shows the links`,
  )
}

async function look(lab: RunningLabAccess, target: LinkTarget, fault: LinkFaultEntry): Promise<Seen> {
  const { from, to } = target
  const links = await linksOfTarget(lab, target)
  // A silent link keeps its connections: the probe finds that no answer comes on them.
  const seen = await (fault.name === 'silent' ? probe : redial)(lab, links)
  const verdict = seen.find(({ state }) => state === 'down')?.verdict
  return {
    ...(fault.verdict === undefined ? {} : { expected: fault.verdict }),
    ...(verdict === undefined ? {} : { verdict }),
    views: verdict === undefined ? [] : [{ node: from.name, event: 'link.down', verdict }],
    remarks: [],
    links: seen,
    named:
      links.length === 0 || (fault.verdict === undefined ? verdict === undefined : verdict?.code === fault.verdict),
    notes:
      links.length > 0
        ? []
        : [`${from.name} dials ${to.name} only for a request: the fault becomes visible with the next request to it`],
  }
}

/** The links that the target names, of nodes that run. */
export async function linksOfTarget(lab: RunningLabAccess, { name, from }: LinkTarget): Promise<readonly LabLink[]> {
  return (await linksOf(lab, from, 'client')).filter((link) => linkName(link) === name)
}
