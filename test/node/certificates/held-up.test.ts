/** Which own certificates may end a service while a fault of the lab is on. */
import { writeFileSync } from 'node:fs'
import t from 'tap'
import { provisionCertificates } from '../../../src/lab/provision.ts'
import { checkAll } from '../../../src/node/certificates/own-certificates.ts'
import { nodeFolder } from '../../../src/node/control/node-folder.ts'
import { faultFile, type FaultInForce } from '../../../src/node/fault-in-force.ts'
import { loadTopology } from '../../../src/topology/load.ts'
import { nodePlan, planLab } from '../../../src/topology/plan.ts'
import { ownFolder } from '../../support/own-folder.ts'

const lab = planLab(loadTopology('edge'))
const plan = nodePlan(lab, 'fe1')
const root = ownFolder(t)
const now = Date.now()
provisionCertificates(lab, root, now)
const folder = nodeFolder(root, 'fe1')

function heldUp(target: string, fault: Partial<FaultInForce>): readonly boolean[] {
  writeFileSync(
    faultFile(folder),
    JSON.stringify({ [target]: { fault: 'cross-signed', tolerate: [], bystander: false, ...fault } }),
  )
  return checkAll({ plan, folder, now }).map((check) => check.kind === 'good' && check.own.heldUp)
}

t.test('a bystander that shows the chain of a fault does not end with it', async (t) => {
  t.strictSame(heldUp('director', { bystander: true }), [true, true])
})

t.test('the target of a fault is held up, so that its links show the fault', async (t) => {
  t.strictSame(heldUp('fe1', {}), [true, true])
})

t.test('a target that obeys its profile is not held up', async (t) => {
  t.strictSame(heldUp('fe1', { obeysProfile: true }), [false, false])
})
