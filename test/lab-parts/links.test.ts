/** Which links of a lab are dialled anew. */
import t from 'tap'
import { type LabLink, redial } from '../../src/lab/links.ts'
import type { RunningLabAccess } from '../../src/lab/running-lab.ts'
import type { NodePlan } from '../../src/topology/plan-types.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'

const { nodes } = planLab(loadTopology('edge'))

function node(name: string): NodePlan {
  const found = nodes.find((each) => each.name === name)
  if (found === undefined) throw new Error(`the lab has no ${name}`)
  return found
}

const outward: LabLink = { from: node('director'), to: node('fe1'), peer: 'fe1.lab.test' }
const inward: LabLink = { from: node('fe1'), to: node('director'), peer: 'director.lab.test' }

t.test('a link that both of its ends name is dialled anew once', async (t) => {
  const asked: unknown[] = []
  const clientOf = (name: string) => ({
    post: async (path: string, body: unknown) => void asked.push([name, path, body]),
  })
  await redial({ clientOf } as unknown as RunningLabAccess, [outward, inward, outward])
  t.same(asked, [
    ['director', '/redial', { peer: 'fe1.lab.test' }],
    ['fe1', '/redial', { peer: 'director.lab.test' }],
  ])
})
