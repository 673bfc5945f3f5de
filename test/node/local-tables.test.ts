import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { localFault, withLocalTables } from '../../src/node/local-tables.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'

const lab = planLab(loadTopology('edge'))
const [edge, fe1] = [nodePlan(lab, 'edge'), nodePlan(lab, 'fe1')]

function holding(t: Test, text: string): { readonly settings: string } {
  const settings = join(t.testdir(), 'settings.json')
  writeFileSync(settings, text)
  return { settings }
}

t.test('a node without a local file is as its plan', async (t) => {
  const folder = { settings: join(t.testdir(), 'none.json') }
  t.equal(withLocalTables(edge, folder), edge)
  t.equal(localFault(edge, folder), undefined)
})

t.test('a file that was cut off is local-corrupt, and the class points the old, wrong way', async (t) => {
  for (const text of ['{"mtls": tr', '[]', '{"mtls": "yes"}'])
    t.match(localFault(fe1, holding(t, text)), {
      className: 'MSFT_SIPRoutingSetting',
      verdict: { code: 'config.local-corrupt' },
    })
})

t.test('an entry that cannot be used is named with table, place and class', async (t) => {
  t.match(
    localFault(fe1, holding(t, '{"staticRoutes":[{"match":"a.test","nextHop":"b.test","port":0,"transport":"tls"}]}')),
    { className: 'MSFT_SIPRoutingTableData', verdict: { code: 'config.invalid', found: /staticRoutes\[0\]\.port/ } },
  )
  t.match(localFault(edge, holding(t, '{"partners":[{"domain":"-","edge":"sip.b.test"}]}')), {
    className: 'MSFT_SIPFederationDirectPartnerTable',
    verdict: { found: /partners\[0\]\.domain: wanted a host or domain name/ },
  })
})

t.test('local partners stand in place of those of the plan', async (t) => {
  const { settings } = withLocalTables(
    edge,
    holding(t, '{"mtls":true,"partners":[{"domain":"b.test","edge":"sip.b.test"}]}'),
  )
  t.match(settings, {
    federation: { partners: [{ domain: 'b.test', edge: 'sip.b.test', verification: 'UseSourceVerification' }] },
  })
})

t.test('local routes stand in place of those of the plan', async (t) => {
  const { settings } = withLocalTables(
    fe1,
    holding(t, '{"staticRoutes":[{"match":"gw.test","nextHop":"gw.test","port":5061,"transport":"tls"}]}'),
  )
  t.match(settings, { staticRoutes: [{ match: 'gw.test', port: 5061, replaceHost: false }] })
})
