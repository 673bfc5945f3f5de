import t from 'tap'
import {
  checkReport,
  differences,
  ExpectError,
  htmlReport,
  junitReport,
  readExpectations,
} from '../../src/check/index.ts'
import type { CheckReport, Step } from '../../src/check/index.ts'
import { verdict } from '../../src/verdicts/codes.ts'

const step = (id: string, more: Partial<Step> = {}): Step => ({
  id,
  title: id,
  outcome: 'ok',
  code: 'ok',
  sentence: 'well',
  evidence: {},
  ms: 1,
  steps: [],
  ...more,
})

const expired = verdict('cert.expired', { found: 'ended <yesterday> & gone' })
const report: CheckReport = checkReport(
  'fe1',
  'communicator',
  new Date(0),
  [
    step('tcp'),
    step('certificate', {
      outcome: 'failed',
      code: 'cert.expired',
      sentence: 'expired \u0007<b>',
      verdict: expired,
      remedy: 'renew',
      evidence: { names: ['DNS:"x"'] },
    }),
    step('sip', { outcome: 'not-tried', code: 'not-tried', sentence: 'Not tried: no TLS.' }),
  ],
  expired,
  12,
)

t.test('a report lists what was not tried', async (t) => {
  t.same(report.notTried, [{ id: 'sip', because: 'Not tried: no TLS.' }])
})

t.test('expectations', async (t) => {
  t.test('that hold leave no difference', async (t) => {
    t.same(differences(readExpectations('check: cert.expired\ntcp: ok\nsip: not-tried\n', 'e.yaml'), report), [])
  })

  t.test('that do not hold are listed with what was found', async (t) => {
    t.same(differences(readExpectations('{"certificate": "ok", "login": "ok"}', 'e.json'), report), [
      { step: 'certificate', expected: 'ok', found: 'cert.expired' },
      { step: 'login', expected: 'ok', found: 'absent' },
    ])
  })

  for (const text of ['- a', 'certificate: 3', '', 'a: [', 'just text']) {
    t.test(`${JSON.stringify(text)} are none`, async (t) =>
      t.throws(() => readExpectations(text, 'e.yaml'), ExpectError),
    )
  }
})

t.test('a JUnit report', async (t) => {
  const xml = junitReport(report)

  t.test('counts failures and what was skipped', async (t) => {
    t.match(xml, /tests="3" failures="1" skipped="1"/)
  })

  t.test('holds no markup and no control character of a server', async (t) => {
    t.notMatch(xml, /<b>|\u0007|<yesterday>/)
    t.match(xml, /message="expired \uFFFD&lt;b&gt;"/)
  })
})

t.test('an HTML report', async (t) => {
  const html = htmlReport(report, 'siplab 0')

  t.test('says the answer and the remedy', async (t) => {
    t.match(html, /cert\.expired[\s\S]*What to do:/)
  })

  t.test('stands alone: no script and nothing to fetch', async (t) => {
    t.notMatch(html, /<script|src=|href="(?!#)|url\(|@import/)
  })

  t.test('holds no markup of a server', async (t) => {
    t.notMatch(html, /<b>(?!What)|<yesterday>|DNS:"x"/)
  })
})
