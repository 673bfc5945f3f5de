/**
 * What comes of a server whose own certificate has ended: the profile says (`whenOwnCertificateEnds`). The fault is
 * shown on the links first, since a server that has shut down shows nothing.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { whileRunning } from '../lab/links.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import type { Watch } from '../lab/watch.ts'
import type { FaultsInForce } from '../node/fault-in-force.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { Edit, FileEdit, Placement } from './placement.ts'

/** The watch of a node goes its rounds once a second. */
const endsWithinMs = 8000
const lookEveryMs = 50

/** @param edits those of the fault; the edits that follow let the node obey its profile */
export function ownEnding(node: NodePlan, edits: readonly Edit[]): NonNullable<Placement['then']> {
  return {
    edits: edits.flatMap((edit) => (isTermsOf(edit, node.name) ? [obeying(edit)] : [])),
    reload: node.name,
    look: (lab, watch) => ending(lab, node, watch),
  }
}

function isTermsOf(edit: Edit, node: string): edit is FileEdit {
  return edit.kind === 'file' && edit.node === node && edit.file.endsWith('fault.json')
}

function obeying(edit: FileEdit): FileEdit {
  const faults = JSON.parse(String(edit.content)) as FaultsInForce
  const all = Object.entries(faults).map(([target, fault]) => [target, { ...fault, obeysProfile: true }] as const)
  return { ...edit, content: `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n` }
}

async function ending(lab: RunningLabAccess, node: NodePlan, watch: Watch): Promise<readonly string[]> {
  const setting = `${node.profile.name}, whenOwnCertificateEnds: ${node.whenOwnCertificateEnds}`
  const ends = node.whenOwnCertificateEnds === 'die'
  const wanted = ends ? 'service.shut-down' : 'certificate.ended'
  const said = (): boolean => watch.events().some((event) => event.node === node.name && event.event === wanted)
  const until = performance.now() + endsWithinMs
  while (performance.now() < until && !(said() && (!ends || (await isGone(lab, node.name))))) await delay(lookEveryMs)
  if (!said()) return [`${node.name} has not noticed within ${endsWithinMs / 1000} s that its certificate has ended`]
  return ends
    ? [`${node.name} has shut down, as its profile says (${setting}); with --as it keeps running`]
    : [`${node.name} keeps running, as its profile says (${setting})`]
}

async function isGone(lab: RunningLabAccess, node: string): Promise<boolean> {
  return (await whileRunning(lab.clientOf(node).get('/status'))) === undefined
}
