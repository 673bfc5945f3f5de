/** A lab of its own with many users, whose processes can be killed and held by name. */
import { controlClient } from '../lab/control-client.ts'
import type { ReadyDocument } from '../lab/ready-document.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import { realmOf, withDirectory } from '../lab/seed.ts'
import { supervisorClient } from '../lab/supervisor-control.ts'
import { bringUp } from '../lab/up.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import { addUser } from '../services/accounts.ts'
import type { Topology } from '../topology/topology.ts'
import type { PopulationOptions } from './population.ts'

export interface CrowdedLab {
  readonly access: RunningLabAccess
  readonly ready: ReadyDocument
  readonly users: PopulationOptions['users']
  /** Processes of the nodes that run now. */
  readonly pids: ReadonlyMap<string, number>
  /** @throws Error when it does not run */
  signal(node: string, signal: NodeJS.Signals): void
  start(node: string): Promise<void>
  stop(): Promise<void>
}

export interface CrowdedLabOptions {
  readonly topology: Topology
  /** What `loadTopology` took. */
  readonly source: string
  readonly data: string
  readonly network?: number
  readonly users: number
  readonly movableClock: boolean
  readonly launcher: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly onProgress: (line: string) => void
}

/** @throws as `bringUp` */
export async function bringUpCrowded(options: CrowdedLabOptions, signal: AbortSignal): Promise<CrowdedLab> {
  const pids = new Map<string, number>()
  const { users: count, ...up } = options
  const lab = await bringUp(
    {
      ...up,
      ports: {},
      fresh: false,
      onChange(change) {
        if (change.event === 'node-ready') pids.set(change.node, change.pid)
        if (change.event === 'node-stopped') pids.delete(change.node)
      },
    },
    signal,
  )
  for (const { name, pid } of lab.ready.nodes) if (pid !== undefined) pids.set(name, pid)
  const { root } = lab.folder
  const access: RunningLabAccess = {
    root,
    plan: lab.plan,
    clientOf: (node) => controlClient(node, nodeFolder(root, node)),
    supervisor: () => supervisorClient(lab.folder),
  }
  return {
    access,
    ready: lab.ready,
    users: await addUsers(access, count),
    pids,
    signal(node, name) {
      const pid = pids.get(node)
      if (pid === undefined) throw new Error(`${node} does not run: no process for ${name}`)
      process.kill(pid, name)
    },
    async start(node) {
      await access.supervisor().post('/node-start', { node })
    },
    stop: () => lab.stop(),
  }
}

/** `u1` … `uN` at the home of the first user of the topology; every second one may come from outside. */
async function addUsers({ plan, root }: RunningLabAccess, count: number): Promise<PopulationOptions['users']> {
  const [organisation] = plan.organisations
  const home = plan.users[0]?.home
  if (organisation === undefined || home === undefined) throw new Error(`${plan.topology} has no home for users`)
  const users = Array.from({ length: count }, (_, at) => ({
    login: `u${at + 1}`,
    password: `u${at + 1}-soak`,
    remote: at % 2 === 0,
  }))
  await withDirectory(organisation, root, async (directory) => {
    for (const { login, ...user } of users)
      await addUser(
        directory,
        { ...user, login, uri: `sip:${login}@${organisation.domain}`, home },
        realmOf(plan, organisation.domain),
      )
  })
  return users
}
