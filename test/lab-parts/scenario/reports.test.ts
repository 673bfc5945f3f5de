import t from 'tap'
import { htmlReport } from '../../../src/lab/scenario/report-html.ts'
import { junitReport } from '../../../src/lab/scenario/report-junit.ts'
import { nodeBands } from '../../../src/lab/scenario/report-lanes.ts'
import type { ScenarioResult } from '../../../src/lab/scenario/run.ts'
import { transcript } from '../../../src/lab/scenario/transcript.ts'
import type { NodeEvent } from '../../../src/node/control/control-api.ts'

const serial = '0123456789abcdef0123456789abcdef'

function event(node: string, name: string, rest: Partial<NodeEvent> = {}): NodeEvent {
  return {
    seq: 1,
    time: '2026-01-01T00:00:00.000Z',
    node,
    event: name,
    level: 'info',
    message: 'It <happened>',
    ...rest,
  }
}

const result: ScenarioResult = {
  name: 'one',
  story: 'A & B',
  family: 'time',
  topology: 'edge',
  lab: 'local',
  outcome: 'failed',
  startedAt: '2026-01-01T00:00:00.000Z',
  tookMs: 4200,
  steps: [
    { line: 7, kind: 'say', text: 'Once', outcome: 'passed', atMs: 0, tookMs: 0 },
    { line: 8, kind: 'do', text: `siplab assign fe1 listener ${serial}`, outcome: 'passed', atMs: 10, tookMs: 20 },
    {
      line: 9,
      kind: 'expect',
      text: 'fe1 is "stopped"',
      outcome: 'failed',
      atMs: 40,
      tookMs: 4000,
      wanted: 'fe1 stopped',
      found: `<script> ${serial} at 127.0.41.11:5061, 3 d ago\u0001`,
    },
    { line: 10, kind: 'do', text: 'siplab mtls fe1 off', outcome: 'skipped', atMs: 4040, tookMs: 0 },
  ],
  events: [
    { atMs: 5, event: event('fe1', 'service.starting') },
    { atMs: 9, event: event('fe1', 'service.ready') },
    {
      atMs: 30,
      event: event('fe1', 'certificate.ended', {
        level: 'error',
        verdict: { code: 'cert.expired', message: 'It ended' },
      }),
    },
    {
      atMs: 31,
      event: event('fe1', 'certificate.ended', {
        level: 'error',
        verdict: { code: 'cert.expired', message: 'It ended' },
      }),
    },
  ],
  stops: [{ atMs: 50, node: 'fe1', how: 'exit 1' }],
  variables: { serial },
  nodes: [{ name: 'fe1', role: 'front-end', fqdn: 'fe1.lab.test' }],
}

t.test('JUnit has a case for each step that does or expects something', async (t) => {
  const xml = junitReport([result])
  t.match(xml, /<testsuites name="siplab scenarios" tests="3" failures="1"/)
  t.match(
    xml,
    /<testcase classname="one" name="line 9: fe1 is &quot;stopped&quot;" time="4\.000"><failure message="wanted fe1 stopped">found: &lt;script&gt;/,
  )
  t.match(xml, /<skipped\/>/)
  t.notMatch(xml, '\u0001', 'no character that XML has no place for')
})

t.test('a scenario that was skipped is one skipped case', async (t) => {
  t.match(
    junitReport([{ ...result, steps: [], outcome: 'skipped', because: 'libfaketime is missing' }]),
    /tests="1" failures="0" skipped="1"/,
  )
})

t.test('the page shows what was wanted and found, and escapes it', async (t) => {
  const page = htmlReport([result], '2026-01-01T00:00:00.000Z')
  t.match(page, /<dd>fe1 stopped<\/dd>/)
  t.match(page, /&lt;script&gt;/)
  t.notMatch(page, /<script/)
  t.notMatch(page, /https?:\/\//, 'it needs nothing from elsewhere')
  t.match(page, /<svg .*Timeline of one/)
})

t.test('a lane shows when a node started, was ready and ended', async (t) => {
  t.strictSame(nodeBands('fe1', result, 100), [
    { fromMs: 5, toMs: 9, state: 'starting' },
    { fromMs: 9, toMs: 50, state: 'ready' },
    { fromMs: 50, toMs: 100, state: 'stopped' },
  ])
})

t.test('a transcript has no time, serial or address in it, and each event once', async (t) => {
  const lines = transcript(result)
  t.match(lines[2], { kind: 'step', text: 'siplab assign fe1 listener <serial 1>' })
  t.match(lines[3], { kind: 'step', outcome: 'failed', found: /^<script> <serial 1> at <address>, <span> ago/ })
  t.strictSame(lines.at(-1), { kind: 'node', scenario: 'one', node: 'fe1', logged: ['certificate.ended cert.expired'] })
})
