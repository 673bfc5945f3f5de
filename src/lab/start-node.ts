/** Starts whatever a node of the plan is, in this process. */
import { join } from 'node:path'
import { startServer } from '../roles/node.ts'
import type { LabPlan } from '../topology/plan-types.ts'
import { startBalancerNode } from './balancer-node.ts'
import { startDnsNode } from './dns/node.ts'
import type { NodeStart, RunningNode } from './helper-node.ts'
import { LabError } from './lab-error.ts'
import { startPkiNode } from './pki-node.ts'
import { authorityFolder } from './provision.ts'

export interface StartNode extends NodeStart {
  readonly lab: LabPlan
}

/** @throws LabError `usage` for a role that has no program here */
export async function startNode({ lab, ...start }: StartNode): Promise<RunningNode> {
  const { name, role } = start.plan
  switch (role) {
    case 'dns':
      return startDnsNode(start)
    case 'pki':
      return startPkiNode(start, authorityFolder(lab, join(start.dataDir, 'pki'), start.plan.organisation))
    case 'load-balancer':
      return startBalancerNode(start)
    case 'standard-edition':
    case 'front-end':
    case 'director':
    case 'access-proxy':
      return startServer({ lab, ...start })
    case 'sql':
      throw new LabError('usage', 'node.foreign', `${name} is the SQL back end: a database of its own runs there, not siplab`)
    case 'gateway':
      throw new LabError('usage', 'node.unsupported', `${name}: the role gateway cannot be run yet; take the host out of the lab file`)
    default:
      return role satisfies never
  }
}
