import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { summarise } from '../../src/certificates/summary.ts'
import { faultPki } from '../../src/faults/catalogue/fault-pki.ts'
import { countJoined, joinEvents, joinViews, openJoiner } from '../../src/lab/join.ts'
import type { ConnectionEvent } from '../../src/lab/join.ts'
import type { Verdict } from '../../src/verdicts/verdict.ts'
import { verdict } from '../../src/verdicts/codes.ts'
import type { VerdictCode } from '../../src/verdicts/codes.ts'

const connection = '127.0.41.21:40312>127.0.41.11:5061'

const leaf = summarise(new X509Certificate(faultPki({ now: Date.parse('2026-01-02T00:00:00Z') }).leaf().pem).raw)

function view(
  node: string,
  code: VerdictCode,
  direction: 'outgoing' | 'incoming',
  change: Partial<ConnectionEvent> = {},
): ConnectionEvent {
  return {
    seq: 1,
    time: '2026-03-01T12:00:00.000Z',
    node,
    event: 'flow.refused',
    level: 'warn',
    message: '',
    connection,
    verdict: verdict(code, { node, direction }),
    ...change,
  }
}

t.test('the silent TLS 1.3 refusal names its cause, the peer and the remedy', async (t) => {
  const joined = joinViews([view('director', 'tls.peer-refused', 'outgoing'), view('fe1', 'cert.expired', 'incoming')])
  t.match(joined, {
    code: 'cert.expired',
    node: 'fe1',
    link: 'director->fe1',
    direction: 'incoming',
    fix: /certs renew director/,
  })
  t.match(joined.others, [{ code: 'tls.peer-refused', node: 'director' }])
})

t.test('the mirror image under TLS 1.2 joins the same way', async (t) => {
  const joined = joinViews([view('fe1', 'link.reset', 'incoming'), view('director', 'cert.name-mismatch', 'outgoing')])
  t.match(joined, { code: 'cert.name-mismatch', node: 'director', link: 'director->fe1', direction: 'outgoing' })
})

t.test('of two causes the first is the verdict and the other stands beside it', async (t) => {
  const joined = joinViews([view('director', 'cert.expired', 'outgoing'), view('fe1', 'cert.revoked', 'incoming')])
  t.match([joined.code, ...(joined.others ?? []).map(({ code }) => code)], ['cert.expired', 'cert.revoked'])
})

t.test('the end that refused has judged, whichever end wrote first', async (t) => {
  const code = 'tls.client-cert-missing'
  const told = view('director', code, 'outgoing', {
    verdict: { ...verdict(code, { node: 'director', direction: 'outgoing' }), whoRefused: 'them' },
  })
  const judged = view('edge', code, 'incoming')
  t.match([joinViews([told, judged]).node, joinViews([judged, told]).node], ['edge', 'edge'])
})

t.test('ends that disagree on the time name the clock', async (t) => {
  const joined = joinViews([
    view('director', 'cert.expired', 'outgoing', { time: '2026-04-01T12:00:00.000Z' }),
    view('fe1', 'link.reset', 'incoming'),
  ])
  t.match(joined.others?.at(-1), { code: 'clock.skew', found: /director says 2026-04-01.*2678400 s apart/ })
})

t.test('a certificate that is valid by the clock of the other end is not to blame', async (t) => {
  const judge = (notAfter: string): ConnectionEvent =>
    view('director', 'cert.expired', 'outgoing', {
      time: '2026-04-01T12:00:00.000Z',
      verdict: verdict('cert.expired', {
        node: 'director',
        link: 'director->fe1',
        direction: 'outgoing',
        certificate: { ...leaf, notAfter },
      }),
    })
  const joined = (notAfter: string): Verdict => joinViews([judge(notAfter), view('fe1', 'link.reset', 'incoming')])
  t.match(joined('2026-03-31T00:00:00Z'), {
    code: 'clock.skew',
    fix: 'set both clocks right: siplab clock director +0s; siplab clock fe1 +0s',
    others: [{ code: 'cert.expired' }],
  })
  t.equal(joined('2026-02-01T00:00:00Z').code, 'cert.expired', 'it has ended by both clocks')
})

t.test('one end alone is a verdict too', async (t) => {
  t.match(joinViews([view('edge', 'tls.client-cert-missing', 'incoming')]), {
    code: 'tls.client-cert-missing',
    node: 'edge',
  })
})

t.test('events of all nodes give one verdict for each connection', async (t) => {
  const other = { connection: '127.0.41.31:1>127.0.41.21:5061' }
  const events = [
    view('director', 'tls.peer-refused', 'outgoing'),
    view('edge', 'cert.revoked', 'outgoing', other),
    view('fe1', 'cert.expired', 'incoming'),
  ]
  t.strictSame(
    joinEvents(events).map(({ code }) => code),
    ['cert.expired', 'cert.revoked'],
  )
})

t.test('a dial that came to no connection is a verdict of its own, each time', async (t) => {
  const { connection: _none, ...dial } = view('fe1', 'link.cut', 'outgoing', { event: 'flow.lost' })
  t.strictSame(
    joinEvents([dial, { ...dial, seq: 2 }, { ...dial, seq: 3, event: 'link.down' }]).map(({ code }) => code),
    ['link.cut', 'link.cut'],
  )
})

t.test('verdicts that repeat are counted as one, with their first and last time', async (t) => {
  const { connection: _none, ...dial } = view('fe1', 'link.cut', 'outgoing', { event: 'flow.lost' })
  const events = [dial, { ...dial, seq: 2 }, { ...dial, seq: 3, time: '2026-12-01T00:00:00.000Z' }]
  t.match(countJoined(events), [
    { verdict: { code: 'link.cut' }, first: dial.time, last: '2026-12-01T00:00:00.000Z', count: 3 },
  ])
})

t.test('the joiner gives out at the latest when it is asked to', async (t) => {
  const given: Verdict[] = []
  const joiner = openJoiner((verdict) => given.push(verdict))
  joiner.add(view('director', 'tls.peer-refused', 'outgoing'))
  joiner.add(view('fe1', 'cert.expired', 'incoming'))
  joiner.add({ ...view('fe1', 'cert.expired', 'incoming'), verdict: undefined } as never)
  t.strictSame(given, [])
  joiner.flush()
  t.match(given, [{ code: 'cert.expired', link: 'director->fe1' }])
})
