/** The SIP servers and the DNS of a lab as the lifelines of a trace. */
import type { Party } from '../../lab/trace/lifelines.ts'
import type { LabPlan, NodePlan } from '../../topology/plan-types.ts'

/** From the outside in, as a remote call travels; then the DNS, then the servers of somebody else. */
export function parties(plan: LabPlan): readonly Party[] {
  const nodes = [...plan.nodes.filter(isSip).toReversed(), ...plan.nodes.filter(isDns)].map(({ name, faces }) => ({
    name,
    addresses: faces.flatMap(({ address, addresses }) => [...new Set([address, ...Object.values(addresses)])]),
  }))
  // Phones of this machine have loopback addresses too: there an address identifies no party.
  const foreign = plan.foreign
    .filter(({ address }) => !address.startsWith('127.'))
    .map(({ name, address }) => ({ name, addresses: [address] }))
  return [...nodes, ...foreign]
}

/** Its questions and answers are what a trace has of it. */
export function isDns({ role }: Pick<NodePlan, 'role'>): boolean {
  return role === 'dns'
}

export function isSip({ role }: Pick<NodePlan, 'role'>): boolean {
  return !['dns', 'pki', 'sql', 'load-balancer'].includes(role)
}
