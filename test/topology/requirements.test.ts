import t from 'tap'
import { findPeers } from '../../src/peers/index.ts'
import { playedRules } from '../../src/peers/played.ts'
import { loadProfile, loadTopology, parseTopology } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'
import { peerPolicies } from '../../src/topology/peer-policy.ts'
import { purposesToIssue, requiredCertificates, requirements } from '../../src/topology/requirements.ts'
import type { Situation } from '../../src/topology/requirements.ts'

const alone = { serversTalk: false, peerPolicy: 'none' } as const
const talking = { serversTalk: true, peerPolicy: 'none' } as const
const count = (situation: Situation) => requiredCertificates(situation).length

t.test('lcs2005: a certificate only where two servers talk', async (t) => {
  const profile = 'lcs2005'
  const cells: readonly (readonly [story: string, situation: Situation, certificates: number])[] = [
    ['Standard Edition alone needs none', { profile, role: 'standard-edition', ...alone }, 0],
    ['one front end alone needs none', { profile, role: 'front-end', ...alone }, 0],
    ['several Standard Edition servers need one each', { profile, role: 'standard-edition', ...talking }, 1],
    ['two front ends need one each', { profile, role: 'front-end', ...talking }, 1],
    ['a director needs one', { profile, role: 'director', ...talking }, 1],
    ['an access proxy needs two', { profile, role: 'access-proxy', ...talking }, 2],
    ['a load balancer needs none', { profile, role: 'load-balancer', ...talking }, 0],
    ['SQL needs none', { profile, role: 'sql', ...talking }, 0],
  ]
  for (const [story, situation, certificates] of cells) {
    t.test(story, async (t) => {
      t.equal(count(situation), certificates)
    })
  }
})

for (const profile of ['ocs2007', 'modern'] as const) {
  t.test(`${profile}: every SIP role has one, even alone`, async (t) => {
    const roles = ['standard-edition', 'front-end', 'director'] as const
    t.strictSame(
      roles.map((role) => count({ profile, role, ...alone })),
      [1, 1, 1],
    )
  })
}

t.test('the public authority signs only the external face of an access proxy, and gateways', async (t) => {
  const places = requirements
    .filter(({ authority }) => authority === 'public')
    .map(({ role, references }) => `${role} ${references.join()}`)
  t.strictSame([...new Set(places)], ['access-proxy edge-external', 'gateway listener,default-outgoing'])
})

t.test('every certificate is good for a server under every profile', async (t) => {
  for (const row of requirements.filter(({ need }) => need !== 'never'))
    t.ok(row.requiredPurposes.includes('serverAuth'), `${row.profile} ${row.role}`)
})

t.test('public-2026 takes clientAuth off public certificates and leaves internal ones alone', async (t) => {
  const [internal, external] = requiredCertificates({
    profile: 'lcs2005',
    role: 'access-proxy',
    serversTalk: true,
    peerPolicy: 'public-2026',
  })
  t.strictSame(internal === undefined ? [] : purposesToIssue(internal), ['serverAuth', 'clientAuth'])
  t.strictSame(external === undefined ? [] : purposesToIssue(external), ['serverAuth'])
})

t.test('the dated cloud policies ask for clientAuth in March 2024 and not in 2026', async (t) => {
  t.strictSame(
    [peerPolicies['cloud-2024-03'].wantsOfDialler, peerPolicies['cloud-2026'].wantsOfDialler],
    [['serverAuth', 'clientAuth'], ['serverAuth']],
  )
})

t.test('the cloud policies are days of the file of Teams Direct Routing', async (t) => {
  const [teams] = findPeers('teams-direct-routing')
  if (teams === undefined) throw new Error('Teams is on file')
  for (const name of ['cloud-2021', 'cloud-2024-03', 'cloud-2026'] as const) {
    const { from = '', shows, wildcards, commonName, wantsOfDialler } = peerPolicies[name]
    const rules = playedRules(teams, from)
    t.match(rules, { shows, wildcards, commonName }, name)
    t.equal(wantsOfDialler.includes('clientAuth'), rules?.wantsClientAuth, name)
  }
})

t.test('topologies against the table', async (t) => {
  const cells = {
    standard: [],
    enterprise: [],
    pool: ['fe1-listener', 'fe2-listener'],
    edge: ['edge-internal', 'edge-external', 'director-listener', 'fe1-listener'],
    'edge-pool': ['edge-internal', 'edge-external', 'director-listener', 'fe1-listener', 'fe2-listener'],
    'standard-edge': ['edge-internal', 'edge-external', 'director-listener', 'se-listener'],
    federation: [
      'edge-internal',
      'edge-external',
      'fe1-listener',
      'partner-edge-internal',
      'partner-edge-external',
      'partner-fe1-listener',
    ],
  }
  for (const [name, certificates] of Object.entries(cells)) {
    t.test(`${name}: ${certificates.join(', ') || 'none'}`, async (t) => {
      t.strictSame(
        planLab(loadTopology(name)).certificates.map(({ request }) => request.name),
        certificates,
      )
    })
  }

  t.test('two Standard Edition servers of one organisation need one each', async (t) => {
    const plan = planLab(lab('hosts: { se: { role: standard-edition }, se2: { role: standard-edition } }'))
    t.strictSame(
      plan.certificates.map(({ request }) => request.commonName),
      ['se.lab.test', 'se2.lab.test'],
    )
  })

  t.test('a lone server with a static route over TLS needs one', async (t) => {
    const plan = planLab(
      lab(
        "hosts: { se: { role: standard-edition, staticRoutes: [{ match: 'tel:*', nextHop: voice.test, " +
          'ownCertificate: true }] } }',
      ),
    )
    t.strictSame(
      plan.certificates.map(({ references }) => references),
      [['listener', 'default-outgoing'], ['static-route:1']],
    )
  })

  t.test('without a certificate nothing speaks TLS', async (t) => {
    const transports = planLab(loadTopology('standard')).nodes.flatMap(({ listeners }) =>
      listeners.map(({ transport }) => transport),
    )
    t.strictSame(transports, ['tcp', 'udp'])
  })
})

function lab(hosts: string) {
  return parseTopology(
    `name: lab\nabout: A lab of a test.\nprofile: lcs2005\ndomain: lab.test\n${hosts}\n`,
    'lab.yaml',
    loadProfile,
  )
}
