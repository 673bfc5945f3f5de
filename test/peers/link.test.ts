/** Links on a day: the worked example of Teams, what is unknown, and three ways for a chain to end. */
import t from 'tap'
import { findPeers, peerPolicies } from '../../src/peers/index.ts'
import { changesOf, firstBreaks } from '../../src/peers/judge/changes.ts'
import { judgeLink, type LinkAnswer, type LinkRequest } from '../../src/peers/judge/link.ts'
import { waysOut } from '../../src/peers/judge/ways-out.ts'
import type { PeerPolicy } from '../../src/peers/policy.ts'
import { made, type Made } from './made-chains.ts'

function peer(name: string): PeerPolicy {
  const [found] = findPeers(name)
  if (found === undefined) throw new Error(`${name} is not on file`)
  return found
}

function link(name: string, on: string, change: Made = {}, more: Partial<LinkRequest> = {}): LinkAnswer {
  return judgeLink({ chain: made(change), policy: peer(name), on, ...more })
}

function verdicts({ directions }: LinkAnswer): readonly string[] {
  return directions.map(({ direction, verdict }) => `${direction} ${verdict}`)
}

function broken({ directions }: LinkAnswer): readonly string[] {
  return [
    ...new Set(
      directions.flatMap(({ checks }) =>
        checks.flatMap(({ outcome, ending, code }) => (outcome === 'breaks' ? [ending ?? code ?? ''] : [])),
      ),
    ),
  ]
}

t.test('the worked example: a serverAuth-only leaf of DigiCert at Teams on 15 March 2027', async (t) => {
  const chain = made()
  const answer = judgeLink({ chain, policy: peer('teams-direct-routing'), on: '2027-03-15' })
  t.equal(answer.verdict, 'stands-with-warning')
  const [serve, dial] = answer.directions
  t.equal(serve?.verdict, 'stands')
  t.equal(dial?.verdict, 'stands-with-warning')
  t.match(
    dial?.checks.find(({ about }) => about === 'client-purpose'),
    { outcome: 'warns', demand: { mark: 'G', note: /demand clientAuth again/ } },
  )
  t.match(serve?.mirror, { verdict: 'breaks', assumed: true }, 'our own server breaks it if it checks the caller')
  t.equal(dial?.mirror.verdict, 'stands')
  t.ok(waysOut(answer, chain).some(({ way }) => /switch off the purpose check/.test(way)))
})

t.test('what breaks the rules of X.509 breaks at every peer that verifies', async (t) => {
  const at = (change: Made): readonly string[] => broken(link('teams-direct-routing', '2027-03-15', change))
  t.same(at({ permitted: ['contoso.com'] }), [])
  t.same(at({ permitted: ['fabrikam.com'] }), ['chain.name-constraint'])
  t.ok(at({ forged: true }).includes('chain.issuer-mismatch'))
})

t.test('under the rule of 2024 the same form breaks where we dial', async (t) => {
  const answer = link('teams-direct-routing', '2024-06-01', { from: '2024-05-01' })
  t.same(verdicts(answer), ['we-serve stands', 'we-dial breaks'])
  t.equal(answer.verdict, 'breaks-we-dial')
  t.same(broken(answer), ['cert.eku-missing'])
})

t.test('said outright, our own check counts', async (t) => {
  const at = (checksCaller: 'yes' | 'no'): string =>
    link('teams-direct-routing', '2027-03-15', {}, { us: { checksCaller } }).verdict
  t.same([at('yes'), at('no')], ['breaks-we-serve', 'stands-with-warning'])
})

t.test('an issuer for servers only spoils a dual leaf where we dial', async (t) => {
  const answer = link('opensips', '2027-03-15', { purposes: ['serverAuth', 'clientAuth'], caPurposes: ['serverAuth'] })
  t.same(broken(answer), ['chain.eku-narrow'])
})

t.test('unknown is never consent', async (t) => {
  const good = made({ purposes: ['serverAuth', 'clientAuth'] })
  for (const policy of peerPolicies) {
    const { period, directions } = judgeLink({ chain: good, policy, on: '2027-03-15' })
    const unknown = period?.clientAuth.value === 'unknown' || period?.clientCertificate.value === 'unknown'
    const dial = directions.find(({ direction }) => direction === 'we-dial')
    if (unknown && dial?.verdict !== 'not-used') t.match(dial?.verdict, /cannot-tell|breaks/, policy.name)
    const serve = directions.find(({ direction }) => direction === 'we-serve')
    if (period?.serverAuth.value === 'unknown' && serve?.verdict !== 'not-used')
      t.match(serve?.verdict, /cannot-tell|breaks/, policy.name)
  }
})

t.test('before its first period a peer is unknown', async (t) => {
  t.same(link('five9-byoc', '2025-01-01', { from: '2024-12-01' }).verdict, 'cannot-tell')
})

t.test('expiry, removal and distrust of new certificates are three verdicts', async (t) => {
  t.same(broken(link('teams-direct-routing', '2027-09-01')), ['expiry'])
  const removed = { rootName: 'GeoTrust Universal CA', organization: 'GeoTrust Inc.', from: '2026-06-01' }
  t.same(broken(link('teams-direct-routing', '2026-08-24', removed)), [])
  t.same(broken(link('teams-direct-routing', '2026-08-25', removed)), ['removal'])
  const entrust = {
    rootName: 'Entrust Root Certification Authority - G2',
    organization: 'Entrust, Inc.',
    purposes: ['serverAuth', 'clientAuth'],
    days: 398,
  } as const
  t.same(broken(link('teams-direct-routing', '2025-06-01', { ...entrust, from: '2025-04-16' })), [])
  t.same(broken(link('teams-direct-routing', '2025-06-01', { ...entrust, from: '2025-04-17' })), ['distrust-of-new'])
})

t.test('an expired issuer and a missing one are causes of their own', async (t) => {
  t.same(broken(link('teams-direct-routing', '2027-03-15', { caUntil: '2027-03-01' })), ['expiry'])
  t.same(broken(link('opensips', '2027-03-15', { withIssuer: false, purposes: ['serverAuth', 'clientAuth'] })), [
    'chain.incomplete',
  ])
})

t.test('a private CA is refused, accepted or asked about, as the peer has it', async (t) => {
  const own = { rootName: 'Contoso Root', organization: 'Contoso' }
  t.same(broken(link('teams-direct-routing', '2027-03-15', own)), ['chain.untrusted-root'])
  t.equal(link('kamailio-debian', '2027-03-15', own).verdict, 'stands-with-warning')
  t.equal(link('vonage-sip', '2027-03-15', own).verdict, 'cannot-tell')
})

t.test('names: wildcards, refused suffixes and the name that the peer knows', async (t) => {
  const codes = (name: string, names: readonly string[], wanted?: string): readonly string[] =>
    broken(
      link(
        name,
        '2027-03-15',
        { names, purposes: ['serverAuth', 'clientAuth'] },
        wanted === undefined ? {} : { name: wanted },
      ),
    )
  t.same(codes('google-gtp', ['*.contoso.com']), ['cert.wildcard'])
  t.same(codes('teams-direct-routing', ['*.contoso.com'], 'sbc1.contoso.com'), [])
  t.same(codes('teams-direct-routing', ['*.contoso.com'], 'a.sbc1.contoso.com'), ['cert.name-mismatch'])
  t.same(codes('teams-direct-routing', ['sbc.onmicrosoft.com']), ['cert.name-mismatch'])
  t.same(codes('opensips', ['*.contoso.com'], 'other.example.org'), [], 'OpenSIPS compares no name')
})

t.test('a peer for RSA keys only', async (t) => {
  t.same(broken(link('bandwidth-sip', '2027-03-15', { key: 'p256' })), ['tls.no-common-cipher'])
  t.same(broken(link('bandwidth-sip', '2027-03-15')), [])
})

t.test('a made-up root is called one', async (t) => {
  t.match(made().root, { kind: 'public', standIn: true })
  t.match(made({ rootName: 'Contoso Root', organization: 'Contoso' }).root, { kind: 'private' })
})

t.test('the days on which something changes, and what breaks first', async (t) => {
  const changes = changesOf({ chain: made({ from: '2026-03-01' }), policy: peer('teams-direct-routing') })
  t.same(
    changes.map(({ on }) => on),
    ['2026-03-01', '2026-03-15', '2026-04-01', '2026-07-01', '2026-09-17'],
  )
  t.same(
    firstBreaks(changes).map(({ direction, on }) => `${direction} ${on}`),
    ['we-serve 2026-09-17', 'we-dial 2026-09-17'],
  )
})
