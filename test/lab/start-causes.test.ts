/**
 * What ends a service at its start beside its certificate, each with the class of the configuration event; and the four
 * ways an own certificate may end.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { eventsOf } from '../support/events.ts'
import { withLab, type TestLab } from '../support/lab.ts'
import { until } from '../support/until.ts'

interface Outcome {
  readonly verdict?: { readonly code: string }
  readonly named: boolean
  readonly notes: readonly string[]
}

function topology(t: Test, text: string): string {
  const file = join(t.testdir(), 'lab.yaml')
  writeFileSync(file, text)
  return file
}

t.test('a lab under the rules of 2007', async (t) => {
  const lab = await withLab(
    t,
    topology(
      t,
      `
name: causes
about: An edge, a director and a front end under the rules of 2007.
profile: ocs2007
domain: lab.test
hosts:
  edge: { role: access-proxy, nextHop: director }
  director: { role: director }
  fe1: { role: front-end }
users: {}
`,
    ),
  )

  const causes: readonly (readonly [target: string, fault: string, code: string, className: string])[] = [
    ['store', 'down', 'store.unreachable', 'MSFT_SIPProxySetting'],
    ['store', 'corrupt', 'store.corrupt', 'MSFT_SIPProxySetting'],
    ['directory', 'down', 'directory.unreachable', 'MSFT_SIPESTrustedServerSetting'],
    ['fe1', 'local-corrupt', 'config.local-corrupt', 'MSFT_SIPRoutingSetting'],
    ['fe1', 'invalid-entry', 'config.invalid', 'MSFT_SIPRoutingTableData'],
    ['edge', 'duplicate-partner', 'config.duplicate-partner', 'MSFT_SIPFederationDirectPartnerTable'],
  ]
  for (const [target, fault, code, className] of causes) {
    t.test(`${target} ${fault} ends the start, and heal brings the nodes back`, async (t) => {
      const outcome = await lab.json<Outcome>('break', target, fault)
      t.match(outcome, { verdict: { code }, named: true })
      t.ok(
        outcome.notes.some((note) => note.includes(className)),
        `${outcome.notes.join('; ')} names ${className}`,
      )
      t.match(await lab.run('status'), { status: 1, stdout: /stopped .* exit 1/ })
      const { links } = await lab.json<{ readonly links: readonly { readonly state: string }[] }>('heal', target)
      t.same(
        links.filter(({ state }) => state !== 'up'),
        [],
      )
    })
  }

  t.test('what a file cannot show is refused, and leaves no note', async (t) => {
    t.match(await lab.run('break', 'store', 'permission'), { status: 1, stderr: /is a file and not a server/ })
    t.same(await lab.json('faults', 'list', '--on'), [])
  })

  t.test('die-at-start: the node lives on with a certificate that ended, and dies at its next start', async (t) => {
    await lab.json('certs', 'trial', 'fe1', '--valid', '10s', '--assign')
    await until(async () => (await eventsOf(lab, 'fe1')).some(({ event }) => event === 'certificate.ended'))
    t.equal(await stateOf(lab, 'fe1'), 'degraded')
    t.match(await lab.run('node', 'restart', 'fe1'), { status: 1 })
    const chain = (await eventsOf(lab, 'fe1')).slice(-4).map(({ event }) => event)
    t.same(chain, [
      'certificate.not-loaded',
      'configuration.not-retrieved',
      'service.stack-failed',
      'service.shut-down',
    ])
  })

  t.test('a revoked peer with a live link is told; the edge without its lists does not start', async (t) => {
    const held = await lab.json<
      readonly { readonly node: string; readonly certificate: { readonly serial: string } }[]
    >('certs', 'list')
    const serial = held.find(({ node }) => node === 'director')?.certificate.serial ?? ''
    await lab.run('certs', 'revoke', serial)
    t.match(
      (await eventsOf(lab, 'edge')).filter(({ event }) => event === 'certificate.link-outlived'),
      [{ verdict: { code: 'cert.revoked' }, data: { serial, then: 'kept' } }],
    )
    await lab.run('node', 'stop', 'pki')
    t.match(await lab.run('node', 'restart', 'edge'), { status: 1 })
    t.match((await eventsOf(lab, 'edge')).at(-1), { event: 'service.shut-down', verdict: { code: 'crl.unreachable' } })
  })
})

t.test('a lab whose nodes end in different ways', async (t) => {
  const lab = await withLab(
    t,
    topology(
      t,
      `
name: ends
about: Each node ends in its own way.
profile: lcs2005
domain: lab.test
hosts:
  edge: { role: access-proxy, nextHop: director, whenOwnCertificateEnds: warn }
  director: { role: director, whenOwnCertificateEnds: drain }
  fe1: { role: front-end, whenOwnCertificateEnds: die }
users: {}
`,
    ),
  )

  for (const node of ['edge', 'director', 'fe1'])
    await lab.json(
      'certs',
      'trial',
      node,
      '--valid',
      '10s',
      '--assign',
      ...(node === 'edge' ? ['--reference', 'edge-internal'] : []),
    )

  t.test('die: it shuts down at the moment, with the chain of four', async (t) => {
    t.match(await lab.change((change) => change.event === 'node-stopped' && change.node === 'fe1'), {
      exit: 1,
      verdict: { code: 'cert.expired' },
    })
    t.equal((await eventsOf(lab, 'fe1')).at(-1)?.event, 'service.shut-down')
  })

  t.test('drain: links of the certificate are closed, the node stays', async (t) => {
    await until(async () =>
      (await eventsOf(lab, 'director')).some(
        ({ event, data }) => event === 'certificate.ended' && data?.['then'] === 'drain',
      ),
    )
    t.equal(await stateOf(lab, 'director'), 'degraded')
  })

  t.test('warn: it says so, and starts again all the same', async (t) => {
    await until(async () =>
      (await eventsOf(lab, 'edge')).some(
        ({ event, data }) => event === 'certificate.ended' && data?.['then'] === 'warn',
      ),
    )
    t.match(await lab.run('node', 'restart', 'edge'), { status: 0 })
  })
})

/** With something degraded, `siplab status` answers and ends with 1. */
async function stateOf(lab: TestLab, node: string): Promise<string | undefined> {
  const { stdout } = await lab.run('status', '--json')
  const { nodes } = JSON.parse(stdout) as {
    readonly nodes: readonly { readonly name: string; readonly state: string }[]
  }
  return nodes.find(({ name }) => name === node)?.state
}
