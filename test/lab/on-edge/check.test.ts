/** The check against a running lab, as a person would run it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { CheckReport, LinkResult } from '../../../src/check/index.ts'
import { allSteps } from '../../../src/check/index.ts'
import { sharedLab } from '../../support/lab.ts'
import { siplab } from '../../support/command.ts'

t.test('siplab check in the default lab', async (t) => {
  const lab = await sharedLab('edge')
  const codes = (report: CheckReport): Readonly<Record<string, string>> =>
    Object.fromEntries(allSteps(report.steps).map(({ id, code }) => [id, code]))

  t.test('walks from a node name to the first SIP answer', async (t) => {
    const report = await lab.json<CheckReport>('check', 'fe1')
    t.match(
      [report.ok, codes(report)],
      [
        true,
        {
          discovery: 'ok',
          tcp: 'ok',
          tls: 'ok',
          'client-certificate': 'ok',
          'sip.options': 'ok',
          'sip.keep-alive': 'ok',
        },
      ],
    )
  })

  t.test('signs a user in, and no password stands in the report', async (t) => {
    const { status, stdout, stderr } = await lab.run('check', 'sip:alice@lab.test', '--login', '--probe', '--json')
    t.match(
      [status, codes(JSON.parse(stdout) as CheckReport)],
      [
        0,
        {
          'login.register': 'ok',
          'login.message': 'ok',
          'login.call': 'ok',
          'login.sign-out': 'ok',
          'probe.password': 'ok',
        },
      ],
    )
    t.notMatch(stdout + stderr, /alice-2005|bob-2005/)
  })

  t.test('takes the password from the environment first, and says when it is wrong', async (t) => {
    const { status, stdout, stderr } = await siplab(
      ['check', 'sip:alice@lab.test', '--login', '--json', '--data', lab.data],
      { environment: { SIPLAB_PASSWORD: 'a wrong one' } },
    )
    t.match(
      [status, codes(JSON.parse(stdout) as CheckReport)],
      [1, { 'login.register': 'auth.refused', 'login.message': 'not-tried' }],
    )
    t.notMatch(stdout + stderr, /a wrong one/)
  })

  t.test('dials as a node: the director reaches the edge, the front end does not', async (t) => {
    const [director, frontEnd] = [
      await lab.run('check', 'edge', '--as', 'director', '--json'),
      await lab.run('check', 'edge', '--as', 'fe1', '--json'),
    ]
    t.match(
      [director.status, frontEnd.status, (JSON.parse(frontEnd.stdout) as CheckReport).code],
      [0, 1, 'tls.peer-refused'],
    )
  })

  t.test('a host and port that the lab printed are found by the DNS of the lab', async (t) => {
    const { status, stdout } = await lab.run('check', 'sip.lab.test:10443', '--json')
    t.match([status, (JSON.parse(stdout) as CheckReport).ok], [0, true])
  })

  t.test('speaks SIP over WebSocket with the front end', async (t) => {
    const { status, stdout } = await lab.run('check', 'fe1', '--transport', 'wss', '--json')
    t.match([status, codes(JSON.parse(stdout) as CheckReport)], [0, { 'sip.options': 'ok', 'sip.keep-alive': 'ok' }])
  })

  t.test('finds the borders of the edge kept', async (t) => {
    const asked = ['sip.lab.test:10443', '--probe-borders', '--i-operate-this-server']
    const { stdout } = await lab.run('check', ...asked, '--json')
    t.match(codes(JSON.parse(stdout) as CheckReport), {
      'borders.relay': 'ok',
      'borders.dialog': 'ok',
      'borders.identity': 'ok',
      'borders.udp': 'ok',
    })
  })

  t.test('finds every link as planned', async (t) => {
    const { ok, links } = await lab.json<{ readonly ok: boolean; readonly links: readonly LinkResult[] }>(
      'check',
      '--matrix',
    )
    t.match(
      [
        ok,
        links.find(({ from, to }) => from === 'director' && to === 'fe1')?.seen,
        links.find(({ from, to }) => from === 'fe1' && to.startsWith('edge'))?.seen,
      ],
      [true, 'allowed', 'refused'],
    )
  })

  t.test('refuses to flood', async (t) => {
    t.match(await lab.run('check', '--matrix', '--parallel', '50'), { status: 2, stderr: /does not flood a server/ })
  })

  t.test('finds the names right, inside and outside', async (t) => {
    t.match(await lab.json<CheckReport>('check', 'lab.test', '--names'), { ok: true })
  })

  t.test('fails where a domain has no record at all', async (t) => {
    t.match(await lab.run('check', 'nothere.test', '--names'), { status: 1 })
  })

  t.test('finds a name of the lab that comes with a port', async (t) => {
    const listener = lab.node('edge').listeners.find(({ port }) => port === 10443)
    const report = await lab.json<CheckReport>('check', 'sip.lab.test:10443')
    t.match(allSteps(report.steps).find(({ id }) => id === 'tcp')?.sentence, `${listener?.address ?? ''}:10443`)
  })

  t.test('a typing mistake that a running node finds is wrong usage', async (t) => {
    for (const words of [
      ['assign', 'fe1', 'listner', 'fe1-listener'],
      ['assign', 'fe1', 'listener', 'nosuch'],
    ])
      t.match(await lab.run(...words), { status: 2, stderr: /wanted|holds no certificate/ }, words.join(' '))
  })

  t.test('holds what it finds against a file', async (t) => {
    const file = join(t.testdir(), 'expect.yaml')
    writeFileSync(file, 'check: ok\ntls: tls.alert\n')
    t.match(await lab.run('check', 'fe1', '--expect', file), {
      status: 1,
      stderr: /not as expected tls: wanted tls\.alert, found ok/,
    })
  })

  t.test('writes a report', async (t) => {
    const file = join(t.testdir(), 'report.html')
    const { status } = await lab.run('check', 'fe1', '--report', 'html', '--output', file)
    t.match([status, readFileSync(file, 'utf8')], [0, /<title>fe1: all well<\/title>/])
  })

  t.test('names an SRV record that leads out of the domain', async (t) => {
    await lab.run('break', 'dns', 'wrong-target')
    const [names, walk] = [
      await lab.run('check', 'lab.test', '--names', '--json'),
      await lab.run('check', 'sip:alice@lab.test', '--json'),
    ]
    await lab.run('heal', 'dns')
    t.match(
      [names, walk].map(({ status, stdout }) => [status, (JSON.parse(stdout) as CheckReport).code]),
      [
        [1, 'dns.srv-outside-domain'],
        [1, 'dns.srv-outside-domain'],
      ],
    )
  })

  t.test('names a certificate that has expired', async (t) => {
    await lab.run('break', 'fe1', 'expired', '--as', 'server')
    const { status, stdout } = await lab.run('check', 'fe1', '--json')
    await lab.json('heal', 'fe1')
    t.match([status, (JSON.parse(stdout) as CheckReport).code], [1, 'cert.expired'])
  })
})

t.test('siplab check without a lab', async (t) => {
  const cwd = t.testdir()

  t.test('says what is wanted', async (t) => {
    t.match(await siplab(['check'], { cwd }), { status: 2, stderr: /nothing to check/ })
  })

  t.test('says what is no target', async (t) => {
    t.match(await siplab(['check', 'a b'], { cwd }), { status: 2, stderr: /is no target/ })
  })

  t.test('needs a lab for --matrix and --as', async (t) => {
    t.match(
      [await siplab(['check', '--matrix'], { cwd }), await siplab(['check', '127.0.0.1:1', '--as', 'fe1'], { cwd })],
      [{ status: 2 }, { status: 2 }],
    )
  })

  t.test('reaches nobody and says so', async (t) => {
    t.match(await siplab(['check', '127.0.0.1:1', '--json'], { cwd }), { status: 1, stdout: /"code":"link\.refused"/ })
  })
})
