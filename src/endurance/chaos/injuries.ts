/** What chaos can do to a lab: each injury with its undoing, made with what an administrator or the system has. */
import { execFile } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { placementOf, readTarget } from '../../faults/break.ts'
import { apply, undo } from '../../faults/edits.ts'
import type { Edit } from '../../faults/placement.ts'
import { setClock } from '../../lab/clock.ts'
import { renewAssigned } from '../../lab/renewal/certificate-work.ts'
import type { ChangeReport, NodeStatus } from '../../node/control/control-api.ts'
import { nodeFolder } from '../../node/control/node-folder.ts'
import type { LabPlan, NodePlan } from '../../topology/plan-types.ts'
import type { CrowdedLab } from '../crowded-lab.ts'
import type { InjuryName } from './schedule.ts'

export interface Injury extends InjuryName {
  /** @returns how it is undone; undoing waits until the part is there again */
  put(lab: CrowdedLab): Promise<() => Promise<void>>
}

export interface Means {
  /** `siplab up --movable-clock` works here. */
  readonly movableClock: boolean
  /** The folder of the lab is a file system of its own, of this size: it can be filled. */
  readonly ownDisk: boolean
  /** `prlimit` is there. */
  readonly limits: boolean
}

const run = promisify(execFile)

/** How long a part may take to be ready again. */
const backWithinMs = 90_000

/** Every injury that this topology and this machine can have, in a fixed order: the seed chooses by it. */
export function injuriesOf(plan: LabPlan, { movableClock, ownDisk, limits }: Means): readonly Injury[] {
  const nodes = plan.nodes.map(({ name }) => name)
  const certified = plan.nodes.filter(({ certificates }) => certificates.length > 0)
  const servers = certified.filter(({ settings }) => settings.kind !== 'pki' && settings.kind !== 'dns')
  const links = linksBetween(servers)
  return [
    ...nodes.flatMap((node) => [kill(node), hold(node)]),
    ...links.flatMap((link) =>
      ['cut', 'silent', 'delay', 'slow', 'reset'].map((name) => fault(link, name, link.split('->')[0] ?? link)),
    ),
    ...(plan.nodes.some(({ role }) => role === 'sql')
      ? ['down', 'connections', 'slow', 'permission', 'read-only'].map((name) => fault('store', name, 'sql'))
      : []),
    ...['wrong-target', 'not-found', 'silent', 'slow'].map((name) => fault('dns', name, 'dns')),
    ...servers.flatMap(({ name }) => [renewed(name), expired(name)]),
    ...(movableClock ? servers.map(({ name }) => clock(name)) : []),
    ...(limits ? servers.map(({ name }) => descriptors(name)) : []),
    ...(ownDisk ? [fullDisk] : []),
  ]
}

/** `director->fe1`: who dials whom among the servers, the outermost first. */
function linksBetween(servers: readonly NodePlan[]): readonly string[] {
  return servers.flatMap((from) =>
    servers.flatMap((to) => {
      const isPeer = from !== to && from.role === to.role
      const isStep = [from.role, to.role].includes('director') && from.role !== to.role
      return isPeer || isStep ? [`${from.name}->${to.name}`] : []
    }),
  )
}

function kill(node: string): Injury {
  return {
    name: `kill ${node}`,
    part: node,
    async put(lab) {
      lab.signal(node, 'SIGKILL')
      return async () => {
        await until(`the process of ${node} is gone`, async () => !lab.pids.has(node))
        await lab.start(node)
        await ready(lab, node)
      }
    },
  }
}

function hold(node: string): Injury {
  return {
    name: `hold ${node}`,
    part: node,
    async put(lab) {
      lab.signal(node, 'SIGSTOP')
      return async () => {
        lab.signal(node, 'SIGCONT')
        await ready(lab, node)
      }
    },
  }
}

/** As `siplab break TARGET NAME`, without waiting for its verdict. */
function fault(target: string, name: string, part: string, as?: 'server'): Injury {
  return {
    name: `${name} ${target}`,
    part,
    async put(lab) {
      const { access } = lab
      const options = as === undefined ? {} : { as }
      const { edits } = await placementOf(access, readTarget(access.plan, target), name, options)
      await apply(access, edits)
      await reload(lab, edits)
      return async () => {
        // A node that was killed meanwhile has forgotten what acted inside it.
        const alive = edits.filter(
          (edit) => edit.node === undefined || edit.kind !== 'request' || lab.pids.has(edit.node),
        )
        await undo(access, alive)
        await reload(lab, edits)
      }
    },
  }
}

async function reload({ access, pids }: CrowdedLab, edits: readonly Edit[]): Promise<void> {
  const nodes = new Set(edits.flatMap(({ kind, node }) => (kind === 'request' || node === undefined ? [] : [node])))
  for (const node of nodes) if (pids.has(node)) await access.clientOf(node).post<ChangeReport>('/reload')
}

function renewed(node: string): Injury {
  return {
    name: `renew ${node}`,
    part: node,
    async put({ access }) {
      const plan = access.plan.nodes.find(({ name }) => name === node)
      if (plan === undefined) throw new Error(`no node ${node}`)
      renewAssigned(access, plan, { reference: undefined, validSeconds: undefined }, Date.now())
      await access.clientOf(node).post<ChangeReport>('/reload')
      return async () => undefined
    },
  }
}

const expired = (node: string): Injury => fault(node, 'expired', node, 'server')

/** Less than a registration has left when it is refreshed, and more than two servers may differ. */
function clock(node: string): Injury {
  return {
    name: `clock ${node}`,
    part: node,
    async put({ access }) {
      const { root } = nodeFolder(access.root, node)
      setClock(root, '+90s')
      return async () => setClock(root, '+0')
    },
  }
}

/** No further connection, no further file: EMFILE. */
function descriptors(node: string): Injury {
  return {
    name: `descriptors ${node}`,
    part: node,
    async put({ pids }) {
      const pid = pids.get(node)
      if (pid === undefined) throw new Error(`${node} does not run`)
      const { stdout } = await run('prlimit', ['--pid', String(pid), '--nofile', '--noheadings', '--output=SOFT'])
      const limit = async (most: string): Promise<void> =>
        void (await run('prlimit', ['--pid', String(pid), `--nofile=${most}:`]))
      await limit(String(readdirSync(`/proc/${pid}/fd`).length + 1))
      return async () => {
        if (pids.get(node) === pid) await limit(stdout.trim())
      }
    },
  }
}

/** Every node writes its events into this file system: ENOSPC. */
const fullDisk: Injury = {
  name: 'full disk',
  part: 'disk',
  async put({ access }) {
    const file = join(access.root, 'filler')
    const descriptor = openSync(file, 'w')
    const block = Buffer.alloc(1 << 20)
    try {
      for (;;) writeSync(descriptor, block)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    } finally {
      closeSync(descriptor)
    }
    return async () => {
      if (existsSync(file)) rmSync(file)
    }
  },
}

async function ready({ access }: CrowdedLab, node: string): Promise<void> {
  await until(`${node} is ready`, async () => {
    try {
      const { state } = await access.clientOf(node).get<NodeStatus>('/status')
      return state === 'ready' || state === 'degraded'
    } catch (error) {
      if (error instanceof Error) return false
      throw error
    }
  })
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + backWithinMs; performance.now() < end; await pause()) if (await holds()) return
  throw new Error(`this did not happen within ${backWithinMs / 1000} s: ${what}`)
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 100))
}
