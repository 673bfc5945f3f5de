/** Faults of the name that is dialled: they are put on a link. */
import { dialledNames, linksOf } from '../lab/links.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import type { Fault } from './catalogue/fault.ts'
import { noLink } from './link.ts'
import { type CertificateFaultOptions, groundOf, place, referenceOf } from './place.ts'
import type { Edit, Placement } from './placement.ts'
import { lookAtLinks } from './seen.ts'

/**
 * A fault of the dialled name, on one link: the node that dials wants another name at the same address, and the node
 * that accepts shows what the story asks for.
 *
 * @throws LabError `not-so` when the first node does not dial the second
 */
export async function dialledNameFault(
  lab: RunningLabAccess,
  { name: target, from, to }: { readonly name: string; readonly from: NodePlan; readonly to: NodePlan },
  fault: Fault,
  options: Pick<CertificateFaultOptions, 'tls'>,
): Promise<Placement> {
  const links = (await linksOf(lab, from, 'client')).filter((link) => link.to.name === to.name)
  if (links.length === 0) throw noLink({ from, to }, fault.slug)
  const placed = place(lab, { node: to, fault, as: 'server', links, options })
  const { wantedName, withoutSni } = fault.make(groundOf(lab, to, referenceOf(to, 'server')))
  const named = { kind: 'dialled-name', amount: 0, ...(withoutSni === true ? {} : { name: wantedName }) } as const
  return {
    target,
    fault: fault.slug,
    as: 'server',
    story: fault.story,
    edits: [
      ...placed.edits,
      ...dialledNames(to).map((peer): Edit => {
        const undo = { peer }
        return { kind: 'request', node: from.name, path: '/link-fault', body: { peer, fault: named }, undo }
      }),
    ],
    restarts: [],
    look: lookAtLinks(lab, fault.expect, { links }),
  }
}
