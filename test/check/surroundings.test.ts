/** What a check sees of the clock of a server and of the places of revocation lists. */
import { createServer as createHttpServer } from 'node:http'
import type { Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import t, { type Test } from 'tap'
import { crlDistributionPoint } from '../../src/certificates/extensions.ts'
import { pemBlocks } from '../../src/certificates/examine/index.ts'
import { pointsOf } from '../../src/check/crl-points.ts'
import { faultPki, show } from '../../src/faults/catalogue/fault-pki.ts'
import { dateHeader, readDate } from '../../src/sip/message/date-header.ts'
import { ownFiles } from '../support/own-folder.ts'
import { checkPort, stepOf } from './check-port.ts'

const pki = faultPki({ now: Date.now() })
const ca = `${ownFiles(t, { 'root.pem': pki.root.pem })}/root.pem`
const day = 86_400_000

async function opened(t: Test, server: Server): Promise<number> {
  t.teardown(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Answers every OPTIONS, with these fields too, and names a place of revocation lists. */
function sipServer(t: Test, { date, point }: { readonly date?: string; readonly point?: string }): Promise<number> {
  const leaf = pki.leaf(point === undefined ? {} : { more: [crlDistributionPoint(point)] })
  const { certificate, key } = show(leaf, pki.issuing)
  const server = createTlsServer({ cert: String(certificate), key: String(key) }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      if (chunk.equals(Buffer.from('\r\n\r\n'))) return void socket.write('\r\n')
      const kept = chunk
        .toString('latin1')
        .split('\r\n')
        .filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line))
      const said = date === undefined ? [] : [`Date: ${date}`]
      socket.write(['SIP/2.0 200 OK', ...kept, ...said, 'Content-Length: 0', '', ''].join('\r\n'))
    })
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return opened(t, server)
}

t.test('a Date is read as it is written, and nothing else is', async (t) => {
  const at = Date.UTC(2026, 10, 29, 8, 17, 30)
  t.equal(readDate(dateHeader(at)[1]), at)
  t.same(['Sun, 29 Nov 2026 08:17:30 +0100', 'yesterday', '', 'Sun, 99 Nov 2026 08:17:30 GMT', '1'].map(readDate), [
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

t.test('a server whose clock is behind gets a warning, for it will refuse what is new', async (t) => {
  const port = await sipServer(t, { date: new Date(Date.now() - 60 * day).toUTCString() })
  const report = await checkPort(port, { ca })
  t.match(stepOf(report, 'clock'), { outcome: 'warning', code: 'clock.skew', sentence: /: 518\d{4} s apart/ })
  t.equal(report.ok, true)
})

t.test('it fails where our own certificate is not valid yet by its clock', async (t) => {
  const port = await sipServer(t, { date: new Date(Date.now() - 60 * day).toUTCString() })
  const { pem, key } = pki.leaf()
  const own = {
    cert: pem,
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    label: 'us',
    names: [],
    verdicts: [],
  }
  const report = await checkPort(port, { ca, own })
  t.match(stepOf(report, 'clock'), { outcome: 'failed', code: 'clock.skew' })
})

t.test('a clock that agrees is said to agree, and no Date is no fault', async (t) => {
  const right = await checkPort(await sipServer(t, { date: new Date().toUTCString() }), { ca })
  t.match(stepOf(right, 'clock'), { outcome: 'ok' })
  const silent = await checkPort(await sipServer(t, {}), { ca })
  t.equal(
    silent.steps.some(({ id }) => id === 'clock'),
    false,
  )
})

t.test('the list that a certificate names is fetched, and judges it', async (t) => {
  const [, crl] = pki.goodCrls()
  const [der] = pemBlocks(crl)
  const web = await opened(
    t,
    createHttpServer((_request, response) => void response.end(der)),
  )
  const port = await sipServer(t, { point: `http://127.0.0.1:${web}/issuing.crl` })
  const report = await checkPort(port, { ca, fetchCrls: true })
  t.match(stepOf(report, 'certificate.crl-point'), { outcome: 'ok', sentence: /Fetched: 0 revoked/ })
  const without = await checkPort(port, { ca })
  t.match(stepOf(without, 'certificate.revocation'), { code: 'crl.not-checked' })
})

t.test('a place that nobody answers at, or answers with another thing, is named', async (t) => {
  const closed = await sipServer(t, { point: 'http://127.0.0.1:9/issuing.crl' })
  const unreachable = await checkPort(closed, { ca, fetchCrls: true })
  t.match(stepOf(unreachable, 'certificate.crl-point'), { outcome: 'warning', code: 'crl.unreachable' })
  const web = await opened(
    t,
    createHttpServer((_request, response) => void response.end('<html>')),
  )
  const odd = await sipServer(t, { point: `http://127.0.0.1:${web}/issuing.crl` })
  const malformed = await checkPort(odd, { ca, fetchCrls: true })
  t.match(stepOf(malformed, 'certificate.crl-point'), { outcome: 'warning', code: 'crl.malformed' })
})

t.test('only places of http are fetched, each once', async (t) => {
  const points = ['http://a.test/x.crl', 'http://a.test/x.crl', 'ldap://b.test/x', 'file:///etc/passwd'].map((url) => {
    const [der] = pemBlocks(pki.leaf({ more: [crlDistributionPoint(url)] }).pem)
    return der ?? Buffer.alloc(0)
  })
  t.same(
    pointsOf([...points, Buffer.from('no certificate')]).map(({ href }) => href),
    ['http://a.test/x.crl'],
  )
})
