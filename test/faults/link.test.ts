/** Which links can have a fault: those that the plan lets a SIP server dial. */
import t from 'tap'
import { readTarget } from '../../src/faults/break.ts'
import { linkFault, linkFaults } from '../../src/faults/link.ts'
import type { RunningLabAccess } from '../../src/lab/running-lab.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'

const unreachable = () => t.fail('no node is asked') as never

function placed(topology: string, link: string) {
  const plan = planLab(loadTopology(topology))
  const lab: RunningLabAccess = { root: '', plan, clientOf: unreachable, supervisor: unreachable }
  const target = readTarget(plan, link)
  const [cut] = linkFaults
  if (target.kind !== 'link' || cut === undefined) throw new Error(link)
  return linkFault(lab, target, cut)
}

const refused: readonly [string, string][] = [
  ['edge', 'pki->dns'],
  ['edge', 'director->director'],
  ['edge', 'fe1->edge'],
  ['edge-pool', 'fe1->sql'],
  ['edge-pool', 'pool->fe1'],
]

for (const [topology, link] of refused)
  t.test(`${link} of ${topology} carries no SIP and gets no fault`, async (t) => {
    const [from, to] = link.split('->')
    t.throws(() => placed(topology, link), {
      code: 'fault.no-link',
      message: `${from} does not dial ${to} for SIP, so cut would have no effect; siplab plan shows the links`,
    })
  })

const accepted: readonly [string, string][] = [
  ['edge', 'director->fe1'],
  ['edge-pool', 'director->pool'],
  ['federation', 'edge->partner-edge'],
  ['trunk', 'fe1->voice'],
]

for (const [topology, link] of accepted)
  t.test(`${link} of ${topology} can have a fault`, async (t) => {
    t.match(placed(topology, link), { target: link, fault: 'cut' })
  })
