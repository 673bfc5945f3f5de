import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { assign } from '../../src/certificates/node-certificates.ts'
import type { HeldCertificate } from '../../src/lab/certificate-work.ts'
import { setClock } from '../../src/lab/clock.ts'
import { noteFault } from '../../src/lab/fault-record.ts'
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
    err: /wanted --reference, one of edge-internal, edge-external/,
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
  noteFault(labFolder(join(folder, 'certs', 'edge')), { target: 'fe1', fault: 'expired', since: '2026-01-01' })
  t.match(await certs('renew', 'fe1'), { status: 1, err: /the fault expired is on fe1.*siplab heal fe1 removes it/ })
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
        { days: 200, renewalsPerYear: 2 },
        { days: 100, renewalsPerYear: 4 },
        { days: 47, renewalsPerYear: 8 },
      ],
    },
  )
})
