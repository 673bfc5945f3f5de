/** The page that Prometheus reads, for one target. */
import t from 'tap'
import { checkReport, type CheckReport, type Step } from '../../src/check/index.ts'
import { checkMetrics } from '../../src/metrics/check-metrics.ts'
import { exposition } from '../../src/metrics/exposition.ts'
import { verdict } from '../../src/verdicts/codes.ts'

const now = Date.UTC(2026, 10, 29)
const dayMs = 86_400_000
const inDays = (days: number): string => new Date(now + days * dayMs).toISOString()

const step = (id: string, more: Partial<Step>): Step => ({
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

const steps = [
  step('own-certificate', { evidence: { path: ['CN=me'], pathUntil: [inDays(5)] } }),
  step('tls', { evidence: { handshakeMs: 12.5 } }),
  step('certificate', { evidence: { path: ['CN=sbc', 'CN="root"\n'], pathUntil: [inDays(-1), inDays(30.5)] } }),
  step('sip', { steps: [step('sip.options', { ms: 40 })] }),
]
const expired = verdict('cert.expired')
const report: CheckReport = checkReport('sbc:5061', 'sbc', new Date(now), steps, expired, 80)

const page = async (...results: Parameters<typeof checkMetrics>[0]): Promise<string> =>
  (await exposition(checkMetrics(results, now))).text

t.test('every certificate of the chain and our own has its days left', async (t) => {
  const text = await page({ target: 'sbc:5061', report })
  t.match(text, 'siplab_certificate_days_left{target="sbc:5061",whose="theirs",position="0",subject="CN=sbc"} -1\n')
  t.match(text, 'whose="theirs",position="1",subject="CN=\\"root\\"\\n"} 30.5\n')
  t.match(text, 'siplab_certificate_days_left{target="sbc:5061",whose="ours",position="0",subject="CN=me"} 5\n')
})

t.test('the verdict is a label, and handshake and OPTIONS have their time', async (t) => {
  const text = await page({ target: 'sbc:5061', report })
  t.match(text, 'siplab_check_ok{target="sbc:5061"} 0\n')
  t.match(text, 'siplab_check_verdict{target="sbc:5061",code="cert.expired"} 1\n')
  t.match(text, 'siplab_check_handshake_seconds{target="sbc:5061"} 0.0125\n')
  t.match(text, 'siplab_check_options_seconds{target="sbc:5061"} 0.04\n')
})

t.test('a target that was not checked yet is not on the page, one that could not be checked is', async (t) => {
  const text = await page({ target: 'a' }, { target: 'b', error: 'me.key is gone' })
  t.notMatch(text, 'target="a"')
  t.match(text, 'siplab_check_ok{target="b"} 0\n')
  t.match(text, 'siplab_check_verdict{target="b",code="check.not-done"} 1\n')
})
