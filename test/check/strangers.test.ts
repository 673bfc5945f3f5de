import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import t, { type Test } from 'tap'
import { openTcp } from '../../src/check/handshake.ts'
import { faultPki } from '../../src/faults/catalogue/fault-pki.ts'
import { respond } from '../support/sip-answers.ts'
import { tcpServer, type TestServer } from '../support/sip-server.ts'
import { checkPort, stepOf } from './check-port.ts'

const pki = faultPki({ now: Date.now() })

/** How long each wait for the silent end lasts: far longer than a busy machine needs for a connection to itself. */
const timeoutMs = 2000

/** The walk has five such waits. */
const longestMs = 10 * timeoutMs

async function open(t: Test, server: Promise<TestServer>): Promise<number> {
  const { port, close } = await server
  t.teardown(close)
  return port
}

async function openHttp(t: Test, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

t.test('a port behind which no SIP over TLS is spoken', async (t) => {
  t.test('that accepts and says nothing is told as such, within the time-out', async (t) => {
    const report = await checkPort(
      await open(
        t,
        tcpServer(() => undefined),
      ),
      { timeoutMs },
    )
    t.match(report, {
      code: 'tls.handshake-timeout',
      verdict: { found: /nothing came within 2000 ms; without TLS, no end says anything/ },
    })
    t.ok(report.ms < longestMs, `${report.ms} ms`)
  })

  t.test('that answers garbage is told with what it says', async (t) => {
    const report = await checkPort(
      await open(
        t,
        tcpServer((socket) => socket.write('\u0001\u0002garbage\r\n')),
      ),
    )
    t.match(report, { code: 'tls.not-tls', verdict: { found: /neither TLS nor SIP: "\.\.garbage"/ } })
  })

  t.test('that is a web server without TLS is called one', async (t) => {
    const report = await checkPort(
      await openHttp(
        t,
        createHttp((_request, response) => response.end('hello')),
      ),
    )
    t.match(report, { code: 'tls.not-tls', verdict: { found: /a web server answers: "HTTP\/1\.1 400 Bad Request"/ } })
  })

  t.test('that is a web server with TLS is called one', async (t) => {
    const { presenter } = pki.good()
    const ca = t.testdir({ 'root.pem': pki.root.pem })
    const server = createHttps(
      { cert: String(presenter.certificate), key: String(presenter.key) },
      (_request, response) => response.end('hello'),
    )
    const report = await checkPort(await openHttp(t, server), { ca: `${ca}/root.pem` })
    t.match(
      [report.code, stepOf(report, 'certificate')?.outcome, report.verdict?.found],
      ['sip.not-sip', 'ok', /a web server answers: "HTTP\/1\.1 400/],
    )
  })

  t.test('that is an SSH server is called one', async (t) => {
    const report = await checkPort(
      await open(
        t,
        tcpServer((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n')),
      ),
    )
    t.match(report, { code: 'tls.not-tls', verdict: { found: /an SSH server answers/ } })
  })

  t.test('that speaks SIP without TLS gets the advice to use TCP', async (t) => {
    const report = await checkPort(await open(t, tcpServer(respond)), { timeoutMs })
    t.match(report, {
      code: 'tls.not-tls',
      verdict: { found: /a SIP server answers, but without TLS/, fix: /transport tcp/ },
    })
  })

  t.test('that hangs up at once is told as such', async (t) => {
    const report = await checkPort(
      await open(
        t,
        tcpServer((socket) => socket.destroy()),
      ),
    )
    t.match(report, { ok: false, code: /^tls\.handshake-failed$/ })
  })

  t.test('that nobody listens on ends the walk, and the rest is listed as not tried', async (t) => {
    const { port, close } = await tcpServer()
    close()
    const report = await checkPort(port)
    t.match(
      [report.code, report.notTried.map(({ id }) => id)],
      ['link.refused', ['tls', 'certificate', 'client-certificate', 'sip']],
    )
  })
})

t.test('plain TCP is walked when the client uses it', async (t) => {
  const report = await checkPort(await open(t, tcpServer(respond)), { transport: 'tcp' })
  t.match(
    [report.ok, stepOf(report, 'sip.options')?.evidence['status'], stepOf(report, 'sip.keep-alive')?.code],
    [true, 200, 'ok'],
  )
})

t.test('plain TCP to a port that answers garbage is no SIP', async (t) => {
  const report = await checkPort(
    await open(
      t,
      tcpServer((socket) => socket.write('garbage\r\n')),
    ),
    { transport: 'tcp' },
  )
  t.match(report, { code: 'sip.not-sip' })
})

t.test('a check that was stopped for longer than its time-out takes the connection that stands', async (t) => {
  const port = await open(t, tcpServer())
  const opened = openTcp({ address: '127.0.0.1', port }, 20)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60)
  const result = await opened
  if ('kind' in result) return t.fail(result.found)
  result.destroy()
})
