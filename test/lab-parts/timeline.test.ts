import t from 'tap'
import { timeline, type TimelineCertificate } from '../../src/lab/renewal/timeline.ts'
import { loadTopology } from '../../src/topology/load.ts'
import { planLab } from '../../src/topology/plan.ts'

const dayMs = 86_400_000
const now = Date.parse('2026-06-01T00:00:00Z')

function listenerOf(node: string, days: number): TimelineCertificate {
  return {
    node,
    name: `${node}-listener`,
    references: ['listener', 'default-outgoing'],
    notBefore: now,
    notAfter: now + days * dayMs,
  }
}

t.test('the timeline of a lab', async (t) => {
  const plan = planLab(loadTopology('edge'))

  t.test('has the soonest end first', async (t) => {
    t.strictSame(
      timeline(plan, [listenerOf('fe1', 30), listenerOf('director', 10)], now).map(({ node }) => node),
      ['director', 'fe1'],
    )
  })

  t.test('names the listeners and links that stop with a certificate', async (t) => {
    const [entry] = timeline(plan, [listenerOf('fe1', 30)], now)
    t.match(entry?.listeners, [/^tls .*:5061$/, /^wss /])
    t.ok(['director->fe1', 'fe1->director'].every((link) => entry?.links.includes(link)))
    t.match(entry?.stops, [
      /users inside, director can no longer reach fe1 over TLS/,
      /fe1 can no longer reach director/,
      /the service on fe1 shuts down, and again at every later start/,
    ])
  })

  t.test('says from when on its node warns, by the profile', async (t) => {
    t.equal(timeline(plan, [listenerOf('fe1', 100)], now)[0]?.warnsAt, new Date(now + 67 * dayMs).toISOString())
  })

  t.test('tells that an unassigned certificate stops nothing', async (t) => {
    t.match(timeline(plan, [{ ...listenerOf('fe1', 30), references: [] }], now)[0], {
      listeners: [],
      links: [],
      stops: ['nothing: the certificate is not assigned'],
    })
  })

  t.test('follows the profile in what happens at the end', async (t) => {
    const later = planLab(loadTopology('edge-pool'))
    t.match(
      timeline(later, [listenerOf('fe1', 30)], now)[0]?.stops.at(-1),
      /open connections of fe1 stay, but its next start fails/,
    )
  })

  t.test('counts the announced lifetimes from the same beginning', async (t) => {
    t.strictSame(
      timeline(plan, [listenerOf('fe1', 30)], now)[0]?.lifetimes.map(({ days, notAfter, renewalsPerYear }) => [
        days,
        notAfter.slice(0, 10),
        renewalsPerYear,
      ]),
      [
        [398, '2027-07-04', 1],
        [200, '2026-12-18', 2],
        [100, '2026-09-09', 4],
        [47, '2026-07-18', 8],
      ],
    )
  })

  t.test('knows who hangs on an authority and on a revocation list', async (t) => {
    const [list, ca] = timeline(
      plan,
      [
        { kind: 'ca', name: 'public-issuing', organisation: 'lab.test', notBefore: now, notAfter: now + 100 * dayMs },
        { kind: 'crl', node: 'edge', name: 'internal-issuing', thisUpdate: now, nextUpdate: now + dayMs },
      ],
      now,
    )
    t.match(list, {
      kind: 'crl',
      node: 'edge',
      stops: ['edge refuses every peer whose chain leads through internal-issuing'],
    })
    t.match(ca, { kind: 'ca', stops: [/certificates of edge any more/, /its own certificate had expired/] })
  })
})
