import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readTarget } from '../../src/faults/break.ts'
import { foreignLinks, foreignTrust } from '../../src/lab/foreign.ts'
import { loadProfile, loadTopology, parseTopology } from '../../src/topology/load.ts'
import { nodePlan, planLab } from '../../src/topology/plan.ts'
import type { LabPlan } from '../../src/topology/plan-types.ts'
import { renderCompose } from '../../src/topology/render/compose.ts'
import { renderHosts } from '../../src/topology/render/hosts.ts'
import { renderNftables } from '../../src/topology/render/nftables.ts'
import { renderSvg } from '../../src/topology/render/svg.ts'
import { renderText } from '../../src/topology/render/text.ts'
import { ownFolder } from '../support/own-folder.ts'

const folder = ownFolder(t)
const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'

/** The default lab with these lines for a foreign host, and for what leads to it. */
function labText(sbc: string, more: { readonly edge?: string; readonly fe1?: string } = {}): string {
  return `name: own
about: A lab with a server of somebody else.
profile: lcs2005
domain: lab.test
hosts:
  edge: { role: access-proxy, nextHop: director${more.edge ?? ''} }
  director: { role: director }
  fe1: { role: front-end${more.fe1 ?? ', staticRoutes: [{ match: "tel:*", nextHop: sbc1 }]'} }
  sbc1: { role: foreign, ${sbc.includes('name:') ? '' : 'name: sbc1.contoso.test, '}address: 192.0.2.7, ${sbc} }
users:
  alice: { password: alice-2005, home: pool }
`
}

function planOf(...given: Parameters<typeof labText>): LabPlan {
  return planLab(parseTopology(labText(...given), join(folder, 'own.yaml'), loadProfile))
}

function linksOf(plan: LabPlan): readonly string[] {
  return plan.links
    .filter(({ from, to }) => from.name === 'sbc1' || to.name === 'sbc1')
    .map(
      ({ from, to, port, allowed, dials }) =>
        `${from.name}->${to.name}${to.face === undefined ? '' : `/${to.face}`} ${dials}:${port} ` +
        `${allowed ? 'allowed' : 'refused'}`,
    )
}

t.test('a foreign server that a static route leads to', async (t) => {
  const plan = planOf('port: 15061, dials: [fe1]')

  t.test('is no node: siplab does not start it', async (t) => {
    t.notOk(plan.nodes.some(({ name }) => name === 'sbc1'))
    t.match(plan.foreign, [{ name: 'sbc1', fqdn: 'sbc1.contoso.test', address: '192.0.2.7', port: 15061 }])
  })

  t.test('has its links both ways, at the port where each end listens', async (t) => {
    t.strictSame(linksOf(plan), ['fe1->sbc1 sbc1.contoso.test:15061 allowed', 'sbc1->fe1 fe1.lab.test:5061 allowed'])
  })

  t.test('is the next hop of the route by its own name and port', async (t) => {
    t.match(nodePlan(plan, 'fe1').settings, { staticRoutes: [{ nextHop: 'sbc1.contoso.test', port: 15061 }] })
  })

  t.test('is an authorised host of the home that it dials', async (t) => {
    t.match(nodePlan(plan, 'fe1').settings, { authorizedHosts: [{ fqdn: 'sbc1.contoso.test', treatAs: 'server' }] })
  })

  t.test('has a name in the DNS of our nodes, in a zone of its own, and none on the internet', async (t) => {
    for (const { name, zones, records } of plan.dns) {
      const inside = name !== 'external'
      t.equal(zones.includes('sbc1.contoso.test'), inside, name)
      t.equal(
        records.some((record) => record.kind === 'a' && record.address === '192.0.2.7'),
        inside,
        name,
      )
    }
  })

  t.test('has a certificate from the authority of the lab, for both directions', async (t) => {
    t.match(plan.foreign[0]?.certificate?.request, {
      commonName: 'sbc1.contoso.test',
      dnsNames: ['sbc1.contoso.test'],
      authority: 'internal',
      purposes: ['serverAuth', 'clientAuth'],
    })
  })

  t.test('has its ports in the firewall', async (t) => {
    const rules = plan.firewall.filter(({ from, to }) => from.name === 'sbc1' || to.name === 'sbc1')
    t.match(rules, [
      { from: { name: 'fe1' }, to: { name: 'sbc1', address: '192.0.2.7' }, port: 15061 },
      { from: { name: 'sbc1', address: '192.0.2.7' }, to: { name: 'fe1' }, port: 5061 },
    ])
  })

  t.test('is in every format of the plan', async (t) => {
    t.match(renderText(plan), /sbc1 +foreign +sbc1\.contoso\.test +192\.0\.2\.7 +tls 15061/)
    t.match(renderHosts(plan), /192\.0\.2\.7 +sbc1\.contoso\.test/)
    t.match(renderNftables(plan), /ip daddr 192\.0\.2\.7 tcp dport 15061 accept/)
    t.match(renderSvg(plan), /foreign server/)
    const topology = parseTopology(labText('dials: [fe1]'), 'own.yaml', loadProfile)
    t.match(renderCompose(planLab(topology, { addressing: 'containers' })), /own_foreign:\/data\/foreign/)
  })

  t.test('takes no fault, and the sentence names our end', async (t) => {
    const refused = { code: 'fault.foreign', message: /foreign server.*fe1.*siplab break fe1 expired/ }
    t.throws(() => readTarget(plan, 'sbc1'), refused)
    t.throws(() => readTarget(plan, 'fe1->sbc1'), refused)
    t.throws(() => readTarget(plan, 'sbc1->fe1'), refused)
  })
})

t.test('a foreign server with a public certificate', async (t) => {
  t.test('makes its home trust the public root too', async (t) => {
    const plan = planOf('certificate: public')
    t.match(foreignTrust(plan, nodePlan(plan, 'fe1'), 'internal'), { public: true, own: [] })
    t.match(foreignTrust(plan, nodePlan(plan, 'director'), 'internal'), { public: false })
  })

  t.test('that is a direct partner meets the outside face of the access proxy, both ways', async (t) => {
    const federation = ', federation: { enabled: true, partners: [{ domain: contoso.test, edge: sbc1.contoso.test }] }'
    const plan = planOf('certificate: public, dials: [edge]', { edge: federation, fe1: '' })
    t.strictSame(linksOf(plan), [
      'edge->sbc1 sbc1.contoso.test:5061 allowed',
      'sbc1->edge/external sip.lab.test:5061 allowed',
    ])
  })

  t.test('that dials an access proxy without a partner of that name is refused by the plan', async (t) => {
    const plan = planOf('certificate: public, dials: [edge]', { fe1: '' })
    t.strictSame(linksOf(plan), ['sbc1->edge/external sip.lab.test:5061 refused'])
  })
})

t.test('a foreign server as the next hop of an access proxy meets its inside face', async (t) => {
  const plan = planOf('dials: [edge], port: 5071', { edge: ', internalServers: [sbc1]', fe1: '' })
  t.strictSame(linksOf(plan), ['sbc1->edge/internal edge.lab.test:5061 allowed'])
})

t.test('a foreign server that brings its own certificate', async (t) => {
  t.test('has its root read from beside the lab file, and our end trusts it', async (t) => {
    writeFileSync(join(folder, 'their-root.pem'), pem)
    const plan = planOf('certificate: own, root: their-root.pem')
    t.equal(plan.foreign[0]?.certificate, undefined)
    t.strictSame(foreignTrust(plan, nodePlan(plan, 'fe1'), 'internal').own, [pem])
    t.match(plan.links.find(({ to }) => to.name === 'sbc1')?.verification, { dialler: { trustRoot: 'own' } })
  })

  for (const [why, sbc, message] of [
    ['without a root', 'certificate: own', /hosts\.sbc1: wanted root, the PEM file of its CA/],
    ['with a root that is not there', 'certificate: own, root: none.pem', /root: wanted a PEM file.*ENOENT/],
    ['with a root that is none', 'certificate: own, root: own.yaml', /root: wanted a PEM file with a certificate/],
    ['with a root beside a certificate of ours', 'root: their-root.pem', /wanted certificate: own beside it/],
    ['that dials nobody here', 'dials: [director]', /dials\[0\]: wanted a home, a pool or an access proxy/],
    ['with the name of another host', 'name: fe1.lab.test', /sbc1\.name: wanted a name of its own.*"fe1"/],
  ] as const)
    t.test(`is refused ${why}`, async (t) => {
      writeFileSync(join(folder, 'own.yaml'), labText(sbc))
      t.throws(() => loadTopology(join(folder, 'own.yaml')), { message })
    })
})

t.test('the links of a foreign server before anything came', async (t) => {
  const plan = planOf('dials: [fe1]')
  t.match(foreignLinks(plan, folder, []), [
    { link: 'fe1->sbc1', state: 'unseen' },
    { link: 'sbc1->fe1', state: 'unseen', seen: /no connection with its name/ },
  ])
})
