/** A target that is nearly the name of a node. */
import t from 'tap'
import { refuseMistyped } from '../../src/cli/check-setup.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'

t.test('a mistyped node of the running lab is reported with the names of its nodes, and no DNS is asked', async (t) => {
  const plan = planLab(loadTopology('edge'))
  t.throws(() => refuseMistyped('directr', plan), {
    name: 'UsageError',
    message: 'the lab edge has no node "directr"; did you mean director?; there are: dns, pki, fe1, director, edge',
  })
})

t.test('a host or a domain that is near no node is a target', async (t) => {
  const plan = planLab(loadTopology('edge'))
  for (const target of ['localhost', 'lab.test', 'sip.example.com', 'sip:alice@lab.test'])
    t.doesNotThrow(() => refuseMistyped(target, plan), target)
})
