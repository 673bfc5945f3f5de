import { join } from 'node:path'
import t, { type Test } from 'tap'
import { initAuthority } from '../../src/certificates/authority.ts'
import type { CertificateRequest } from '../../src/certificates/certificate-request.ts'
import { type TestLab, withLab } from '../support/lab.ts'
import { rawPeer } from '../support/raw-peer.ts'

t.setTimeout(600_000)

/**
 * Shows a certificate of one of the lab's own CAs to a face of the edge; the status of an OPTIONS, or why none came.
 */
async function show(
  t: Test,
  lab: TestLab,
  face: 'internal' | 'external',
  authority: CertificateRequest['authority'],
  name: string,
): Promise<number | 'refused'> {
  const listener = lab
    .node('edge')
    .listeners.find((one) => one.face === face && one.transport === 'tls' && one.port === 5061)
  if (listener === undefined) throw new Error(`the edge has no TLS listener on 5061 at its ${face} face`)
  const issued = initAuthority(join(lab.data, 'pki'), { domain: 'lab.test', now: Date.now() }).issue(
    {
      name: `shown-${authority}-${name}`,
      authority,
      commonName: name,
      dnsNames: [name],
      uriNames: [],
      ipAddresses: [],
      purposes: ['serverAuth', 'clientAuth'],
      keyType: 'p256',
      validSeconds: 3600,
    },
    Date.now(),
  )
  try {
    const peer = await rawPeer(t, {
      address: listener.address,
      port: listener.port,
      transport: 'tls',
      certificate: { certificate: issued.chainPem, key: issued.keyPem },
    })
    const { status } = await peer.ask({ method: 'OPTIONS', uri: 'sip:lab.test', from: `sip:probe@${name}` })
    return status
  } catch (error) {
    if (error instanceof Error && /closed|ECONNRESET|EPIPE/.test(error.message)) return 'refused'
    throw error
  }
}

t.test('each face of the edge trusts its own roots', async (t) => {
  const lab = await withLab(t, 'federation')

  t.test('the inside face refuses a server name under the public CA', async (t) =>
    t.equal(await show(t, lab, 'internal', 'public', 'fe1.lab.test'), 'refused'),
  )

  t.test('the inside face accepts that name under the internal CA', async (t) =>
    t.type(await show(t, lab, 'internal', 'internal', 'fe1.lab.test'), 'number'),
  )

  t.test('the outside face refuses the name of a partner under the internal CA', async (t) =>
    t.equal(await show(t, lab, 'external', 'internal', 'sip.partner.test'), 'refused'),
  )

  t.test('the outside face accepts that name under the public CA', async (t) =>
    t.type(await show(t, lab, 'external', 'public', 'sip.partner.test'), 'number'),
  )

  t.test('one-machine-store is named by a verdict of both faces', async (t) => {
    const { stdout } = await lab.run('break', 'edge', 'one-machine-store', '--json')
    t.match(JSON.parse(stdout), {
      named: true,
      verdict: { code: 'trust.shared', node: 'edge' },
      views: [{ verdict: { found: /internal face/ } }, { verdict: { found: /external face/ } }],
    })
  })

  t.test('under one-machine-store each face accepts what it refused', async (t) =>
    t.strictSame(
      [
        typeof (await show(t, lab, 'internal', 'public', 'fe1.lab.test')),
        typeof (await show(t, lab, 'external', 'internal', 'sip.partner.test')),
      ],
      ['number', 'number'],
    ),
  )

  t.test('heal gives each face its own list back', async (t) => {
    t.match(await lab.run('heal', 'edge'), { status: 0 })
    t.equal(await show(t, lab, 'internal', 'public', 'fe1.lab.test'), 'refused')
    t.equal(await show(t, lab, 'external', 'internal', 'sip.partner.test'), 'refused')
  })

  t.test('events name the root as the reason', async (t) => {
    const { stdout } = await lab.run('events', '--json')
    t.equal((stdout.match(/chain\.untrusted-root/g) ?? []).length >= 2, true)
  })
})
