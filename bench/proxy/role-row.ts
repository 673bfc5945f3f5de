/**
 * Labs with the real roles, whose way of a call is measured: edge, director and front end in a row; a front end that
 * asks its users who they are; two organisations.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDnsServer } from '../../src/lab/nodes/dns/server.ts'
import { internalRoot, makeStoreFolders, provisionCertificates } from '../../src/lab/provision.ts'
import { seedDirectories } from '../../src/lab/seed.ts'
import { reserveNetwork } from '../../src/lab/network.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'
import type { LabPlan } from '../../src/topology/plan-types.ts'
import { owned } from './children.ts'
import type { Place } from './job.ts'
import { nodeFlags } from './node-flags.ts'
import type { RoleJob } from './role.ts'
import { isUp, type Subject, stop } from './subjects.ts'

const script = fileURLToPath(new URL('role.ts', import.meta.url))
/** Where an access proxy takes phones, which have no certificates. */
const phonePort = 10_443

export type RoleLab = 'three-roles' | 'home' | 'two-organisations'

interface Side {
  readonly node: string
  readonly face: 'internal' | 'external'
  readonly port: number
}

interface LabShape {
  /** In the order of their start: each is there before who dials it. */
  readonly servers: readonly string[]
  readonly callers: Side
  readonly callees: Side
  readonly callersSignIn: boolean
}

const shapes: Readonly<Record<RoleLab, LabShape>> = {
  'three-roles': {
    servers: ['fe1', 'director', 'edge'],
    callers: { node: 'edge', face: 'external', port: phonePort },
    callees: { node: 'fe1', face: 'internal', port: 5061 },
    callersSignIn: false,
  },
  home: {
    servers: ['fe1'],
    callers: { node: 'fe1', face: 'internal', port: 5061 },
    callees: { node: 'fe1', face: 'internal', port: 5061 },
    callersSignIn: true,
  },
  'two-organisations': {
    servers: ['partner-fe1', 'partner-edge', 'edge', 'fe1'],
    callers: { node: 'fe1', face: 'internal', port: 5061 },
    callees: { node: 'partner-fe1', face: 'internal', port: 5061 },
    callersSignIn: true,
  },
}

/** @param authentication `off`: users are not asked who they are, and no caller signs in */
export async function startRoles(
  folder: string,
  name: RoleLab = 'three-roles',
  authentication: 'on' | 'off' = 'off',
): Promise<Subject> {
  const shape = shapes[name]
  const topology = fileURLToPath(new URL(`${name}.yaml`, import.meta.url))
  const { network, release } = await reserveNetwork({
    fixed: undefined,
    first: 200,
    listeners: (wanted) => listenersOf(planLab(loadTopology(topology), { network: wanted })),
  })
  const lab = planLab(loadTopology(topology), { network })
  const trust = provisionCertificates(lab, folder, Date.now())
  makeStoreFolders(lab, folder)
  await seedDirectories(lab, folder)
  const dns = await Promise.all(dnsViews(lab).map((views) => openDnsServer(views)))
  const processes: ChildProcess[] = []
  const subject: Subject = {
    name: 'siplab',
    processes,
    callers: placeOf(lab, shape.callers),
    callees: placeOf(lab, shape.callees),
    callersSignIn: shape.callersSignIn && authentication === 'on',
    phoneRoots: allRoots(folder, lab, trust),
    async closed() {
      await Promise.all(dns.map((server) => server.close()))
      await release()
    },
  }
  try {
    for (const node of shape.servers) {
      processes.push(startRole({ topology, network, folder, node, authentication }))
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

function startRole(job: RoleJob): ChildProcess {
  // Each finds its neighbours missing at first, and says so there.
  const log = openSync(join(job.folder, `${job.node}.log`), 'a')
  const child = owned(
    spawn(process.execPath, [...nodeFlags, script, JSON.stringify(job)], {
      stdio: ['ignore', 'ignore', log],
    }),
  )
  closeSync(log)
  return child
}

function placeOf(lab: LabPlan, { node, face, port }: Side): Place {
  const plan = nodePlan(lab, node)
  const found = plan.faces.find(({ name }) => name === face)
  if (found === undefined) throw new Error(`${node} has no ${face} face`)
  return { host: found.address, port, verifyName: found.fqdn, domain: plan.organisation }
}

/** Phones outside meet the public root, those inside the one of their organisation. */
function allRoots(folder: string, lab: LabPlan, trust: ReturnType<typeof provisionCertificates>): string {
  const file = join(folder, 'roots.pem')
  const inside = lab.organisations.map(({ domain }) => internalRoot(lab, trust, domain))
  writeFileSync(
    file,
    [...inside, trust.public].map((path) => (path === undefined ? '' : readFileSync(path, 'utf8'))).join(''),
  )
  return file
}

function dnsViews(lab: LabPlan) {
  return lab.nodes.flatMap(({ settings }) => (settings.kind === 'dns' ? [settings.views] : []))
}

function listenersOf(lab: LabPlan) {
  return lab.nodes.flatMap((node) => node.listeners.map((listener) => ({ ...listener, node: node.name })))
}
