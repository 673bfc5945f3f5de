import { fc } from '../support/property.ts'
import t from 'tap'
import type { Connected } from '../../src/survey/connect.ts'
import {
  compareSurveys,
  existingGround,
  GroundError,
  openGround,
  planTrials,
  goodPresenter,
} from '../../src/survey/index.ts'
import { readSurveyExpectations, surveyByDialling, SurveyExpectError, surveySchema } from '../../src/survey/index.ts'
import {
  surveyJunit,
  adviceOn,
  surveyHtml,
  surveyName,
  totalsOf,
  unmetBy,
  type Survey,
} from '../../src/survey/index.ts'
import { settingFor, stackNames } from '../../src/survey/settings.ts'
import { remedyFor } from '../../src/explain/remedy.ts'
import { parameterName, stacks } from '../../src/peers/stacks/index.ts'
import { runInProcess } from '../support/cli.ts'
import { ownFolder } from '../support/own-folder.ts'

const now = Date.now()
const ground = openGround(ownFolder(t), now)
const side = { ground, side: 'client', name: surveyName, crls: false } as const

/** A clock that moves only where it is paused. */
function stillClock() {
  let at = 0
  return {
    now: () => at,
    wall: () => now + at,
    pause: async (ms: number) => void (at += ms),
    forward: (ms: number) => void (at += ms),
  }
}

const ok: Connected = { asked: true, seen: { kind: 'sip', status: 200, line: '200 OK' }, product: 'kamailio (5.6.3)' }
const alert48: Connected = {
  asked: true,
  seen: { kind: 'ended', during: 'talk', alert: 48, reset: false, words: 'unknown ca' },
}

interface Played {
  readonly answer: (certificate: string, nth: number) => Connected
  readonly only?: readonly string[]
  readonly connections?: number
  readonly seconds?: number
  readonly paceMs?: number
  readonly eachMs?: number
}

async function played({ answer, only, connections = 400, seconds = 900, paceMs = 200, eachMs = 10 }: Played) {
  const clock = stillClock()
  const starts: number[] = []
  let open = 0
  let mostOpen = 0
  const survey = await surveyByDialling({
    target: 'pbx.test:5061',
    planned: planTrials({ ...side, ...(only === undefined ? {} : { only }) }),
    good: (at) => goodPresenter(side, at),
    bounds: { connections, seconds, paceMs },
    clock,
    signal: new AbortController().signal,
    siplab: 'siplab test',
    connect: async ({ presenter }) => {
      starts.push(clock.now())
      open += 1
      mostOpen = Math.max(mostOpen, open)
      await Promise.resolve()
      clock.forward(eachMs)
      open -= 1
      return answer(String(presenter.certificate ?? ''), starts.length)
    },
  })
  return { survey, starts, mostOpen }
}

t.test('a server that accepts everything is named with each fault, the critical ones first', async (t) => {
  const { survey } = await played({ answer: () => ok, only: ['self-signed', 'no-eku', 'expired'] })
  const advice = adviceOn(survey, undefined)
  t.strictSame(
    advice.map(({ fault, severity, versions }) => [fault, severity, versions.length]),
    [
      ['expired', 'critical', 2],
      ['self-signed', 'critical', 2],
      ['no-eku', 'remark', 2],
    ],
  )
  t.match(advice[0]?.setting, { setting: /verify_certificate/ }, 'by the product that answered')
  t.ok(advice[1]?.peers.length, 'peers on file would mind')
  t.equal(survey.stopped, undefined)
  t.ok(surveySchema.safeParse(survey).success, 'it fits its schema')
})

t.test('an answer of another status than for the good certificate is a refusal in SIP', async (t) => {
  const { survey } = await played({
    only: ['client-wrong-name'],
    answer: (_certificate, nth) =>
      nth % 3 === 2 ? { asked: true, seen: { kind: 'sip', status: 403, line: '403 Forbidden' } } : ok,
  })
  t.match(survey.trials, [{ outcome: { kind: 'refused', by: 'answer' } }, { outcome: { kind: 'refused' } }])
})

t.test('a good certificate that is refused at the beginning stops the survey', async (t) => {
  const { survey } = await played({ answer: () => alert48, only: ['expired'] })
  t.match(survey.stopped, /the good certificate was not accepted under TLS 1\.2: unknown ca/)
  t.equal(survey.trials.length, 0)
})

t.test('what no later good certificate confirms is unclear', async (t) => {
  const { survey } = await played({ answer: (_certificate, nth) => (nth === 1 ? ok : alert48), only: ['expired'] })
  t.match(survey.trials, [{ fault: 'expired', outcome: { kind: 'unclear', words: /no good certificate/ } }])
  t.match(survey.stopped, /not accepted/)
})

t.test('a server that asks for no client certificate is told as such', async (t) => {
  const { survey } = await played({ answer: () => ({ ...ok, asked: false }), only: ['expired'] })
  t.match(survey.stopped, /asks for no client certificate/)
})

t.test('what needs another trust list or CRL cannot be tried, with the reason', async (t) => {
  const { survey } = await played({ answer: () => ok, only: ['revoked', 'expired-root', 'trust-list-empty'] })
  t.equal(survey.stopped, undefined)
  const words = survey.trials.map(({ outcome }) => `${outcome.kind}: ${outcome.words}`)
  t.ok(
    words.every((text) => text.startsWith('cannot: it ')),
    words.join('\n'),
  )
})

t.test('whatever the bounds, one connection at a time, not more, not longer and not faster', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        connections: fc.integer({ min: 1, max: 60 }),
        seconds: fc.integer({ min: 1, max: 20 }),
        paceMs: fc.integer({ min: 50, max: 2000 }),
        eachMs: fc.integer({ min: 0, max: 3000 }),
      }),
      async (bounds) => {
        const { starts, mostOpen } = await played({ ...bounds, answer: () => ok, only: ['expired', 'no-eku', 'p384'] })
        const gaps = starts.slice(1).map((start, at) => start - (starts[at] ?? 0))
        return (
          mostOpen === 1 &&
          starts.length <= bounds.connections &&
          starts.every((start) => start < bounds.seconds * 1000) &&
          gaps.every((gap) => gap >= bounds.paceMs)
        )
      },
    ),
    { numRuns: 40 },
  )
})

t.test('two surveys are compared: what is accepted now is worse', async (t) => {
  const strict = (certificate: string, nth: number): Connected => (certificate === '' || nth % 3 === 2 ? alert48 : ok)
  const { survey: before } = await played({ answer: strict, only: ['self-signed'] })
  const { survey: after } = await played({ answer: () => ok, only: ['self-signed'] })
  t.match(compareSurveys(before, after), { worse: [{ fault: 'self-signed' }, {}], better: [], same: 0 })
  t.match(compareSurveys(after, before), { worse: [], better: [{}, {}] })
})

t.test('expectations name faults, versions and counts', async (t) => {
  const { survey } = await played({ answer: () => ok, only: ['expired'] })
  t.strictSame(unmetBy(survey, readSurveyExpectations('expired: accepted\ncritical: 2', 'x')), [])
  t.match(unmetBy(survey, readSurveyExpectations('expired/1.3: refused\ncritical: 0', 'x')), [
    { what: 'expired/1.3', found: 'accepted' },
    { what: 'critical', found: '2' },
  ])
  t.throws(() => readSurveyExpectations('expird: refused', 'x'), SurveyExpectError)
  t.throws(() => readSurveyExpectations('', 'x'), SurveyExpectError)
})

t.test('JUnit fails for critical faults, HTML escapes what the server wrote', async (t) => {
  const { survey } = await played({ answer: () => ok, only: ['expired', 'no-eku', 'revoked'] })
  const odd: Survey = { ...survey, product: '<script>' }
  t.match(surveyJunit(survey, adviceOn(survey, undefined)), /failures="2"/)
  t.notMatch(surveyHtml(odd, []), /<script>/)
  t.match(totalsOf(survey), { accepted: { critical: 2, remark: 2 }, outcomes: { cannot: 2 } })
})

t.test('a survey without a root says how to make one', async (t) => {
  t.throws(() => existingGround(ownFolder(t), now), GroundError)
})

t.test('survey dial wants the word of the operator before anything else', async (t) => {
  const { status, err } = await runInProcess(['survey', 'dial', '127.0.0.1:9'])
  t.equal(status, 2)
  t.match(err, /--i-operate-this-server/)
})

t.test('survey root prints steps to install and to remove', async (t) => {
  const { status, out } = await runInProcess(['survey', 'root', '--json', '--root', ownFolder(t)])
  t.equal(status, 0)
  const { steps } = JSON.parse(out)
  t.ok(
    steps.every((each: { install: unknown[]; remove: unknown[] }) => each.install.length > 0 && each.remove.length > 0),
  )
})

t.test('beside a setting stands how sure it is and where it was found', async (t) => {
  const cases = [
    ['stunnel', 'cert.name-mismatch', 'documented', 'checkHost = NAME', 'https://www.stunnel.org/static/stunnel.html'],
    [
      'kamailio',
      'cert.revoked',
      'documented',
      'crl = FILE in tls.cfg',
      'https://www.kamailio.org/docs/modules/5.6.x/modules/tls.html',
    ],
    [
      'python',
      'cert.name-mismatch',
      'tested',
      'check_hostname = True',
      'https://docs.python.org/3.11/library/ssl.html',
    ],
    ['baresip', 'crl.expired', 'not documented', undefined, /baresip/],
    ['java', 'cert.name-not-allowed', 'not looked up', /getPeerPrincipal/, undefined],
  ] as const
  for (const [stack, verdict, confidence, setting, source] of cases)
    t.match(settingFor(stack, verdict, 'server'), { confidence, setting, source }, `${stack}: ${verdict}`)
})

t.test('a setting and a remedy name the same parameter', async (t) => {
  for (const { name, title, keeps, closes } of stacks) {
    if (keeps === undefined || !stackNames.includes(name) || closes.revocation?.set !== undefined) continue
    const { setting } = settingFor(name, 'crl.expired', 'server') ?? {}
    const [first = ''] = parameterName(keeps.crl).split(/[ ,]/)
    t.ok(setting === undefined || setting.includes(first), `${title}: ${setting}`)
    t.notMatch(setting ?? '', /[{}]/)
    t.match(remedyFor('crl.expired', 'us', title), new RegExp(RegExp.escape(parameterName(keeps.crl))))
  }
})
