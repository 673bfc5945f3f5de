import { X509Certificate } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { assign } from '../../src/certificates/node-certificates.ts'
import type { HeldCertificate } from '../../src/lab/renewal/certificate-work.ts'
import { setClock } from '../../src/lab/clock.ts'
import { noteFault } from '../../src/faults/record.ts'
import { labFolder } from '../../src/lab/lab-folder.ts'
import { runInProcess } from '../support/cli.ts'

/** A folder in which `certs init` has run for the default topology. */
async function initialised(t: Test): Promise<{
  readonly folder: string
  readonly certs: (
    ...args: readonly string[]
  ) => Promise<{ readonly status: number; readonly document: unknown; readonly err: string }>
}> {
  const folder = t.testdir({})
  const certs = async (...args: readonly string[]) => {
    const { status, out, err } = await runInProcess(['certs', ...args, '--json'], folder)
    return { status, document: out === '' ? undefined : (JSON.parse(out) as unknown), err }
  }
  t.equal((await certs('init')).status, 0)
  return { folder, certs }
}

const foreignLab = `name: sbc
about: A lab with an SBC.
profile: modern
domain: lab.test
hosts:
  director: { role: director }
  fe1: { role: front-end, staticRoutes: [{ match: "tel:*", nextHop: sbc1 }] }
  sbc1: { role: foreign, name: sbc1.contoso.test, address: 192.0.2.7, dials: [fe1] }
users:
  alice: { password: alice-2005, home: pool }
`

t.test('certs init makes authorities, certificates and keys that nobody else can read', async (t) => {
  const { folder } = await initialised(t)
  const node = join(folder, 'certs', 'edge', 'nodes', 'fe1', 'certificates')
  const leaf = new X509Certificate(readFileSync(join(node, 'fe1-listener.pem')))
  t.equal(leaf.subject, 'CN=pool.lab.test')
  t.match(leaf.subjectAltName, /DNS:pool\.lab\.test, DNS:fe1\.lab\.test/)
  t.equal(statSync(join(node, 'fe1-listener.key')).mode & 0o777, 0o600)
  t.ok(
    leaf.checkIssued(new X509Certificate(readFileSync(join(folder, 'certs', 'edge', 'pki', 'internal-issuing.pem')))),
  )
})

t.test('certs init says why a topology needs none', async (t) => {
  t.match(await runInProcess(['certs', 'init', '--topology', 'standard'], t.testdir({})), {
    status: 2,
    err: /standard needs no certificate under the profile lcs2005/,
  })
})

t.test('certs trial stands beside what there is, assigned only when asked', async (t) => {
  const { certs } = await initialised(t)
  t.match((await certs('trial', 'fe1', '--valid', '30s')).document, {
    certificate: { name: 'fe1-listener-trial', references: [] },
  })
  t.match((await certs('trial', 'fe1', '--valid', '30s', '--assign')).document, {
    certificate: { name: 'fe1-listener-trial-2', references: ['listener', 'default-outgoing'] },
  })
  t.match(await certs('trial', 'edge', '--valid', '30s'), {
    status: 2,
    err: /--reference: wanted one of edge-internal, edge-external/,
  })
  t.match(await certs('trial', 'fe1', '--valid', 'soon'), { status: 2, err: /--valid: wanted a span/ })
})

t.test('certs renew puts a fresh certificate and key into the same files', async (t) => {
  const { folder, certs } = await initialised(t)
  const file = join(folder, 'certs', 'edge', 'nodes', 'director', 'certificates', 'director-listener.pem')
  const before = new X509Certificate(readFileSync(file))
  t.match((await certs('renew', 'director', '--valid', '47d')).document, {
    certificates: [{ name: 'director-listener', references: ['listener', 'default-outgoing'] }],
  })
  const after = new X509Certificate(readFileSync(file))
  t.not(after.serialNumber, before.serialNumber)
  t.not(
    after.publicKey.export({ type: 'spki', format: 'pem' }),
    before.publicKey.export({ type: 'spki', format: 'pem' }),
  )
  t.equal(Math.round((after.validToDate.getTime() - Date.now()) / 86_400_000), 47)
})

t.test('certs renew renews what a reference uses, and says what it left alone', async (t) => {
  const { folder, certs } = await initialised(t)
  await certs('trial', 'fe1', '--valid', '30s')
  assign(join(folder, 'certs', 'edge', 'nodes', 'fe1'), 'listener', 'fe1-listener-trial')
  t.match((await certs('renew', 'fe1', '--reference', 'listener', '--valid', '40d')).document, {
    certificates: [{ name: 'fe1-listener-trial', references: ['listener'] }],
    untouched: [{ name: 'fe1-listener', references: ['default-outgoing'] }],
  })
})

t.test('certs renew goes by the clock of the node', async (t) => {
  const { folder, certs } = await initialised(t)
  setClock(join(folder, 'certs', 'edge', 'nodes', 'fe1'), '+48d')
  const { document } = await certs('renew', 'fe1', '--valid', '47d')
  const [renewed] = (document as { readonly certificates: readonly HeldCertificate[] }).certificates
  const days = (Date.parse(renewed?.certificate.notAfter ?? '') - Date.now()) / 86_400_000
  t.equal(Math.round(days), 95)
})

t.test('certs renew names heal while a fault is on', async (t) => {
  const { folder, certs } = await initialised(t)
  noteFault(labFolder(join(folder, 'certs', 'edge')), {
    target: 'fe1',
    fault: 'expired',
    since: '2026-01-01',
    edits: [],
    restarts: [],
  })
  t.match(await certs('renew', 'fe1'), { status: 1, err: /fe1 uses the files of the fault expired.*: siplab heal fe1/ })
})

t.test('certs revoke gives every node that trusts the authority the new list', async (t) => {
  const { folder, certs } = await initialised(t)
  t.match((await certs('revoke', 'fe1', '--reason', 'superseded')).document, { nodes: ['fe1', 'director', 'edge'] })
  t.ok(existsSync(join(folder, 'certs', 'edge', 'nodes', 'director', 'crl', 'internal-issuing.pem')))
  const held = (await certs('list')).document as readonly HeldCertificate[]
  t.strictSame(
    held.filter(({ revoked }) => revoked).map(({ name }) => name),
    ['fe1-listener'],
  )
  t.match(await certs('revoke', '00ff'), { status: 2, err: /no authority of this lab issued/ })
})

t.test('certs show prints the serial in both byte orders', async (t) => {
  const { folder } = await initialised(t)
  const { out } = await runInProcess(['certs', 'show', 'certs/edge/nodes/fe1/certificates/fe1-listener.pem'], folder)
  const serial = /serial {11}([0-9a-f]+)/.exec(out)?.[1] ?? ''
  t.match(out, `serial reversed  ${(serial.match(/../g) ?? []).toReversed().join('')}`)
  t.match(await runInProcess(['certs', 'show', 'nowhere.pem'], folder), { status: 2, err: /found nothing at/ })
})

t.test('certs show says what a file is that holds no certificate in PEM, and check names explain', async (t) => {
  const { folder } = await initialised(t)
  const node = join(folder, 'certs', 'edge', 'nodes', 'fe1')
  execFileSync(
    'openssl',
    ['crl2pkcs7', '-nocrl', '-certfile', `${node}/certificates/fe1-listener.pem`, '-out', 'b.p7b'],
    {
      cwd: folder,
    },
  )
  const bundle = await runInProcess(['certs', 'show', 'b.p7b'], folder)
  t.match(bundle, { status: 0, out: /serial reversed/, err: /siplab explain b.p7b judges it/ })
  const key = await runInProcess(['certs', 'show', `${node}/certificates/fe1-listener.key`], folder)
  t.match(key, { status: 0, out: /private key \(.*not shown/ })
  t.match(await runInProcess(['check', 'b.p7b'], folder), { status: 2, err: /is a file.*siplab explain b.p7b/ })
  t.match(await runInProcess(['check', 'chain.pem'], folder), { status: 2, err: /siplab explain chain.pem/ })
})

t.test('timeline says when each certificate ends and what stops with it', async (t) => {
  const { status, out } = await runInProcess(['timeline', 'edge', '--json'], t.testdir({}))
  t.equal(status, 0)
  const { certificates } = JSON.parse(out) as {
    readonly certificates: readonly { readonly node: string; readonly name: string }[]
  }
  t.match(
    certificates.find(({ name }) => name === 'director-listener'),
    {
      secondsLeft: 365 * 86_400,
      stops: [
        /users inside, edge, fe1 can no longer reach director/,
        /director can no longer reach/,
        /the service on director shuts down/,
      ],
      lifetimes: [
        { days: 398, renewalsPerYear: 1 },
        { days: 200, renewalsPerYear: 2 },
        { days: 100, renewalsPerYear: 4 },
        { days: 47, renewalsPerYear: 8 },
      ],
    },
  )
})

t.test('certs issue --name makes a certificate for a server outside the topology', async (t) => {
  const { folder, certs } = await initialised(t)
  const issue = ['issue', '--name', 'sbc1.contoso.test', 'sip.contoso.test', '--role', 'both', '--valid', '30d']
  const { status, document } = await certs(...issue)
  t.equal(status, 0)
  t.match(document, { chain: join(folder, 'sbc1.contoso.test.pem'), certificate: { subject: 'CN=sbc1.contoso.test' } })
  const leaf = new X509Certificate(readFileSync(join(folder, 'sbc1.contoso.test.pem')))
  t.equal(leaf.subjectAltName, 'DNS:sbc1.contoso.test, DNS:sip.contoso.test')
  t.same(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
  t.equal(statSync(join(folder, 'sbc1.contoso.test.key')).mode & 0o777, 0o600)
  t.match(await certs('issue'), { status: 2, err: /needs NODE, or --name/ })
  t.match(await certs('issue', '--name', 'no host'), { status: 2, err: /wanted a host name/ })
})

t.test('certs issue --output makes the folder, readable by its owner alone', async (t) => {
  const { folder, certs } = await initialised(t)
  const { document } = await certs('issue', '--name', 'sbc1.contoso.test', '--output', 'for/contoso')
  t.match(document, { chain: join(folder, 'for', 'contoso', 'sbc1.contoso.test.pem') })
  t.equal(statSync(join(folder, 'for', 'contoso')).mode & 0o777, 0o700)
})

t.test('certs init makes the files of a foreign server, and certs issue renews them', async (t) => {
  const folder = t.testdir({ 'sbc.yaml': foreignLab })
  const certs = (...words: readonly string[]) =>
    runInProcess(['certs', ...words, '--topology', join(folder, 'sbc.yaml'), '--json'], folder)
  t.match(await certs('init'), { status: 0 })
  const files = join(folder, 'certs', 'sbc', 'foreign', 'sbc1')
  const leaf = () => new X509Certificate(readFileSync(join(files, 'sbc1.contoso.test.pem')))
  const before = leaf()
  t.equal(before.subjectAltName, 'DNS:sbc1.contoso.test')
  t.equal(statSync(join(files, 'sbc1.contoso.test.key')).mode & 0o777, 0o600)
  const root = new X509Certificate(readFileSync(join(files, 'roots.pem')))
  t.match(root.subject, /internal/)
  const issued = await certs('issue', 'sbc1', '--valid', '30d')
  t.match([issued.status, JSON.parse(issued.out)], [0, { chain: join(files, 'sbc1.contoso.test.pem') }])
  t.not(leaf().serialNumber, before.serialNumber)
  t.match(await certs('trial', 'sbc1', '--valid', '30s'), { status: 2 })
})

t.test('certs init puts the root that a foreign server brings into the trust list of its peer alone', async (t) => {
  const { folder } = await initialised(t)
  const theirs = readFileSync(join(folder, 'certs', 'edge', 'pki', 'public-root.pem'), 'utf8')
  writeFileSync(join(folder, 'their.pem'), theirs)
  writeFileSync(join(folder, 'sbc.yaml'), foreignLab.replace('dials: [fe1]', 'certificate: own, root: their.pem'))
  const certs = (...words: readonly string[]) =>
    runInProcess(['certs', ...words, '--topology', join(folder, 'sbc.yaml'), '--json'], folder)
  t.match(await certs('init'), { status: 0 })
  const trusted = (node: string): string =>
    readFileSync(join(folder, 'certs', 'sbc', 'nodes', node, 'trust.pem'), 'utf8')
  t.ok(trusted('fe1').includes(theirs.trim()))
  t.notOk(trusted('director').includes(theirs.trim()))
  t.match(await certs('issue', 'sbc1'), { status: 2, err: /has a certificate of its own/ })
})

t.test('certs import puts a chain of your own on a node, and refuses the wrong key', async (t) => {
  const { folder, certs } = await initialised(t)
  for (const name of ['own.contoso.test', 'other.contoso.test']) await certs('issue', '--name', name)
  const [own, other] = [join(folder, 'own.contoso.test'), join(folder, 'other.contoso.test')]
  t.match(await certs('import', 'fe1', 'listener', `${own}.pem`, `${other}.key`), {
    status: 2,
    err: /wanted the key of CN=own\.contoso\.test, found a different key/,
  })
  t.match(await certs('import', 'fe1', 'listener', `${own}.pem`, `${own}.key`), {
    status: 0,
    document: { node: 'fe1', reference: 'listener', name: 'imported-listener' },
  })
  const held = (await certs('list')).document as readonly HeldCertificate[]
  t.match(
    held.find(({ name }) => name === 'imported-listener'),
    { node: 'fe1', references: ['listener'] },
  )
  t.match(await certs('import', 'fe1', 'edge-external', `${own}.pem`, `${own}.key`), { status: 2 })
})
