/** `siplab scenario run` with labs that really run: what holds, what does not, and what is written about it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { siplab } from '../support/command.ts'

t.test('scenarios of the catalogue hold, and their transcript says so', async (t) => {
  const folder = t.testdir({})
  const { status, stdout, stderr } = await siplab(
    [
      'scenario',
      'run',
      'expired-next-hop',
      'revoked-before-renewed',
      '--data',
      'labs',
      '--report',
      'junit',
      '--output',
      'out/report.xml',
      '--transcript',
      'run.jsonl',
    ],
    { cwd: folder, endsWithTest: true },
  )
  t.equal(status, 0, status === 0 ? 'it was played' : stderr)
  t.match(stdout, /expired-next-hop +passed[^]*revoked-before-renewed +passed[^]*2 passed, 0 failed, 0 skipped/)
  t.match(
    readFileSync(join(folder, 'out/report.xml'), 'utf8'),
    /<testsuite name="expired-next-hop" tests="\d+" failures="0"/,
  )
  const lines = readFileSync(join(folder, 'run.jsonl'), 'utf8')
  t.match(lines, /"node":"edge","logged":\[.*"flow\.refused cert\.expired"/)
  t.notMatch(lines, /\b[0-9a-f]{32}\b|127\.0\./, 'nothing that differs from run to run')
  t.ok(existsSync(join(folder, 'labs/expired-next-hop/nodes/edge/events.jsonl')), '--data keeps the labs')
})

t.test('an expectation that does not hold ends in status 1 and names file and line', async (t) => {
  const folder = t.testdir({
    'mine.yaml':
      'name: mine\nfamily: incident\ntopology: standard\nstory: Nothing happens.\nsteps:\n' +
      '  - expect: { node: se, state: ready }\n  - expect: { node: se, state: stopped }\n    within: 500ms\n',
  })
  const { status, stdout, stderr } = await siplab(['scenario', 'run', './mine.yaml', '--json'], {
    cwd: folder,
    endsWithTest: true,
  })
  t.equal(status, 1)
  t.match(
    stderr,
    /FAIL se is stopped[^]*mine\.yaml:7\n[^]*wanted se stopped\n[^]*found {2}se ready\n[^]*look at siplab events se/,
  )
  t.match(JSON.parse(stdout), {
    scenarios: [{ name: 'mine', outcome: 'failed', steps: [{ outcome: 'passed' }, { outcome: 'failed', line: 7 }] }],
  })
})

t.test('what cannot be played is wrong usage', async (t) => {
  const folder = t.testdir({
    'bad.yaml': 'name: bad\nfamily: time\ntopology: edge\nstory: x\nsteps:\n  - expects: 1\n',
  })
  t.match(await siplab(['scenario', 'run'], { cwd: folder }), {
    status: 2,
    stderr: /wanted the name of a scenario, or --all/,
  })
  t.match(await siplab(['scenario', 'run', 'nowhere'], { cwd: folder }), { status: 2, stderr: /found "nowhere"/ })
  t.match(await siplab(['scenario', 'run', './bad.yaml'], { cwd: folder }), { status: 2, stderr: /bad\.yaml:6: / })
})

t.test('the list names each with its family and story', async (t) => {
  const { status, stdout } = await siplab(['scenario', 'list', '--json'])
  t.equal(status, 0)
  const listed = JSON.parse(stdout) as readonly { readonly name: string }[]
  t.match(
    listed.find(({ name }) => name === 'trial-certificate-expiry'),
    { family: 'incident', topology: 'edge', steps: Number, story: /^The trial certificate/ },
  )
})
