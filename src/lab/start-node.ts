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
import { startSqlNode } from './sql/node.ts'

export interface StartNode extends NodeStart {
  readonly lab: LabPlan
  /** `postgresql://…` of the pool store, and of the directory where that is another database. Absent: the embedded files. */
  readonly sqlUrl?: string
  readonly directoryUrl?: string
}

/** @throws LabError `usage` for a role that has no program here */
export async function startNode({ lab, sqlUrl, directoryUrl, ...start }: StartNode): Promise<RunningNode> {
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
      return startServer({ lab, ...start, ...(sqlUrl === undefined ? {} : { sqlUrl }), ...(directoryUrl === undefined ? {} : { directoryUrl }) })
    case 'sql':
      return startSqlNode(start)
    case 'gateway':
      throw new LabError('usage', 'node.unsupported', `${name}: the role gateway cannot be run yet; take the host out of the lab file`)
    default:
      return role satisfies never
  }
}
