/**
 * The fault `one-machine-store`: both faces of an access proxy use one trust list, as a Windows machine store has it.
 * A certificate of the public CA then passes for an inside server, and one of the internal CA for a partner.
 */
import { copyFileSync, existsSync, readFileSync, renameSync } from 'node:fs'
import { writeFileAtomic } from '../certificates/atomic-files.ts'
import type { Verdict } from '../certificates/verdict.ts'
import type { ChangeReport } from '../roles/control-api.ts'
import { nodeFolder } from '../roles/node-folder.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { Outcome } from './fault-outcome.ts'
import { faultOn, forgetFault, noteFault } from './fault-record.ts'
import { watchEvents } from './fault-views.ts'
import { LabError } from './lab-error.ts'
import { labFolder } from './lab-folder.ts'
import type { RunningLabAccess } from './running-lab.ts'

export const machineStoreFault = {
  name: 'one-machine-store',
  story: 'Both faces of the access proxy use one trust list.',
  verdict: 'trust.shared',
} as const

/** @throws LabError `fault.role` on another role; `fault.on` when the node has this fault */
export async function breakMachineStore(lab: RunningLabAccess, node: NodePlan): Promise<Outcome> {
  if (node.role !== 'access-proxy')
    throw new LabError(
      'usage',
      'fault.role',
      `${machineStoreFault.name} needs a node of the role access-proxy; ${node.name} is a ${node.role}`,
    )
  const folder = labFolder(lab.root)
  if (faultOn(folder, node.name) !== undefined)
    throw new LabError('not-so', 'fault.on', `${node.name} has a fault; siplab heal ${node.name} first`)
  noteFault(folder, { target: node.name, fault: machineStoreFault.name, since: new Date().toISOString() })
  const files = listsOf(lab, node.name)
  const both = files.map((file) => readFileSync(file, 'utf8')).join('')
  for (const file of files) {
    copyFileSync(file, heldCopy(file))
    writeFileAtomic(file, both)
  }
  const watch = watchEvents(lab.plan, lab.root)
  try {
    await lab.clientOf(node.name).post<ChangeReport>('/reload')
    const views = watch
      .events()
      .flatMap(({ node: seenBy, event, verdict }) =>
        named(verdict).map((found) => ({ node: seenBy, event, verdict: found })),
      )
    const [first] = views
    return {
      target: node.name,
      fault: machineStoreFault.name,
      story: machineStoreFault.story,
      expected: machineStoreFault.verdict,
      ...(first === undefined ? {} : { verdict: first.verdict }),
      views,
      remarks: [],
      links: [],
      restarted: false,
      named: first !== undefined,
      notes: ['live links keep what they were accepted with; the next handshake is judged by both roots'],
    }
  } finally {
    watch.stop()
  }
}

export async function healMachineStore(lab: RunningLabAccess, node: NodePlan): Promise<void> {
  for (const file of listsOf(lab, node.name)) if (existsSync(heldCopy(file))) renameSync(heldCopy(file), file)
  forgetFault(labFolder(lab.root), node.name)
  await lab.clientOf(node.name).post<ChangeReport>('/reload')
}

/** A node joins all it has to say about a certificate; this fault may stand behind others. */
function named(verdict: Verdict | undefined): readonly Verdict[] {
  return [verdict, ...(verdict?.others ?? [])]
    .filter((one) => one?.code === machineStoreFault.verdict)
    .flatMap((one) => (one === undefined ? [] : [one]))
}

function listsOf(lab: RunningLabAccess, name: string): readonly [string, string] {
  const { trust, externalTrust } = nodeFolder(lab.root, name)
  return [trust, externalTrust]
}

function heldCopy(file: string): string {
  return `${file}.held`
}
