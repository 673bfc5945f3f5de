/** One server of a lab with its real role, as `siplab up` has it: `node role.ts JSON` (`RoleJob`). Ends on SIGTERM. */
import { startServer } from '../../src/node/node.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'

export interface RoleJob {
  readonly topology: string
  readonly network: number
  readonly folder: string
  readonly node: string
  /** `off`: users are not asked who they are. */
  readonly authentication: 'on' | 'off'
}

const { topology, network, folder, node, authentication } = JSON.parse(process.argv[2] ?? '{}') as RoleJob
const lab = planLab(loadTopology(topology), { network })
const server = await startServer({
  lab,
  plan: nodePlan(lab, node),
  dataDir: folder,
  logLevel: 'warn',
  stack: { authentication },
})
process.on('SIGTERM', () => void server.stop())
process.exit(await server.ended)
