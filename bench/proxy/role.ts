/**
 * One server of a lab with its real role, as `siplab up` has it, but without authentication of users: `node role.ts
 * JSON`, see `RoleJob`. Ends on SIGTERM.
 */
import { startServer } from '../../src/node/node.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'

export interface RoleJob {
  readonly topology: string
  readonly network: number
  readonly folder: string
  readonly node: string
}

const { topology, network, folder, node } = JSON.parse(process.argv[2] ?? '{}') as RoleJob
const lab = planLab(loadTopology(topology), { network })
const server = await startServer({
  lab,
  plan: nodePlan(lab, node),
  dataDir: folder,
  logLevel: 'warn',
  stack: { authentication: 'off' },
})
process.on('SIGTERM', () => void server.stop())
process.exit(await server.ended)
