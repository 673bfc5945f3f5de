/**
 * The fault `one-machine-store`: both faces of an access proxy use one trust list, as a Windows machine store has it.
 * A certificate of the public CA then passes for an inside server, and one of the internal CA for a partner.
 */
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { LabError } from '../lab/lab-error.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import type { Watch } from '../lab/watch.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { Placement, Seen } from './placement.ts'

export const machineStoreFault = {
  name: 'one-machine-store',
  story: 'Both faces of the access proxy use one trust list.',
  verdict: 'trust.shared',
} as const

/** @throws LabError `fault.role` on another role */
export function machineStore(lab: RunningLabAccess, node: NodePlan): Placement {
  const { name: fault, story } = machineStoreFault
  if (node.role !== 'access-proxy')
    throw new LabError(
      'usage',
      'fault.role',
      `${fault} needs a node of the role access-proxy; ${node.name} has the role ${node.role}`,
    )
  const { trust, externalTrust } = nodeFolder(lab.root, node.name)
  const files = [trust, externalTrust]
  const content = files.map((file) => readFileSync(file, 'utf8')).join('')
  return {
    target: node.name,
    fault,
    story,
    edits: files.map((file) => ({
      kind: 'file',
      node: node.name,
      file: relative(lab.root, file),
      content,
      mode: 0o644,
    })),
    restarts: [],
    look: async ({ watch }) => look(watch),
  }
}

/** A node joins all it has to say about a certificate: this fault may be behind others. */
function look(watch: Watch): Seen {
  const views = watch
    .events()
    .flatMap(({ node, event, verdict }) =>
      [verdict, ...(verdict?.others ?? [])].flatMap((one) =>
        one?.code === machineStoreFault.verdict ? [{ node, event, verdict: one }] : [],
      ),
    )
  const [first] = views
  return {
    expected: machineStoreFault.verdict,
    ...(first === undefined ? {} : { verdict: first.verdict }),
    views,
    remarks: [],
    links: [],
    named: first !== undefined,
    notes: ['open connections stay; the next handshake is judged with the roots of both faces'],
  }
}
