/**
 * One fault of each family through a running lab, on the command line; scripts/faults-live.ts takes them all through
 * one.
 */
import t from 'tap'
import { PhoneError } from '../../src/phone/index.ts'
import { withLab, type TestLab } from '../support/lab.ts'
import { phoneOf } from '../support/phones.ts'
import { until } from '../support/until.ts'

interface Outcome {
  readonly verdict?: {
    readonly code: string
    readonly link?: string
    readonly node?: string
    readonly certificate?: { readonly serial: string; readonly serialReversed: string }
    readonly others?: readonly { readonly code: string }[]
  }
  readonly named: boolean
  readonly restarted: boolean
  readonly views: readonly { readonly node: string; readonly verdict: { readonly code: string } }[]
  readonly links: readonly { readonly from: string; readonly to: string; readonly state: string }[]
  readonly remarks: readonly { readonly code: string }[]
  readonly notes: readonly string[]
}

async function broken(lab: TestLab, ...args: readonly string[]): Promise<Outcome> {
  const outcome = await lab.json<Outcome>('break', ...args)
  const { links } = await lab.json<{ readonly links: readonly { readonly state: string }[] }>('heal', args[0] ?? '')
  if (links.some(({ state }) => state !== 'up'))
    throw new Error(`the heal of ${args.join(' ')} left a link down: ${JSON.stringify(links)}`)
  return outcome
}

interface LinkSeen {
  readonly peer: string
  readonly state: string
  readonly verdict?: { readonly code: string }
}

async function linkOf(lab: TestLab, node: string, peer: string): Promise<LinkSeen | undefined> {
  const { nodes } = await lab.json<{
    readonly nodes: readonly { readonly name: string; readonly status?: { readonly links: readonly LinkSeen[] } }[]
  }>('status')
  return nodes.find(({ name }) => name === node)?.status?.links.find((link) => link.peer === peer)
}

t.test('faults on a running lab', async (t) => {
  const lab = await withLab(t, 'edge')

  t.test('time, server, TLS 1.3: the dialler refuses, both ends are heard, the certificate is named', async (t) => {
    const { verdict, views, named } = await broken(lab, 'director', 'expired', '--as', 'server', '--tls', '1.3')
    t.match(verdict, { code: 'cert.expired', link: /->director$/, certificate: { serial: /^[0-9a-f]{32}$/ } })
    t.equal(verdict?.certificate?.serialReversed, verdict?.certificate?.serial.match(/../g)?.reverse().join(''))
    t.equal(views.length, 2, 'two views')
    t.ok(named)
  })

  t.test('time, server, TLS 1.2: the acceptor, which saw a whole handshake, is heard as well', async (t) => {
    t.match(await broken(lab, 'director', 'expired', '--as', 'server', '--tls', '1.2'), {
      verdict: { code: 'cert.expired' },
      views: [{}, { node: 'director', verdict: { code: 'tls.peer-refused' } }],
    })
  })

  t.test('purpose, client, TLS 1.3: the silent refusal names cause, peer and certificate', async (t) => {
    const { verdict, views } = await broken(lab, 'director', 'no-client-auth-eku', '--tls', '1.3')
    t.match(verdict, {
      code: 'cert.eku-missing',
      link: /^director->/,
      certificate: { subject: 'CN=director.lab.test' },
    })
    t.ok(
      views.some(({ node, verdict: seen }) => node === 'director' && seen.code === 'tls.peer-refused'),
      'the dialler saw a close',
    )
  })

  const others: readonly (readonly [family: string, code: string, ...args: string[]])[] = [
    ['trust', 'chain.incomplete', 'director', 'incomplete-chain'],
    ['names', 'cert.name-mismatch', 'director', 'wrong-host'],
    ['revocation', 'cert.revoked', 'director', 'revoked'],
    ['revocation, of the judge', 'crl.expired', 'director', 'crl-expired'],
    ['algorithms', 'cert.signature-weak', 'director', 'sha1-signature'],
    ['protocol', 'tls.no-common-version', 'director', 'tls1.0-server'],
    ['protocol, no certificate', 'tls.client-cert-missing', 'director', 'client-cert-missing'],
  ]
  for (const [family, code, ...args] of others) {
    t.test(`${family}: ${args.join(' ')}`, async (t) =>
      t.match(await broken(lab, ...args), { verdict: { code }, named: true, restarted: false }),
    )
  }

  t.test('files: shown by a restart, and heal starts the node again', async (t) => {
    t.match(await broken(lab, 'director', 'key-mismatch'), {
      verdict: { code: 'key.mismatch', node: 'director' },
      named: true,
      restarted: true,
    })
  })

  t.test('what the wire accepts is said by the node itself', async (t) => {
    const { verdict, links, remarks } = await broken(lab, 'director', 'cn-only')
    t.match(
      [verdict, links.every(({ state }) => state === 'up'), remarks.some(({ code }) => code === 'cert.san-missing')],
      [undefined, true, true],
    )
  })

  t.test('links: cut and reset', async (t) => {
    t.match(await broken(lab, 'director->fe1', 'cut'), { verdict: { code: 'link.cut' }, named: true })
    t.match(await broken(lab, 'director->fe1', 'reset'), { verdict: { code: 'link.reset' }, named: true })
  })

  t.test('a server whose certificate has ended does what its profile says, once the links have shown it', async (t) => {
    const outcome = await lab.json<Outcome>('break', 'director', 'expired')
    t.match(outcome, { verdict: { code: 'cert.expired' }, named: true })
    t.match(outcome.notes.at(-1), /director has shut down.*whenOwnCertificateEnds: die/)
    t.match(await lab.run('status'), { status: 1, stdout: /director .* stopped .*exit 1/ })
    await lab.json('heal', 'director')
    t.match(await lab.run('status'), { status: 0 })
  })

  t.test('names: a fault of the dialled name lies on a link', async (t) => {
    t.match(await broken(lab, 'fe1->director', 'ip-not-in-san'), {
      verdict: { code: 'cert.name-mismatch', link: 'fe1->director' },
      named: true,
    })
    t.match(await lab.run('break', 'director', 'ip-not-in-san'), { status: 1, stderr: /siplab break '\w+->director'/ })
  })

  t.test('DNS: a name that no link goes by breaks no link, and that is said', async (t) => {
    t.match(await broken(lab, 'dns', 'silent', '--name', '_sipfederationtls._tcp.lab.test'), {
      named: true,
      notes: [/no link uses _sipfederationtls\._tcp\.lab\.test/],
    })
  })

  t.test('a fault that acts in a process is on until it is healed, whatever restarts', async (t) => {
    await lab.json('break', 'dns', 'silent', '--name', '_sipfederationtls._tcp.lab.test')
    await lab.json('break', 'director->fe1', 'cut')
    for (const node of ['director', 'dns']) await lab.run('node', 'restart', node)
    await until(async () => (await linkOf(lab, 'director', 'pool.lab.test'))?.verdict?.code === 'link.cut')
    t.match((await lab.run('events', 'dns')).stdout, /DNS answers are still broken: silent/)
    const healed = await lab.run('heal', 'all')
    t.match(healed, { status: 0, stdout: /fault removed: dns[^]*director->fe1 is up/ })
    t.notMatch(healed.stdout, / is down/, 'each link as it was seen last')
    await lab.run('node', 'restart', 'director')
    await until(async () => (await linkOf(lab, 'director', 'pool.lab.test'))?.state === 'up')
  })

  t.test('DNS: names that do not exist', async (t) =>
    t.match(await broken(lab, 'dns', 'not-found'), { verdict: { code: 'dns.not-found' }, named: true }),
  )

  t.test('one fault a target: the second is refused, heal says which is off', async (t) => {
    await lab.json('break', 'director', 'expired')
    t.match(await lab.run('break', 'director', 'revoked'), { status: 1, stderr: /director has the fault expired/ })
    t.match(await lab.json('faults', 'list', '--on'), [{ target: 'director', fault: 'expired' }])
    t.match(await lab.run('heal', 'all'), { status: 0, stdout: /fault removed: director/ })
    t.match(await lab.run('heal', 'director'), { status: 1, stderr: /no fault is on director/ })
  })

  // That a stranger outside gets a bare 504 is shown by test/roles/policies/access-proxy.test.ts and
  // test/lab/federation-kinds.test.ts.
  t.test(
    'who sends through the broken link from inside gets 504 with the cause, the peer and the Windows code',
    async (t) => {
      const alice = phoneOf(t, lab, 'alice', { at: 'fe1', transport: 'tls' })
      await alice.signIn()
      await lab.json('break', 'edge', 'wrong-host', '--reference', 'edge-internal', '--as', 'server')
      const error = await alice.message('sip:nobody@other.test', 'hello').then(
        () => undefined,
        (reason: unknown) => reason,
      )
      await lab.json('heal', 'edge')
      t.ok(error instanceof PhoneError)
      t.match(error, {
        status: 504,
        diagnostics: /^1010;.*PeerServer="edge\.lab\.test".*HRESULT="0x80090322\(SEC_E_WRONG_PRINCIPAL\)"/,
      })
    },
  )

  t.test('a fault that does not exist is named, with what there is', async (t) =>
    t.match(await lab.run('break', 'director', 'cut'), { status: 2, stderr: /cut is a fault of a link/ }),
  )
})
