/** A fault that cannot be put on, because a node that must load it does not run. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Edit, Placement } from '../../src/faults/placement.ts'
import { put } from '../../src/faults/put.ts'
import { faultsOfLab } from '../../src/faults/record.ts'
import { controlClient } from '../../src/lab/control-client.ts'
import { labFolder } from '../../src/lab/lab-folder.ts'
import type { RunningLabAccess } from '../../src/lab/running-lab.ts'
import { nodeFolder } from '../../src/node/control/node-folder.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'

const edits: Readonly<Record<string, Edit>> = {
  'of a file': { kind: 'file', node: 'director', file: 'nodes/director/trust.pem', content: '' },
  'inside a node': { kind: 'request', node: 'director', path: '/link-fault', body: {}, undo: {} },
}

for (const [name, edit] of Object.entries(edits))
  t.test(`a fault ${name} that does not run is refused, and neither made nor written down`, async (t) => {
    const root = t.testdir({})
    const lab: RunningLabAccess = {
      root,
      plan: planLab(loadTopology('edge')),
      clientOf: (node) => controlClient(node, nodeFolder(root, node)),
      supervisor: () => t.fail('the supervisor is not asked') as never,
    }
    const placement: Placement = {
      target: 'director',
      fault: 'expired',
      story: '',
      edits: [edit],
      restarts: [],
      look: () => Promise.reject(new Error('nothing is to be seen')),
    }
    await t.rejects(put(lab, placement), {
      code: 'node.stopped',
      message: 'director does not run; start it first: siplab node start director',
    })
    t.strictSame(faultsOfLab(labFolder(root)), [])
    t.notOk(existsSync(join(root, 'nodes', 'director', 'trust.pem')), String(readdirSync(root)))
  })
