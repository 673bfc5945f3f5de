/**
 * Faults of a link: cut, silent, delay, slow, reset. They act in the transport of the node that dials, so they are the
 * same in every kind of lab.
 */
import type { Verdict } from '../certificates/verdict.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import { dialledNames, linkName, linksOf, probe, redial, type SeenLink } from './fault-links.ts'
import type { Outcome } from './fault-outcome.ts'
import { LabError } from './lab-error.ts'
import type { RunningLabAccess } from './running-lab.ts'

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
    story: 'Nothing passes any more: the dialling node gives up at once and says that the link is cut.',
    verdict: 'link.cut',
  },
  {
    name: 'silent',
    story: 'Nothing passes any more, and nobody is told: a firewall that drops, a machine without power.',
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

export async function breakLink(
  lab: RunningLabAccess,
  { name: target, from, to }: LinkTarget,
  faultName: string,
  options: { readonly amount?: number },
): Promise<Outcome> {
  const fault = linkFaults.find(({ name }) => name === faultName)
  if (fault === undefined) throw new LabError('usage', 'fault.unknown', `no link fault ${faultName}`)
  const amount = options.amount ?? fault.amount?.usual ?? 0
  for (const peer of dialledNames(to))
    await lab.clientOf(from.name).post('/link-fault', { peer, fault: { kind: fault.name, amount } })
  const links = (await linksOf(lab, from, 'client')).filter((link) => linkName(link) === target)
  // What falls silent keeps its connections; that nobody answers on them is what is to be seen.
  const seen = await (fault.name === 'silent' ? probe : redial)(lab, links)
  const verdict = seen.find(({ state }) => state === 'down')?.verdict
  const outcome: Outcome = {
    target,
    fault: fault.name,
    story: fault.story,
    ...(fault.verdict === undefined ? {} : { expected: fault.verdict }),
    views: viewsOf(from, verdict),
    remarks: [],
    links: seen,
    restarted: false,
    named:
      links.length === 0 || (fault.verdict === undefined ? verdict === undefined : verdict?.code === fault.verdict),
    notes: [],
  }
  if (links.length === 0)
    return {
      ...outcome,
      notes: [`${from.name} does not dial ${to.name} of its own accord: the fault shows when a request goes that way`],
    }
  return verdict === undefined ? outcome : { ...outcome, verdict }
}

export async function healLink(lab: RunningLabAccess, { name, from, to }: LinkTarget): Promise<readonly SeenLink[]> {
  for (const peer of dialledNames(to)) await lab.clientOf(from.name).post('/link-fault', { peer })
  return redial(
    lab,
    (await linksOf(lab, from, 'client')).filter((link) => linkName(link) === name),
  )
}

function viewsOf({ name }: NodePlan, verdict: Verdict | undefined): Outcome['views'] {
  return verdict === undefined ? [] : [{ node: name, event: 'link.down', verdict }]
}
