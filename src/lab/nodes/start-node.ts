/** Starts whatever a node of the plan is, in this process. */
import { join } from 'node:path'
import type { LabPlan } from '../../topology/plan-types.ts'
import type { NodeStart, RunningNode } from './helper-node.ts'

export interface StartNode extends NodeStart {
  readonly lab: LabPlan
  /**
   * `postgresql://…` of the pool store, and of the directory where that is another database. Absent: the embedded
   * files.
   */
  readonly sqlUrl?: string
  readonly directoryUrl?: string
  /** Of a SIP server: messages kept for `siplab trace --since`. Absent: its default. */
  readonly keptMessages?: number
}

/** A process is one node: it reads the files of its own role and of no other. */
export async function startNode({ lab, sqlUrl, directoryUrl, ...start }: StartNode): Promise<RunningNode> {
  const { role } = start.plan
  switch (role) {
    case 'dns': {
      const { startDnsNode } = await import('./dns/node.ts')
      return startDnsNode(start)
    }
    case 'pki': {
      const { startPkiNode } = await import('./pki-node.ts')
      const { authorityFolder } = await import('../provision.ts')
      return startPkiNode(start, authorityFolder(lab, join(start.dataDir, 'pki'), start.plan.organisation))
    }
    case 'load-balancer': {
      const { startBalancerNode } = await import('./balancer-node.ts')
      return startBalancerNode(start)
    }
    case 'standard-edition':
    case 'front-end':
    case 'director':
    case 'access-proxy':
    case 'gateway': {
      const { startServer } = await import('../../node/node.ts')
      return startServer({
        lab,
        ...start,
        ...(sqlUrl === undefined ? {} : { sqlUrl }),
        ...(directoryUrl === undefined ? {} : { directoryUrl }),
      })
    }
    case 'sql': {
      const { startSqlNode } = await import('./sql/node.ts')
      return startSqlNode(start)
    }
    default:
      return role satisfies never
  }
}
