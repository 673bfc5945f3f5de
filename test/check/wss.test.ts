/** A check over WebSocket (RFC 7118), against a listener of our own transport and against a web server. */
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import t from 'tap'
import { checkPort, stepOf } from './check-port.ts'
import { materialOf, testCa } from '../support/openssl-certificates.ts'
import { ownFolder } from '../support/own-folder.ts'
import { harness, listening, okText } from '../support/transport-harness.ts'

const folder = ownFolder(t)
const ca = testCa(folder)
const leaf = ca.leaf('fe1.lab.test')
const root = join(folder, 'trusted.pem')
writeFileSync(root, ca.root)

t.test('a SIP server over WSS answers OPTIONS and keep-alive', async (t) => {
  const server = harness(t, { onRequest: (request, flow) => flow.send(okText(request)) })
  const { local } = await server.layer.listen(listening('wss', { tls: materialOf(leaf, [ca.root]) }))
  const report = await checkPort(local.port, { ca: root, transport: 'wss' })
  t.match(
    { report, options: stepOf(report, 'sip.options')?.code, keepAlive: stepOf(report, 'sip.keep-alive')?.code },
    { report: { ok: true }, options: 'ok', keepAlive: 'ok' },
  )
  const { request } = await server.next('request')
  t.match(request.header('Via'), /^SIP\/2\.0\/WSS \w+\.invalid/)
})

t.test('a web server that opens no WebSocket is named', async (t) => {
  const server = createServer({ cert: leaf.certificate, key: leaf.key }, (_request, response) =>
    response.writeHead(404).end(),
  )
  await new Promise<void>((open) => server.listen(0, '127.0.0.1', open))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  t.match(await checkPort(port, { ca: root, transport: 'wss' }), {
    code: 'sip.not-sip',
    verdict: { found: /a web server answers: "HTTP 404/ },
  })
})
