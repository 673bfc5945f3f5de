/** What a server sends of its own accord is in the law too, and it asks the law before it sends. */
import t from 'tap'
import { lawfulPeers } from '../../src/node/service-links.ts'
import { accessProxy } from '../../src/roles/access-proxy.ts'
import { director } from '../../src/roles/director.ts'
import { home } from '../../src/roles/home.ts'
import type { RoleContext, RoleParts } from '../../src/roles/role.ts'
import { FlowTokens } from '../../src/sip/routing/flow-token.ts'
import { loadTopology, topologyNames } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'
import type { NodePlan } from '../../src/topology/plan-types.ts'
import { FakeClock } from '../support/fake-clock.ts'

function partsOf(plan: NodePlan): RoleParts | undefined {
  const flowTokens = new FlowTokens({ node: plan.fqdn, key: Buffer.alloc(32, 7), flow: () => undefined })
  const known = { clock: new FakeClock(), flowTokens, location: {}, directory: {}, accounts: {}, authentication: 'on' }
  const context = { plan, ...known } as unknown as RoleContext
  const { settings } = plan
  switch (settings.kind) {
    case 'standard-edition':
    case 'front-end':
      return home(context, settings)
    case 'director':
      return director(context, settings)
    case 'access-proxy':
      return accessProxy(context, settings)
    default:
      return undefined
  }
}

t.test('every link of every lab may be watched', async (t) => {
  const kinds = new Set<string>()
  for (const name of topologyNames())
    for (const plan of planLab(loadTopology(name)).nodes) {
      const parts = partsOf(plan)
      if (parts === undefined) continue
      t.same(lawfulPeers(parts), parts.watched, `${name}: ${plan.name}`)
      for (const { by } of parts.watched) kinds.add(by)
    }
  t.same([...kinds].sort(), ['enterprise-edge', 'home', 'inward', 'partner', 'static-route'])
})

t.test('a peer that the law does not name is not asked, nor one at a face without a law', async (t) => {
  const parts = partsOf(planLab(loadTopology('edge')).nodes.find(({ name }) => name === 'edge') as NodePlan)
  const [peer] = parts?.watched ?? []
  if (parts === undefined || peer === undefined) return t.fail('no peer')
  t.same(lawfulPeers({ ...parts, watched: [{ ...peer, by: 'elsewhere' }] }), [])
  t.same(lawfulPeers({ law: {}, watched: [peer] }), [])
})
