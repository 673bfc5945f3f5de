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
  t.ok(waysOut(answer, chain, '2026-11-30').some(({ way }) => /switch off the purpose check/.test(way)))
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

function checksOf(answer: LinkAnswer, about: string): readonly { outcome: string; sentence: string }[] {
  const [first] = answer.directions
  return first?.checks.filter((check) => check.about === about) ?? []
}

t.test('a root of a listed issuer counts also where the root itself is not on file', async (t) => {
  const at = (rootName: string, organization: string): string | undefined =>
    checksOf(link('google-gtp', '2027-03-15', { rootName, organization }), 'root')[0]?.outcome
  t.equal(at('DigiCert Assured ID Root G3', 'DigiCert Inc'), 'holds')
  t.equal(at('COMODO ECC Certification Authority', 'COMODO CA Limited'), 'holds')
  t.equal(at('SwissSign RSA TLS Root CA 2022 - 1', 'SwissSign AG'), 'breaks')
  t.equal(at('QuoVadis Root CA 2 G3', 'QuoVadis Limited'), 'unknown', 'who owns it is not on file')
  t.equal(at('Starfield Services Root Certificate Authority - G2', 'Starfield Technologies, Inc.'), 'breaks', 'Amazon')
})

t.test('an expired root ends every chain to it, whether or not it is in the file', async (t) => {
  const baltimore = { rootName: 'Baltimore CyberTrust Root', organization: 'Baltimore', from: '2025-05-01' }
  t.same(broken(link('teams-direct-routing', '2025-05-12', baltimore)), ['cert.eku-missing'])
  t.same(broken(link('teams-direct-routing', '2025-05-13', baltimore)), ['expiry', 'cert.eku-missing'])
})

t.test('the longest lifetime counts both ends, and changes with the day of issue', async (t) => {
  const isTooLong = (from: string, days: number, overlong = false): boolean =>
    checksOf(link('teams-direct-routing', from, { from, days, overlong }), 'lifetime').length > 0
  t.same([isTooLong('2026-03-14', 398), isTooLong('2026-03-14', 398, true)], [false, true])
  t.same([isTooLong('2026-03-15', 200), isTooLong('2026-03-15', 201)], [false, true])
  t.same(
    [isTooLong('2027-03-14', 200), isTooLong('2027-03-15', 200), isTooLong('2027-03-15', 100)],
    [false, true, false],
  )
  t.same([isTooLong('2029-03-14', 100), isTooLong('2029-03-15', 48), isTooLong('2029-03-15', 47)], [false, true, false])
})

t.test('a name rule that is not known neither breaks a link nor lets it stand', async (t) => {
  const at = (change: Made, name?: string): string | undefined =>
    checksOf(link('zoom-byoc-p', '2027-03-15', change, name === undefined ? {} : { name }), 'name')[0]?.outcome
  t.equal(at({}), 'holds')
  t.equal(at({ commonNameOnly: true }), 'unknown')
  t.equal(at({}, 'other.contoso.com'), 'unknown')
  const cn = link('teams-direct-routing', '2027-03-15', { commonNameOnly: true })
  t.equal(checksOf(cn, 'name')[0]?.outcome, 'holds', 'Microsoft says that the CN counts')
})

t.test('to renew early helps as long as the CA sells it and the new certificate lives on the day', async (t) => {
  const chain = made()
  const early = (on: string, today: string): string | undefined =>
    waysOut(judgeLink({ chain, policy: peer('opensips'), on }), chain, today).find(({ way }) => /early/.test(way))
      ?.works
  t.equal(early('2027-03-15', '2027-02-28'), 'yes')
  t.equal(early('2027-03-15', '2027-03-01'), 'no', 'the CA has stopped')
  t.equal(early('2027-09-16', '2027-02-28'), 'no', 'it has ended by then')
})

t.test('the day on which a CA stops carries the mark of its source', async (t) => {
  const days = (change: Made): readonly string[] =>
    changesOf({ chain: made({ from: '2025-09-01', days: 398, ...change }), policy: peer('zoom') }).flatMap(
      ({ on, what }) => what.filter((each) => each.includes('clientAuth')).map((each) => `${on} ${each}`),
    )
  t.same(days({ rootName: 'USERTrust RSA Certification Authority', organization: 'Sectigo Limited' }), [
    '2025-10-14 Sectigo writes clientAuth only where it is asked for [G]',
  ])
  t.match(days({ rootName: 'GTS Root R1', organization: 'Google Trust Services' }), [
    /^2025-11-10 .*\[V, the source names the week\]$/,
    /^2026-04-13 .*\[V, the source names the week\]$/,
  ])
  t.match(days({ rootName: 'Amazon Root CA 1', organization: 'Amazon', from: '2027-03-01', days: 100 }), [
    /^2027-03-15 no CA in the store of Chrome/,
  ])
  t.match(days({ rootName: 'SSL.com Root Certification Authority RSA', organization: 'SSL Corporation' }), [
    /^2025-09-15 SSL\.com writes clientAuth no longer/,
  ])
})

t.test('a rule is as old as itself, not as the period that another rule began', async (t) => {
  const said = (on: string): string | undefined =>
    link('teams-direct-routing', on, { from: on, days: 100 })
      .directions.flatMap(({ checks }) => checks)
      .find(({ about }) => about === 'client-purpose')?.sentence
  t.match(said('2026-08-01'), /accepts that since 2025-12-12$/)
  t.match(said('2025-12-12'), /accepts that since 2025-12-12$/)
  t.match(said('2025-12-11'), /the peer demands it$/)
})
