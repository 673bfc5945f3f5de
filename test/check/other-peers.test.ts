/** What a check sees although its own handshake does not need it: real TLS servers, and relays that spoil octets. */
import { chmodSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createSecureContext, createServer as createTlsServer, type TlsOptions } from 'node:tls'
import t, { type Test } from 'tap'
import { faultPki, show } from '../../src/faults/catalogue/fault-pki.ts'
import { identityFiles } from '../../src/check/index.ts'
import { ownFiles } from '../support/own-folder.ts'
import { checkPort, stepOf } from './check-port.ts'

const pki = faultPki({ now: Date.now() })
const leaf = pki.leaf()
const good = show(leaf, pki.issuing)
const other = show(
  pki.leaf({ commonName: 'other.lab.test', names: [{ kind: 'dns', value: 'other.lab.test' }] }),
  pki.issuing,
)
const client = show(
  pki.leaf({ commonName: 'peer.lab.test', names: [{ kind: 'dns', value: 'peer.lab.test' }] }),
  pki.issuing,
)
const files = ownFiles(t, {
  'root.pem': pki.root.pem,
  'root-int.pem': pki.root.pem + pki.issuing.pem,
  'client.pem': String(client.certificate),
  'client.key': '',
})
const ca = join(files, 'root.pem')
const patient = { ca, timeoutMs: 2000 }

async function opened(t: Test, server: Server): Promise<number> {
  t.teardown(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** A TLS server that answers every OPTIONS with 200. */
async function sipServer(t: Test, options: TlsOptions = {}): Promise<number> {
  const server = createTlsServer({ cert: String(good.certificate), key: String(good.key), ...options }, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      const lines = chunk.toString('latin1').split('\r\n')
      const kept = lines.filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line))
      socket.write(['SIP/2.0 200 OK', ...kept, 'Content-Length: 0', '', ''].join('\r\n'))
    })
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return opened(t, server)
}

/** A relay to `port`; `through` says what becomes of a chunk: let it pass, drop it, or reset the connection. */
async function relay(
  t: Test,
  port: number,
  through: (chunk: Buffer, from: 'client' | 'server', count: number) => 'pass' | 'drop' | 'reset',
): Promise<number> {
  const pipe = (from: Socket, to: Socket, side: 'client' | 'server'): void => {
    let count = 0
    from.on('error', () => to.destroy()).on('close', () => to.destroy())
    from.on('data', (chunk: Buffer) => {
      const what = through(chunk, side, count++)
      if (what === 'pass') to.write(chunk)
      if (what === 'reset') from.resetAndDestroy()
    })
  }
  return opened(
    t,
    createServer((near) => {
      const far = connect(port, '127.0.0.1')
      pipe(near, far, 'client')
      pipe(far, near, 'server')
    }),
  )
}

t.test('our own files', async (t) => {
  const put = (key: string, mode: number): ReturnType<typeof identityFiles> => {
    const folder = t.testdir({ 'client.key': key })
    chmodSync(join(folder, 'client.key'), mode)
    return identityFiles(join(files, 'client.pem'), join(folder, 'client.key'), 'client.pem', ['peer.lab.test'])
  }
  const demanding = { requestCert: true, rejectUnauthorized: true, ca: pki.root.pem }

  t.test('a key that others may read is told, and the certificate is tried', async (t) => {
    const report = await checkPort(await sipServer(t, demanding), { ...patient, own: put(String(client.key), 0o644) })
    t.match(stepOf(report, 'own-key'), { outcome: 'warning', code: 'key.permissions' })
    t.match(stepOf(report, 'client-certificate.own'), { outcome: 'ok' })
  })

  t.test('a key of another certificate is our fault, and the server sees neither', async (t) => {
    const server = await sipServer(t, { requestCert: true, rejectUnauthorized: false, ca: pki.root.pem })
    const report = await checkPort(server, { ...patient, own: put(String(good.key), 0o600) })
    t.match(stepOf(report, 'own-certificate'), { outcome: 'failed', code: 'key.mismatch' })
    t.notMatch(stepOf(report, 'client-certificate.own')?.sentence, /The server refused/)
  })
})

t.test('the versions of a server', async (t) => {
  t.test('are asked with our certificate where the server demands one', async (t) => {
    const key = t.testdir({ 'client.key': String(client.key) })
    chmodSync(join(key, 'client.key'), 0o600)
    const own = identityFiles(join(files, 'client.pem'), join(key, 'client.key'), 'client.pem', ['peer.lab.test'])
    const port = await sipServer(t, { requestCert: true, rejectUnauthorized: true, ca: pki.root.pem })
    const report = await checkPort(port, { ...patient, own })
    t.match(stepOf(report, 'tls.version.1.2')?.evidence, { offered: true })
  })

  t.test('are offered where the server refuses only for want of a certificate', async (t) => {
    const port = await sipServer(t, { requestCert: true, rejectUnauthorized: true, ca: pki.root.pem })
    const report = await checkPort(port, patient)
    t.match(stepOf(report, 'tls.version.1.2')?.evidence, { offered: true })
  })

  t.test('are not offered where the server says so', async (t) => {
    const report = await checkPort(await sipServer(t, { minVersion: 'TLSv1.3' }), patient)
    t.match(stepOf(report, 'tls.version.1.2')?.evidence, { offered: false })
  })

  t.test('cannot be told where the handshake breaks for no reason given', async (t) => {
    const server = await sipServer(t)
    const port = await relay(t, server, (chunk, from) =>
      from === 'client' && chunk.includes(Buffer.from([0x03, 0x04])) ? 'pass' : from === 'client' ? 'reset' : 'pass',
    )
    const report = await checkPort(port, patient)
    t.equal(stepOf(report, 'tls.version.1.2')?.evidence['offered'], 'unknown')
  })
})

t.test('a handshake that breaks by its form', async (t) => {
  t.test('over a name that the server does not know is named so', async (t) => {
    const unrecognizedName = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70])
    const port = await opened(
      t,
      createServer((socket) => {
        socket.on('error', () => socket.destroy())
        socket.once('data', () => socket.end(unrecognizedName))
      }),
    )
    const report = await checkPort(port, patient)
    t.match([report.code, report.verdict?.found], ['tls.name-unknown', /to the name fe1\.lab\.test \(SNI\)/])
  })

  t.test('over a ClientHello that is too large is proved by a smaller one', async (t) => {
    const server = await sipServer(t)
    const port = await relay(t, server, (chunk, from, count) =>
      from === 'client' && count === 0 && chunk.length > 600 ? 'reset' : 'pass',
    )
    t.equal((await checkPort(port, patient)).code, 'tls.hello-too-large')
  })

  t.test('a server that failed but once is not said to mind the size', async (t) => {
    const server = await sipServer(t)
    let connections = 0
    const port = await relay(t, server, (_chunk, from, count) => {
      if (from === 'client' && count === 0) connections += 1
      return connections <= 2 ? 'reset' : 'pass'
    })
    const { code, verdict } = await checkPort(port, patient)
    t.not(code, 'tls.hello-too-large')
    t.match(verdict?.found, /tried again, the same handshake succeeded/)
  })

  t.test('over large segments that are lost on the way', async (t) => {
    const server = await sipServer(t)
    const port = await relay(t, server, (chunk, from) => (from === 'server' && chunk.length > 1300 ? 'drop' : 'pass'))
    const { code, verdict } = await checkPort(port, { ca, timeoutMs: 2000 })
    t.equal(code, 'link.large-segments-lost')
    t.match(verdict?.message, /probably/, 'a server that stops before it answers looks the same')
    t.same(
      verdict?.candidates?.map((each) => each.code),
      ['link.large-segments-lost', 'tls.handshake-timeout'],
    )
  })

  t.test('that stops half way, and says how much came', async (t) => {
    const port = await opened(
      t,
      createServer((socket) => {
        socket.on('error', () => socket.destroy())
        socket.once('data', () => socket.write(Buffer.from([22, 3, 3, 0x0f, 0xff])))
      }),
    )
    t.match((await checkPort(port, patient)).verdict?.found, /^5 octets came within \d+ ms, and the handshake was not/)
  })

  t.test('because the port waits for a PROXY header', async (t) => {
    const server = await sipServer(t)
    const port = await opened(
      t,
      createServer((near) => {
        near.on('error', () => near.destroy())
        near.once('data', (chunk: Buffer) => {
          const end = chunk.indexOf('\r\n')
          if (!chunk.toString('latin1').startsWith('PROXY TCP4 127.0.0.1 127.0.0.1 ')) return near.destroy()
          const far = connect(server, '127.0.0.1')
          far.on('error', () => near.destroy())
          far.write(chunk.subarray(end + 2))
          near.pipe(far).pipe(near)
        })
      }),
    )
    t.equal((await checkPort(port, patient)).code, 'tls.proxy-protocol')
  })
})

t.test('what other peers meet', async (t) => {
  t.test('a chain that was not sent, although we could complete it', async (t) => {
    const port = await sipServer(t, { cert: leaf.pem, ca: pki.root.pem })
    const report = await checkPort(port, { timeoutMs: 2000, ca: join(files, 'root-int.pem') })
    t.match(stepOf(report, 'certificate.sent'), { outcome: 'warning', code: 'chain.incomplete' })
  })

  t.test('an expired certificate beside the chain', async (t) => {
    const old = pki.ca({ commonName: 'old cross CA', notAfter: new Date(Date.now() - 86_400_000) })
    const port = await sipServer(t, { cert: String(good.certificate) + old.pem })
    const report = await checkPort(port, patient)
    t.match(stepOf(report, 'certificate.extra'), { outcome: 'warning', code: 'chain.expired' })
  })

  t.test('the certificate of another for a peer that sends no SNI', async (t) => {
    const named = createSecureContext({ cert: String(good.certificate), key: String(good.key) })
    const port = await sipServer(t, {
      cert: String(other.certificate),
      key: String(other.key),
      SNICallback: (_name, answer) => answer(null, named),
    })
    const report = await checkPort(port, patient)
    t.match(stepOf(report, 'tls.without-sni'), {
      outcome: 'warning',
      code: 'cert.name-mismatch',
      sentence: /no server name \(SNI\) gets the certificate CN=other\.lab\.test/,
    })
  })

  t.test('another address of the same name with a bad certificate', async (t) => {
    const first = await sipServer(t)
    const bad = createTlsServer({ cert: String(other.certificate), key: String(other.key) })
    t.teardown(() => bad.close())
    await new Promise<void>((resolve) => bad.listen(first, '127.0.0.2', resolve))
    const report = await checkPort(first, { ...patient, addresses: ['127.0.0.1', '127.0.0.2'] })
    t.match([report.ok, stepOf(report, 'address')], [false, { outcome: 'failed', code: 'cert.name-mismatch' }])
  })

  t.test('one member of several behind one address with a bad certificate', async (t) => {
    const [first, second] = [good, other].map(({ certificate, key }) =>
      createSecureContext({ cert: String(certificate), key: String(key) }),
    )
    let turn = 0
    const port = await sipServer(t, { SNICallback: (_name, answer) => answer(null, turn++ % 3 === 0 ? first : second) })
    const report = await checkPort(port, patient)
    t.match(
      [report.ok, stepOf(report, 'member')],
      [
        false,
        { outcome: 'failed', code: 'cert.name-mismatch', sentence: /of 4 further handshakes got another certificate/ },
      ],
    )
  })

  t.test('several members with good certificates of their own', async (t) => {
    const twin = show(pki.leaf(), pki.issuing)
    const contexts = [good, twin].map(({ certificate, key }) =>
      createSecureContext({ cert: String(certificate), key: String(key) }),
    )
    let turn = 0
    const port = await sipServer(t, { SNICallback: (_name, answer) => answer(null, contexts[turn++ % 2]) })
    t.match(stepOf(await checkPort(port, patient), 'member'), {
      outcome: 'ok',
      sentence: /another certificate, which is good too: several servers answer here/,
    })
  })
})
