import t from 'tap'
import { configurationFault } from '../../src/node/configuration-check.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'
import type { FederationSettings } from '../../src/topology/hosts.ts'
import type { NodePlan } from '../../src/topology/plan-types.ts'

const edge = nodePlan(planLab(loadTopology('federation')), 'edge')

/** The edge of `federation`, which has partner.test as a direct partner, with these tables. */
function withTables(change: Partial<FederationSettings>): NodePlan {
  if (edge.settings.kind !== 'access-proxy') throw new Error('not an edge')
  return { ...edge, settings: { ...edge.settings, federation: { ...edge.settings.federation, ...change } } }
}

const provider = (name: string, domains: readonly string[]): FederationSettings['providers'][number] => ({
  name,
  edge: `edge.${name}.test`,
  domains: [...domains],
  enabled: true,
  public: true,
  verification: 'UseSourceVerification',
})

t.test('tables without duplicates can be read', async (t) => {
  t.equal(configurationFault(withTables({ providers: [provider('im', ['im.test'])] })), undefined)
})

t.test('a domain that is partner and provider domain stops the partner table', async (t) => {
  t.match(configurationFault(withTables({ providers: [provider('im', ['partner.test'])] })), {
    className: 'MSFT_SIPFederationDirectPartnerTable',
    verdict: {
      code: 'config.duplicate-partner',
      found: /partner\.test is a direct partner and belongs to the provider im/,
    },
  })
})

t.test('a provider that is not in use counts as well', async (t) => {
  t.match(configurationFault(withTables({ providers: [{ ...provider('im', ['partner.test']), enabled: false }] })), {
    verdict: { code: 'config.duplicate-partner' },
  })
})

t.test('two providers behind one edge stop the provider table', async (t) => {
  t.match(
    configurationFault(
      withTables({
        providers: [provider('im', ['a.test']), { ...provider('other', ['b.test']), edge: 'edge.im.test' }],
      }),
    ),
    { className: 'MSFT_SIPFederationNetworkProviderTable' },
  )
})
