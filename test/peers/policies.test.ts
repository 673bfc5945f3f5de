/** The files of the peers are data: each follows the schema, and no fact is without a mark. */
import t from 'tap'
import { findPeers, peerPolicies } from '../../src/peers/index.ts'
import { peerPolicySchema, periodOn } from '../../src/peers/policy.ts'
import { publicAuthorities } from '../../src/peers/programmes/authorities.ts'
import { publicRoots, rootEvents } from '../../src/peers/programmes/roots.ts'

for (const policy of peerPolicies)
  t.test(`${policy.name} follows the schema`, async (t) => {
    const { error } = peerPolicySchema.safeParse(policy)
    t.same(
      error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
      undefined,
    )
  })

t.test('the schema refuses what would be read as more than is known', async (t) => {
  const [first] = peerPolicies
  const period = first?.periods.at(-1)
  const wrong = (change: object): boolean => !peerPolicySchema.safeParse({ ...first, ...change }).success
  t.ok(wrong({ revocation: { value: 'unknown', mark: 'V', source: ['T1'] } }), 'unknown has the mark ?')
  t.ok(wrong({ revocation: { value: 'crl', mark: 'V', source: [] } }), 'the own text of a vendor has a source')
  t.ok(wrong({ revocation: { value: 'crl', mark: 'V', source: ['XX'] } }), 'a source is in the list')
  t.ok(wrong({ periods: [period, period] }), 'periods do not overlap')
  t.ok(wrong({ periods: [{ ...period, since: '2027-02-30' }] }), 'a day is in the calendar')
})

t.test('each day has one period', async (t) => {
  const [teams] = findPeers('teams-direct-routing')
  if (teams === undefined) throw new Error('Teams is on file')
  t.same(
    ['2010-01-01', '2024-03-18', '2024-03-19', '2025-12-11', '2025-12-12', '2040-01-01'].map(
      (day) => periodOn(teams, day)?.id,
    ),
    ['closed-list', 'g2', 'both-ekus', 'both-ekus', 'clarified', 'server-only'],
  )
})

t.test('a beginning finds a peer, an exact name comes first', async (t) => {
  const names = (name: string): readonly string[] => findPeers(name).map((policy) => policy.name)
  t.same(names('Zoom'), ['zoom-byoc-p'])
  t.same(names('teams-direct-routing'), ['teams-direct-routing'])
  t.equal(names('kamailio').length, 2)
  t.same(names('nobody'), [])
})

t.test('what policies and events name is on file', async (t) => {
  const roots = publicRoots.map(({ id }) => id)
  const authorities = publicAuthorities.map(({ id }) => id)
  const periods = peerPolicies.flatMap((policy) => policy.periods)
  const named = periods.flatMap(({ showsRoots: { value } }) => (value === 'unknown' ? [] : value))
  t.same(
    named.filter((id) => !roots.includes(id)),
    [],
  )
  const brands = periods.flatMap(({ issuers: { value } }) =>
    value !== 'unknown' && value.kind === 'authorities' ? value.authorities : [],
  )
  t.same(
    brands.filter((id) => !authorities.includes(id)),
    [],
  )
  t.same(
    rootEvents
      .filter(({ mechanism }) => mechanism !== 'revoked')
      .flatMap((event) => event.roots.filter((id) => !roots.includes(id))),
    [],
  )
})
