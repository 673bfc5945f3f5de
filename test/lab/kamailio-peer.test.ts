/** Kamailio as a foreign server over mutual TLS: its certificate decides what it is to us. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { NodeEvent } from '../../src/node/control/control-api.ts'
import { missing } from '../support/debian-program.ts'
import { eventsOf } from '../support/events.ts'
import { fromLab, fromStranger, type CertificateFiles } from '../support/foreign-certificates.ts'
import { startKamailio, type Kamailio } from '../support/kamailio.ts'
import { withLab, type TestLab } from '../support/lab.ts'
import { phoneOf } from '../support/phones.ts'
import { until } from '../support/until.ts'

const topology = `
name: foreign-peer
about: The default lab with one foreign server that the front end treats as its own.
profile: lcs2005
domain: lab.test
hosts:
  edge:     { role: access-proxy, nextHop: director }
  director: { role: director }
  fe1:      { role: front-end, authorizedHosts: [{ host: gateway.lab.test, treatAs: server }] }
users:
  alice: { password: alice-2005, home: pool, remote: true }
  carol: { password: carol-2005, home: pool }
`

t.test('Kamailio as a foreign server', { skip: missing('kamailio') }, async (t) => {
  const file = join(t.testdir({}), 'foreign-peer.yaml')
  writeFileSync(file, topology)
  const lab = await withLab(t, file)
  const carol = phoneOf(t, lab, 'carol', { at: 'fe1', transport: 'tls' })
  await carol.signIn()

  t.test('under a name on the list it is a server: its P-Asserted-Identity is believed', async (t) => {
    const kamailio = await peer(t, lab, (folder) => fromLab(lab, folder, 'gateway.lab.test'))
    t.match(await kamailio.ask(message('sip:alice@lab.test')), /^SIP\/2\.0 200 /)
    const received = await carol.nextMessage()
    t.match(received, { from: 'sip:alice@lab.test', text: 'by way of Kamailio' })
    t.equal(received.header('P-Asserted-Identity'), '<sip:alice@lab.test>')
    t.match(await lastOf(lab, 'fe1', 'flow.accepted'), [{ message: /gateway\.lab\.test was accepted as server/ }])
  })

  t.test('under another name it is a client: its word counts for nothing and it is challenged', async (t) => {
    const kamailio = await peer(t, lab, (folder) => fromLab(lab, folder, 'other.lab.test'))
    const answer = await kamailio.ask(message('sip:alice@lab.test'))
    t.match(answer, /^SIP\/2\.0 401 /)
    t.match(answer, /WWW-Authenticate: Digest /i)
    t.match(await lastOf(lab, 'fe1', 'flow.accepted'), [{ message: /other\.lab\.test was accepted as client/ }])
  })

  t.test('with a certificate of another CA it is refused, and the event log says why', async (t) => {
    const kamailio = await peer(t, lab, (folder) => fromStranger(folder, 'gateway.lab.test'))
    t.match(await kamailio.ask(message('sip:alice@lab.test')), /^SIP\/2\.0 [45]\d\d /)
    // Kamailio answers as soon as its end of the connection closes, before the event is there.
    await until(async () => (await lastOf(lab, 'fe1', 'flow.refused')).length > 0)
    t.match(await lastOf(lab, 'fe1', 'flow.refused'), [{ verdict: { code: /^chain\./, direction: 'incoming' } }])
  })
})

function peer(t: Test, lab: TestLab, identity: (folder: string) => CertificateFiles): Promise<Kamailio> {
  const folder = t.testdir({})
  const listener = lab.node('fe1').listeners.find(({ transport }) => transport === 'tls')
  if (listener === undefined) throw new Error('fe1 has no TLS listener')
  return startKamailio(t, {
    folder: join(folder, 'run'),
    identity: identity(folder),
    ca: lab.ready.trust.internal ?? '',
    nextHop: listener,
  })
}

function message(from: string): (via: string) => string {
  const text = 'by way of Kamailio'
  return (via) =>
    `MESSAGE sip:carol@lab.test SIP/2.0\r\n${via}Max-Forwards: 70\r\nFrom: <${from}>;tag=1\r\n` +
    'To: <sip:carol@lab.test>\r\n' +
    `Call-ID: ${Math.random()}@kamailio\r\nCSeq: 1 MESSAGE\r\nP-Asserted-Identity: <${from}>\r\n` +
    `Content-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`
}

/** Of peers that are no nodes of the lab. */
async function lastOf(lab: TestLab, node: string, wanted: string): Promise<readonly NodeEvent[]> {
  return (await eventsOf(lab, node))
    .filter(({ event, connection }) => event === wanted && connection?.startsWith('127.0.0.1:') === true)
    .slice(-1)
}
