/**
 * Edge, director and front end in a row, with the real roles of a lab: the edge takes calls from outside, the callees
 * are at the front end.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { heapFlags } from '../../src/cli/package.ts'
import { openDnsServer } from '../../src/lab/nodes/dns/server.ts'
import { makeStoreFolders, provisionCertificates } from '../../src/lab/provision.ts'
import { seedDirectories } from '../../src/lab/seed.ts'
import { reserveNetwork } from '../../src/lab/network.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'
import type { LabPlan } from '../../src/topology/plan-types.ts'
import type { RoleJob } from './role.ts'
import { isUp, type Subject, stop } from './subjects.ts'

const topology = fileURLToPath(new URL('three-roles.yaml', import.meta.url))
const script = fileURLToPath(new URL('role.ts', import.meta.url))
/** As `src/cli/siplab.mjs` sets them. */
const flags = [...heapFlags, '--no-maglev', '--invocation-count-for-turbofan=1000']
/** Where an access proxy takes phones, which have no certificates. */
const phonePort = 10_443

export async function startRoles(folder: string): Promise<Subject> {
  const { network, release } = await reserveNetwork({
    fixed: undefined,
    first: 200,
    listeners: (wanted) => listenersOf(planLab(loadTopology(topology), { network: wanted })),
  })
  const lab = planLab(loadTopology(topology), { network })
  const trust = provisionCertificates(lab, folder, Date.now())
  makeStoreFolders(lab, folder)
  await seedDirectories(lab, folder)
  const dns = await openDnsServer(nodeViews(lab))
  const processes: ChildProcess[] = []
  const subject: Subject = {
    name: 'siplab',
    processes,
    ...entries(lab),
    phoneRoots: bothRoots(folder, trust),
    async closed() {
      await dns.close()
      await release()
    },
  }
  try {
    for (const node of ['fe1', 'director', 'edge']) {
      const job: RoleJob = { topology, network, folder, node }
      // Each finds its neighbours missing at first, and says so there.
      const log = openSync(join(folder, `${node}.log`), 'a')
      processes.push(
        spawn(process.execPath, [...flags, script, JSON.stringify(job)], { stdio: ['ignore', 'ignore', log] }),
      )
      closeSync(log)
      const [listener] = nodePlan(lab, node).listeners
      if (listener === undefined) throw new Error(`${node} has no listener`)
      await isUp('tcp', listener.port, listener.address)
    }
    return subject
  } catch (error) {
    await stop(subject)
    throw error
  }
}

function entries(lab: LabPlan): Pick<Subject, 'callers' | 'callees'> {
  const edge = nodePlan(lab, 'edge').faces.find(({ name }) => name === 'external')
  const [home] = nodePlan(lab, 'fe1').faces
  if (edge === undefined || home === undefined) throw new Error('the edge has no external face, or the front end none')
  return {
    callers: { host: edge.address, port: phonePort, verifyName: edge.fqdn },
    callees: { host: home.address, port: 5061, verifyName: home.fqdn },
  }
}

/** Phones outside meet the public root, those inside the internal one. */
function bothRoots(folder: string, { internal, public: outside }: ReturnType<typeof provisionCertificates>): string {
  const file = join(folder, 'roots.pem')
  writeFileSync(
    file,
    [internal, outside].map((path) => (path === undefined ? '' : readFileSync(path, 'utf8'))).join(''),
  )
  return file
}

function nodeViews(lab: LabPlan) {
  const { settings } = nodePlan(lab, 'dns')
  if (settings.kind !== 'dns') throw new Error('the node dns is no DNS server')
  return settings.views
}

function listenersOf(lab: LabPlan) {
  return lab.nodes.flatMap((node) => node.listeners.map((listener) => ({ ...listener, node: node.name })))
}
