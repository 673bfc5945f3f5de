/** A phone whose server does not do what it should: every wait ends, with the reason. */
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import t from 'tap'
import type { Test } from 'tap'
import { openPhone, type Phone, type PhoneSettings, type PhoneTransportName } from '../../src/phone/index.ts'
import { ResolveError } from '../../src/sip/transport/dial/resolver.ts'
import { testCa, type TestLeaf } from '../support/openssl-certificates.ts'
import { freePort } from '../support/free-port.ts'
import { guardMs } from '../support/guard.ts'
import { ownFolder } from '../support/own-folder.ts'

const ca = testCa(ownFolder(t))
const leaf = ca.leaf('sip.lab.test')

t.test('a port where nobody listens', async (t) => {
  await t.rejects(phone(t, await freePort(), 'tcp').signIn(), {
    code: 'link.refused',
    verdict: { code: 'link.refused' },
  })
})

t.test('a server that hangs up right after the TLS 1.3 handshake: the refusal of a certificate', async (t) => {
  const port = await tlsServer(t, hangUp)
  await t.rejects(phone(t, port, 'tls').signIn(), { code: 'tls.peer-refused', message: /REGISTER .* was not answered/ })
})

t.test('a server under another name', async (t) => {
  const port = await tlsServer(t, () => undefined)
  await t.rejects(
    phone(t, port, 'tls', {
      target: { host: 'sip.other.test', address: '127.0.0.1', port, transport: 'tls' },
    }).signIn(),
    {
      code: 'cert.name-mismatch',
      verdict: { certificate: { subject: 'CN=sip.lab.test' }, rule: /sip\.other\.test/ },
    },
  )
})

t.test('names in the certificate of the server count by RFC 5922 §7.1, under lcs2005 also the CN', async (t) => {
  const wildcard = await tlsServer(t, hangUp, ca.leaf('sip.lab.test', { sans: ['*.lab.test'] }))
  const other = await tlsServer(t, hangUp, ca.leaf('sip.lab.test', { sans: ['other.lab.test'] }))
  await t.rejects(phone(t, wildcard, 'tls').signIn(), {
    code: 'cert.wildcard',
    verdict: { found: 'names DNS:*.lab.test, CN:sip.lab.test' },
  })
  await t.rejects(phone(t, other, 'tls').signIn(), { code: 'cert.name-mismatch' })
  for (const port of [wildcard, other])
    await t.rejects(phone(t, port, 'tls', { nameRules: 'lcs' }).signIn(), { code: 'tls.peer-refused' })
})

t.test('a server that nobody vouches for', async (t) => {
  const port = await tlsServer(t, () => undefined)
  const other = testCa(t.testdir({}), 'another root')
  await t.rejects(phone(t, port, 'tls', { ca: [other.root] }).signIn(), { code: /^chain\./ })
})

t.test('a server that never answers', async (t) => {
  const server = await listen(
    t,
    createTcpServer((socket) => socket.resume()),
  )
  const { port } = server.address() as AddressInfo
  await t.rejects(phone(t, port, 'tcp', { answerMs: 50 }).signIn(), { code: 'phone.timeout' })
  const silent = phone(t, port, 'tcp', { answerMs: 50, ringMs: 50 })
  const call = silent.call('sip:bob@lab.test')
  await t.rejects(call.established, { code: 'phone.timeout' })
  await t.rejects(silent.message('sip:bob@lab.test', 'hello'), { code: 'phone.timeout' })
})

t.test('a call that is cancelled before its INVITE has left', async (t) => {
  const server = await listen(
    t,
    createTcpServer((socket) => socket.resume()),
  )
  const { port } = server.address() as AddressInfo
  const call = phone(t, port, 'tcp').call('sip:bob@lab.test')
  t.match(await call.cancel(), { by: 'us', how: 'cancel' })
  await t.rejects(call.established, { code: 'phone.cancelled' })
})

t.test('a server that closes with a request open', async (t) => {
  const server = await listen(
    t,
    createTcpServer((socket) => void socket.once('data', () => socket.destroy())),
  )
  const { port } = server.address() as AddressInfo
  const lost = phone(t, port, 'tcp')
  await t.rejects(lost.message('sip:bob@lab.test', 'hello'), { code: 'link.reset', message: /was not answered/ })
  const call = lost.call('sip:bob@lab.test')
  await t.rejects(call.established, { code: 'link.reset' })
  t.match(await call.ended, { how: 'refused', answer: { status: 503 } })
})

t.test('a 301 into the clear is not followed by a secure phone', async (t) => {
  const port = await tlsServer(t, (socket) =>
    socket.once('data', (request: Buffer) =>
      socket.write(answer(request, '301 Moved Permanently', 'Contact: <sip:pool.lab.test:5060;transport=tcp>\r\n')),
    ),
  )
  await t.rejects(phone(t, port, 'tls').signIn(), { code: 'phone.redirect', message: /does not follow into the clear/ })
})

t.test('a server that sends it round in circles', async (t) => {
  let count = 0
  const port: number = await tlsServer(t, (socket) =>
    socket.once('data', (request: Buffer) => {
      count += 1
      socket.write(answer(request, '301 Moved Permanently', `Contact: <sip:sip.lab.test:${port};transport=tls>\r\n`))
    }),
  )
  const resolver = { naptr: async () => [], srv: async () => [], a: async () => ['127.0.0.1'], aaaa: async () => [] }
  await t.rejects(phone(t, port, 'tls', { resolver }).signIn(), {
    code: 'phone.redirect',
    message: /more than 3 times/,
  })
  t.equal(count, 4)
})

t.test('a name without an address, and DNS without an answer', async (t) => {
  const none = { naptr: async () => [], srv: async () => [], a: async () => [], aaaa: async () => [] }
  const target = { host: 'sip.lab.test', port: 5061, transport: 'tls' } as const
  await t.rejects(phone(t, 0, 'tls', { target, resolver: none }).signIn(), { code: 'dns.not-found' })
  const silent = { ...none, a: () => Promise.reject(new ResolveError('sip.lab.test A', new Error('timeout'))) }
  await t.rejects(phone(t, 0, 'tls', { target, resolver: silent }).signIn(), { code: 'dns.unreachable' })
})

t.test('a 301 that leads nowhere', async (t) => {
  for (const contact of [
    '',
    'Contact: <sip:pool.lab.test:99999>\r\n',
    'Contact: <sip:pool.lab.test;transport=sctp>\r\n',
  ]) {
    const port = await tlsServer(t, (socket) =>
      socket.once('data', (request: Buffer) => socket.write(answer(request, '301 Moved Permanently', contact))),
    )
    await t.rejects(phone(t, port, 'tls').signIn(), { code: 'phone.redirect' })
  }
})

t.test('what cannot be', async (t) => {
  const server = await listen(t, createTcpServer())
  const { port } = server.address() as AddressInfo
  const idle = phone(t, port, 'tcp')
  await t.rejects(idle.signOut(), { code: 'phone.not-so', message: /is not signed in/ })
  t.throws(() => idle.call('not a URI'), { code: 'phone.not-so' })
  await idle.close()
  await t.rejects(idle.message('sip:bob@lab.test', 'hello'), { code: 'phone.closed' })
})

function phone(t: Test, port: number, transport: PhoneTransportName, settings: Partial<PhoneSettings> = {}): Phone {
  const opened = openPhone({
    user: 'alice',
    domain: 'lab.test',
    password: 'secret',
    ca: [ca.root],
    answerMs: guardMs,
    target: { host: 'sip.lab.test', address: '127.0.0.1', port, transport },
    ...settings,
  })
  t.teardown(() => opened.close())
  return opened
}

function hangUp(socket: Socket): void {
  socket.once('data', () => socket.destroy())
}

async function tlsServer(
  t: Test,
  onConnection: Parameters<typeof createTlsServer>[1] & object,
  shown: TestLeaf = leaf,
): Promise<number> {
  const server = createTlsServer({ cert: shown.certificate, key: shown.key }, (socket) => {
    socket.on('error', () => undefined)
    onConnection(socket)
  })
  return ((await listen(t, server)).address() as AddressInfo).port
}

async function listen<S extends Server>(t: Test, server: S): Promise<S> {
  const sockets = new Set<{ destroy(): void }>()
  server.on('connection', (socket) => sockets.add(socket))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
  return server
}

/** The head of the request, answered. */
function answer(request: Buffer, status: string, more: string): string {
  const lines = request
    .toString('latin1')
    .split('\r\n')
    .filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line))
  return (
    `SIP/2.0 ${status}\r\n${lines.join('\r\n').replace(/^To:.*$/m, (to) => `${to};tag=x`)}\r\n` +
    `${more}Content-Length: 0\r\n\r\n`
  )
}
