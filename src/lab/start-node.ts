/** Starts whatever a node of the plan is, in this process. */
import { join } from 'node:path'
import type { LabPlan } from '../topology/plan-types.ts'
import { startDnsNode } from './dns/node.ts'
import type { NodeStart, RunningNode } from './helper-node.ts'
import { startPkiNode } from './pki-node.ts'
import { startServer } from '../roles/node.ts'
import { authorityFolder } from './provision.ts'

export interface StartNode extends NodeStart {
  readonly lab: LabPlan
}

/** @throws Error when the role has no program here (the SQL host is another product's) */
export async function startNode({ lab, ...start }: StartNode): Promise<RunningNode> {
  switch (start.plan.role) {
    case 'dns':
      return startDnsNode(start)
    case 'pki':
      return startPkiNode(start, authorityFolder(lab, join(start.dataDir, 'pki'), start.plan.organisation))
    case 'standard-edition':
    case 'front-end':
    case 'director':
    case 'access-proxy':
      return startServer({ lab, ...start })
    default:
      throw new Error(`no program for the role ${start.plan.role}`)
  }
}
