/** Starts whatever a node of the plan is, in this process. */
import { join } from 'node:path'
import { startServer } from '../roles/node.ts'
import type { LabPlan } from '../topology/plan-types.ts'
import { startBalancerNode } from './balancer-node.ts'
import { startDnsNode } from './dns/node.ts'
import type { NodeStart, RunningNode } from './helper-node.ts'
import { startPkiNode } from './pki-node.ts'
import { authorityFolder } from './provision.ts'
import { startSqlNode } from './sql/node.ts'

export interface StartNode extends NodeStart {
  readonly lab: LabPlan
  /** `postgresql://…` of the pool store, and of the directory where that is another database. Absent: the embedded files. */
  readonly sqlUrl?: string
  readonly directoryUrl?: string
}

export async function startNode({ lab, sqlUrl, directoryUrl, ...start }: StartNode): Promise<RunningNode> {
  const { role } = start.plan
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
    case 'gateway':
      return startServer({ lab, ...start, ...(sqlUrl === undefined ? {} : { sqlUrl }), ...(directoryUrl === undefined ? {} : { directoryUrl }) })
    case 'sql':
      return startSqlNode(start)
    default:
      return role satisfies never
  }
}
