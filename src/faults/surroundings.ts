/** Faults of what a node leans on and does not own: its clock, and the distribution points of CRLs. */
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { clockFileName } from '../lab/clock.ts'
import { LabError } from '../lab/lab-error.ts'
import { type LabLink, linksOf } from '../lab/links.ts'
import type { RunningLabAccess } from '../lab/running-lab.ts'
import { crlUrls, fetchesCrls } from '../node/certificates/crl-fetch.ts'
import { nodeFolder } from '../node/control/node-folder.ts'
import type { NodePlan } from '../topology/plan-types.ts'
import { broken } from './catalogue/fault.ts'
import type { Placement } from './placement.ts'
import { lookAtLinks } from './seen.ts'
import { lookAtStart } from './start.ts'

export const surroundingFaults = [
  {
    name: 'clock-behind',
    story: 'The clock of the node is 60 days behind.',
    verdict: 'clock.skew',
    family: 'time',
  },
  {
    name: 'crl-point-unreachable',
    story: 'The host of the CRL distribution point has no address.',
    verdict: 'crl.unreachable',
    family: 'revocation',
  },
] as const

export type SurroundingFault = (typeof surroundingFaults)[number]

/** @throws LabError `not-so` where the lab or the profile of the node cannot show it */
export function surroundingFault(lab: RunningLabAccess, node: NodePlan, fault: SurroundingFault): Promise<Placement> {
  return fault.name === 'clock-behind' ? clockBehind(lab, node, fault) : crlPoint(lab, node, fault)
}

/**
 * Behind and not ahead: a node whose own certificate seems to have ended stops under the profile of 2005, and shows
 * nothing.
 */
async function clockBehind(
  lab: RunningLabAccess,
  node: NodePlan,
  { name, story, verdict }: SurroundingFault,
): Promise<Placement> {
  const file = join(nodeFolder(lab.root, node.name).root, clockFileName)
  if (!existsSync(file))
    throw new LabError(
      'not-so',
      'clock.fixed',
      `${name} needs a clock that can be moved; siplab down, then siplab up TOPOLOGY --movable-clock`,
    )
  const links = (await Promise.all((['client', 'server'] as const).map((as) => linksOf(lab, node, as)))).flat()
  const expect = broken(verdict, { presenter: 'closed', judge: 'CERT_NOT_YET_VALID' })
  return {
    target: node.name,
    fault: name,
    story,
    edits: [{ kind: 'file', node: node.name, file: relative(lab.root, file), content: '-60d\n', mode: 0o644 }],
    restarts: [],
    look: lookAtLinks(lab, expect, { links: unique(links) }),
  }
}

function unique(links: readonly LabLink[]): readonly LabLink[] {
  return [...new Map(links.map((link) => [`${link.from.name} ${link.peer}`, link])).values()]
}

async function crlPoint(
  lab: RunningLabAccess,
  node: NodePlan,
  { name, story, verdict }: SurroundingFault,
): Promise<Placement> {
  const dns = lab.plan.nodes.find(({ role }) => role === 'dns')
  const [url] = crlUrls(node)
  if (dns === undefined || url === undefined || !fetchesCrls(node))
    throw new LabError(
      'not-so',
      'fault.role',
      `${name} needs an access proxy that fetches CRLs, as those of OCS 2007 do (crl.unreachable: stop); ` +
        `${node.name} has the role ${node.role} under ${node.profile.name}: siplab up edge-pool`,
    )
  const body = [{ kind: 'nxdomain', name: new URL(url).hostname }]
  return {
    target: node.name,
    fault: name,
    story,
    edits: [{ kind: 'request', node: dns.name, path: '/dns-faults', body, undo: [] }],
    restarts: [node.name],
    look: async ({ watch }) => lookAtStart(watch, [node], verdict),
  }
}
