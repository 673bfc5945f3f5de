/** TLS flows: judged before an octet is read, never resumed, told apart by name, certificate and version. */
import t from 'tap'
import { connect, createServer } from 'node:tls'
import { connect as connectTcp } from 'node:net'
import { materialOf, testCa } from '../../../support/openssl-certificates.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { harness, hopTo, listening, messageText, okText, type Harness } from '../../../support/transport-harness.ts'
import type { Listener, TlsMaterial } from '../../../../src/sip/transport/index.ts'
import { ownFolder } from '../../../support/own-folder.ts'

const ca = testCa(ownFolder(t))
const other = testCa(ownFolder(t), 'other root')
const director = ca.leaf('director.lab.test')
const frontEnd = ca.leaf('fe1.lab.test')
const expired = ca.leaf('old.lab.test', { days: -1 })
const stranger = other.leaf('director.lab.test')

interface Pair {
  readonly server: Harness
  readonly client: Harness
  readonly listener: Listener
}

async function pair(
  t: Parameters<typeof harness>[0],
  serverMaterial: TlsMaterial,
  clientMaterial: TlsMaterial,
  mutual: 'required' | 'requested' | 'off' = 'required',
): Promise<Pair> {
  const server = harness(t, { onRequest: (request, flow) => flow.send(okText(request)) })
  const client = harness(t)
  const listener = await server.layer.listen(listening('tls', { mutual, tls: serverMaterial }))
  client.layer.setOutgoingTls('internal', clientMaterial)
  return { server, client, listener }
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  const only = { minVersion: version, maxVersion: version } as const
  const material = (leaf: typeof director): TlsMaterial => materialOf(leaf, [ca.root], only)
  const hop = (listener: Listener) => hopTo(listener.local, 'tls', { verifyName: 'director.lab.test' })

  t.test(version, async (t) => {
    t.test('sends a server no body that it would close the connection for', async (t) => {
      const { server, client, listener } = await pair(t, material(director), material(frontEnd))
      const flow = await client.layer.connect(hop(listener))
      const room = 1024 * 1024
      t.equal(flow.send(messageText({ transport: 'TLS', body: 'x'.repeat(room + 1) })), false)
      t.equal(flow.send(messageText({ transport: 'TLS', body: 'x'.repeat(room) })), true)
      await server.next('request')
      t.same([flow.open, server.of('closed').length], [true, 0])
    })

    t.test('carries a request and its response between two judged ends', async (t) => {
      const { server, client, listener } = await pair(t, material(director), material(frontEnd))
      const flow = await client.layer.connect(hop(listener))
      flow.send(messageText({ transport: 'TLS' }))
      const { response } = await client.next('response')
      const { flow: accepted } = await server.next('request')
      t.match(
        { status: response.status, ours: flow, theirs: accepted },
        {
          status: 200,
          ours: {
            confirmed: true,
            secure: true,
            direction: 'dialled',
            dialledName: 'director.lab.test',
            peer: { names: ['director.lab.test'] },
          },
          theirs: {
            direction: 'accepted',
            peer: { names: ['fe1.lab.test'] },
            own: { serial: material(director).own.serial },
          },
        },
      )
    })

    t.test(
      'refuses an expired client with its evidence, reads nothing, and the dialler learns no reason',
      async (t) => {
        const { server, client, listener } = await pair(t, material(director), material(expired))
        const flow = await client.layer.connect(hop(listener))
        flow.send(messageText({ transport: 'TLS' }))
        const { refusal } = await server.next('refused')
        const { refusal: told } = await client.next('refused')
        t.match(
          {
            refusal,
            told,
            chain: refusal.evidence?.chain.length,
            requests: server.of('request').length,
            opened: server.of('opened').length,
            confirmed: flow.confirmed,
          },
          {
            refusal: {
              side: 'accepted',
              code: 'cert.expired',
              errorCode: 'CERT_HAS_EXPIRED',
              errorMessage: 'certificate has expired',
            },
            told: { side: 'dialled', code: 'flow.closed-after-handshake', errorMessage: undefined },
            chain: 2,
            requests: 0,
            opened: 0,
            confirmed: false,
          },
        )
      },
    )

    t.test('refuses a dialler without a certificate where one is required', async (t) => {
      const { server, client, listener } = await pair(t, material(director), {
        ...material(frontEnd),
        certificate: '',
        key: '',
      })
      const alert = version === 'TLSv1.2' ? 'tls.alert' : 'tls.client-cert-missing'
      await client.layer.connect(hop(listener)).catch((error: unknown) => t.match(error, { code: 'tls.alert' }))
      const { refusal } = await server.next('refused')
      t.match(refusal, { code: 'tls.client-cert-missing', evidence: { chain: [] }, errorCode: undefined })
      const { refusal: told } = await client.next('refused')
      const number = version === 'TLSv1.2' ? 40 : 116
      t.match(told, { side: 'dialled', code: alert, errorMessage: new RegExp(`alert number ${number}\\b`) })
    })

    t.test('answers one request of a refused dialler where refusals are explained, and hands none up', async (t) => {
      for (const [leaf, code] of [
        [expired, 'cert.expired'],
        [undefined, 'tls.client-cert-missing'],
      ] as const) {
        const server = harness(t)
        const listener = await server.layer.listen(
          listening('tls', { mutual: 'required', tls: material(director), refusals: 'explained' }),
        )
        const client = connect({
          port: listener.local.port,
          host: '127.0.0.1',
          ca: [ca.root],
          rejectUnauthorized: false,
          ...(leaf === undefined ? {} : { cert: leaf.certificate, key: leaf.key }),
          ...only,
        })
        client.write(`${messageText({ transport: 'TLS' })}${messageText({ transport: 'TLS' })}`, 'latin1')
        const text = Buffer.concat(await client.toArray()).toString('latin1')
        t.match(text, new RegExp(`^SIP/2\\.0 403 Connection refused: ${code}\r\n`))
        t.match(text, /^Via: .*\r\n(?:.*\r\n)*CSeq: /m)
        t.equal(text.split('SIP/2.0 403').length, 2, 'one answer')
        const { refusal } = await server.next('refused')
        t.match(refusal, { code, evidence: { chain: leaf === undefined ? [] : [Buffer, Buffer] } })
        t.equal(server.of('request').length, 0)
      }
    })

    t.test('a dialler of ours is told of a refusal the same, whether it is explained or not', async (t) => {
      const told = []
      for (const refusals of ['silent', 'explained'] as const) {
        const [server, client] = [harness(t), harness(t)]
        const listener = await server.layer.listen(
          listening('tls', { mutual: 'required', tls: material(director), refusals }),
        )
        client.layer.setOutgoingTls('internal', material(expired))
        const flow = await client.layer.connect(hop(listener))
        flow.send(messageText({ transport: 'TLS' }))
        const { refusal } = await client.next('refused')
        told.push([refusal.side, refusal.code, client.of('response').length])
      }
      t.strictSame(told, [
        ['dialled', 'flow.closed-after-handshake', 0],
        ['dialled', 'flow.closed-after-handshake', 0],
      ])
    })

    t.test('says nothing to a refused dialler that talks', async (t) => {
      const server = harness(t)
      const listener = await server.layer.listen(listening('tls', { mutual: 'requested', tls: material(director) }))
      const { certificate: cert, key } = expired
      const own = { cert, key, ca: [ca.root], rejectUnauthorized: false, ...only }
      const client = connect({ port: listener.local.port, host: '127.0.0.1', ...own })
      client.write(messageText({ transport: 'TLS' }), 'latin1')
      t.equal(Buffer.concat(await client.toArray()).length, 0)
      t.match((await server.next('refused')).refusal, { code: 'cert.expired' })
    })

    t.test('takes a dialler without a certificate as a client where one is only requested', async (t) => {
      const { server, client, listener } = await pair(
        t,
        material(director),
        { ...material(frontEnd), certificate: '', key: '' },
        'requested',
      )
      const flow = await client.layer.connect(hop(listener))
      flow.send(messageText())
      const { flow: accepted } = await server.next('request')
      t.same({ peer: accepted.peer, own: flow.own }, { peer: undefined, own: undefined })
    })

    t.test('refuses a server from another root and shows its chain', async (t) => {
      const { client, listener } = await pair(t, materialOf(stranger, [ca.root], only), material(frontEnd), 'off')
      await t.rejects(client.layer.connect(hop(listener)), { name: 'DialError', code: 'chain.untrusted-root' })
      const { refusal } = await client.next('refused')
      t.match(refusal, { side: 'dialled', wantedName: 'director.lab.test', evidence: { authorized: false }, detail: 2 })
    })

    t.test('refuses a server that carries another name than the one dialled', async (t) => {
      const { client, listener } = await pair(t, material(director), material(frontEnd))
      await t.rejects(client.layer.connect(hopTo(listener.local, 'tls', { verifyName: 'edge.lab.test' })), {
        code: 'cert.name-mismatch',
      })
    })

    t.test('resumes no session, ticket or not', async (t) => {
      const { server, listener } = await pair(t, material(director), material(frontEnd), 'requested')
      const dial = (session?: Buffer): Promise<{ session: Buffer | undefined; reused: boolean }> =>
        new Promise((resolve, reject) => {
          let ticket: Buffer | undefined
          const socket = connect(
            {
              port: listener.local.port,
              host: '127.0.0.1',
              ca: ca.root,
              servername: 'director.lab.test',
              ...only,
              ...(session === undefined ? {} : { session }),
            },
            () => {
              socket.write(messageText())
            },
          )
          socket.on('session', (offered) => (ticket = offered))
          socket.on('error', reject)
          socket.on('data', () => {
            const reused = socket.isSessionReused()
            const got = ticket ?? socket.getSession()
            socket.on('close', () => resolve({ session: got, reused }))
            socket.end()
          })
        })
      const first = await dial()
      const second = await dial(first.session)
      t.same({ reused: second.reused, accepted: server.of('opened').length }, { reused: false, accepted: 2 })
    })
  })
}

t.test('counts a connection closed before its ClientHello as a probe and refuses nobody', async (t) => {
  const { server, listener } = await pair(t, materialOf(director, [ca.root]), materialOf(frontEnd, [ca.root]))
  const probe = connectTcp(listener.local.port, '127.0.0.1', () => probe.end())
  probe.resume()
  const { event } = await server.next('incident')
  t.same({ event, refused: server.of('refused').length }, { event: 'connection.probe', refused: 0 })
})

t.test('reports plain text on a TLS port as a failed handshake', async (t) => {
  const { server, listener } = await pair(t, materialOf(director, [ca.root]), materialOf(frontEnd, [ca.root]))
  const plain = connectTcp(listener.local.port, '127.0.0.1', () => plain.end(messageText()))
  plain.on('error', () => plain.destroy())
  plain.resume()
  const { refusal } = await server.next('refused')
  t.match(refusal, { side: 'accepted', code: 'tls.handshake-failed', remote: { address: '127.0.0.1' } })
})

t.test('outlives peers that break off anywhere', async (t) => {
  const { server, client, listener } = await pair(t, materialOf(director, [ca.root]), materialOf(frontEnd, [ca.root]))
  const breakOff = (octets: Buffer): Promise<void> =>
    new Promise((resolve) => {
      const socket = connectTcp(listener.local.port, '127.0.0.1', () =>
        socket.write(octets, () => setTimeout(() => socket.resetAndDestroy(), 5)),
      )
      socket.on('close', () => resolve())
    })
  await breakOff(Buffer.from('16030100c8010000c40303', 'hex'))
  await breakOff(Buffer.alloc(0))
  t.match(await server.next('incident'), { event: 'connection.probe' })
  t.match(await client.layer.connect(hopTo(listener.local, 'tls', { verifyName: 'director.lab.test' })), { open: true })
})

t.test('closes a flow whose peer resets the connection', async (t) => {
  const { server, listener } = await pair(
    t,
    materialOf(director, [ca.root]),
    materialOf(frontEnd, [ca.root]),
    'requested',
  )
  const raw = connectTcp(listener.local.port, '127.0.0.1')
  const socket = connect({ socket: raw, ca: ca.root, servername: 'director.lab.test' }, () =>
    socket.write(messageText()),
  )
  socket.on('error', () => raw.destroy())
  await server.next('request')
  raw.destroy()
  t.match(await server.next('closed'), { because: /^(link\.reset|peer-closed)$/, flow: { open: false } })
})

t.test('refuses a peer whose certificate the judge cannot read', async (t) => {
  const server = harness(t, {
    judge: () => {
      throw new RangeError('nested too deep')
    },
  })
  const client = harness(t)
  const listener = await server.layer.listen(
    listening('tls', { mutual: 'required', tls: materialOf(director, [ca.root]) }),
  )
  client.layer.setOutgoingTls('internal', materialOf(frontEnd, [ca.root]))
  await client.layer.connect(hopTo(listener.local, 'tls', { verifyName: 'director.lab.test' }))
  t.match((await server.next('refused')).refusal, { code: 'cert.malformed', detail: { message: 'nested too deep' } })
})

t.test('lets no TLS 1.2 peer come back with another certificate', async (t) => {
  const { server, listener } = await pair(
    t,
    materialOf(director, [ca.root]),
    materialOf(frontEnd, [ca.root]),
    'requested',
  )
  const socket = connect(
    {
      port: listener.local.port,
      host: '127.0.0.1',
      ca: ca.root,
      servername: 'director.lab.test',
      maxVersion: 'TLSv1.2',
    },
    () => socket.write(messageText()),
  )
  t.teardown(() => socket.destroy())
  await server.next('request')
  const outcome = await new Promise((resolve) => {
    socket.on('error', (error) => resolve(error.message))
    socket.renegotiate({}, (error) => resolve(error === null ? 'renegotiated' : error.message))
  })
  t.match(outcome, /no renegotiation/)
})

t.test('learns from alert 116 that its own certificate was missing', async (t) => {
  const strict = createServer({
    cert: director.certificate,
    key: director.key,
    ca: ca.root,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  })
  strict.on('tlsClientError', (_error, socket) => socket.destroy())
  await new Promise<void>((resolve) => strict.listen(0, '127.0.0.1', resolve))
  t.teardown(() => strict.close())
  const bound = strict.address()
  const client = harness(t)
  client.layer.setOutgoingTls('internal', { ...materialOf(frontEnd, [ca.root]), certificate: '', key: '' })
  await client.layer.connect(
    hopTo({ address: '127.0.0.1', port: bound !== null && typeof bound === 'object' ? bound.port : 0 }, 'tls', {
      verifyName: 'director.lab.test',
    }),
  )
  t.match((await client.next('refused')).refusal, { side: 'dialled', code: 'tls.client-cert-missing' })
})

t.test('gives up on a handshake that stops halfway, and names the time', async (t) => {
  // Longer than a busy machine leaves this process waiting: octets that are read only then came too late to count.
  const server = harness(t, { settings: { clientHelloSeconds: 2 } })
  const listener = await server.layer.listen(
    listening('tls', { mutual: 'required', tls: materialOf(director, [ca.root]) }),
  )
  const half = connectTcp(listener.local.port, '127.0.0.1', () =>
    half.write(Buffer.from('16030100c8010000c40303', 'hex')),
  )
  half.on('error', () => half.destroy())
  half.resume()
  t.match((await server.next('refused')).refusal, {
    code: 'tls.handshake-timeout',
    errorCode: 'ERR_TLS_HANDSHAKE_TIMEOUT',
  })
})

t.test('counts a connection that stays silent as a probe', async (t) => {
  const server = harness(t, { settings: { clientHelloSeconds: 0.1 } })
  const listener = await server.layer.listen(
    listening('tls', { mutual: 'required', tls: materialOf(director, [ca.root]) }),
  )
  const silent = connectTcp(listener.local.port, '127.0.0.1')
  silent.resume()
  t.match([await server.next('incident'), server.of('refused')], [{ event: 'connection.probe' }, []])
})

t.test('lets others shake hands while some stay silent', async (t) => {
  const server = harness(t, { settings: { concurrentHandshakes: 1 } })
  const listener = await server.layer.listen(
    listening('tls', { mutual: 'required', tls: materialOf(director, [ca.root]) }),
  )
  const silent = connectTcp(listener.local.port, '127.0.0.1')
  t.teardown(() => silent.destroy())
  await new Promise((resolve) => silent.once('connect', resolve))
  const client = harness(t)
  client.layer.setOutgoingTls('internal', materialOf(frontEnd, [ca.root]))
  t.match(await client.layer.connect(hopTo(listener.local, 'tls', { verifyName: 'director.lab.test' })), { open: true })
})

t.test('refuses a revoked client when the listener has a CRL of every CA', async (t) => {
  const { server, client, listener } = await pair(t, materialOf(director, [ca.root]), materialOf(frontEnd, [ca.root]))
  listener.replaceTls(materialOf(director, [ca.root], { crl: ca.crls([frontEnd]) }))
  await client.layer.connect(hopTo(listener.local, 'tls', { verifyName: 'director.lab.test' }))
  t.match((await server.next('refused')).refusal, { errorCode: 'CERT_REVOKED', evidence: { chain: { length: 2 } } })
})

t.test('speaks IPv6, and by address where no name was dialled', async (t) => {
  const server = harness(t)
  const client = harness(t, {
    judge: ({ wantedName, chain }) => ({
      kind: 'accept',
      peer: {
        class: 'server',
        names: [wantedName ?? ''],
        subject: '',
        serial: '',
        fingerprint: '',
        notAfter: chain.length,
      },
    }),
  })
  const listener = await server.layer.listen(
    listening('tls', { address: '::1', mutual: 'required', tls: materialOf(director, [ca.root]) }),
  )
  client.layer.setOutgoingTls('internal', materialOf(frontEnd, [ca.root]))
  const flow = await client.layer.connect(hopTo(listener.local, 'tls', { verifyName: '::1' }))
  const { flow: accepted } = await server.next('opened')
  t.match(
    { flow, accepted },
    { flow: { peer: { names: ['::1'] } }, accepted: { remote: { address: '::1' }, peer: { names: ['fe1.lab.test'] } } },
  )
})

t.test('outlives a peer that resets while it waits for its turn', async (t) => {
  const server = harness(t, { settings: { concurrentHandshakes: 1 } })
  const listener = await server.layer.listen(
    listening('tls', { mutual: 'required', tls: materialOf(director, [ca.root]) }),
  )
  const silent = connectTcp(listener.local.port, '127.0.0.1')
  t.teardown(() => silent.destroy())
  await new Promise((resolve) => silent.once('connect', resolve))
  const hasty = connectTcp(listener.local.port, '127.0.0.1', () => hasty.write('x', () => hasty.resetAndDestroy()))
  await new Promise((resolve) => hasty.once('close', resolve))
  silent.destroy()
  t.match(
    [await server.next('incident'), await Promise.race([server.next('refused'), server.next('incident', 1)])],
    [{ event: 'connection.probe' }, {}],
  )
})

t.test('keeps a TLS flow whose peer reads slowly but reads', async (t) => {
  const clock = new FakeClock()
  const server = harness(t, { clock, settings: { sendQueueBytes: 64_000_000, stuckSeconds: 30 } })
  const listener = await server.layer.listen(
    listening('tls', { mutual: 'requested', tls: materialOf(director, [ca.root]) }),
  )
  const socket = connect(
    { port: listener.local.port, host: '127.0.0.1', ca: ca.root, servername: 'director.lab.test' },
    () => socket.write(messageText()),
  )
  t.teardown(() => socket.destroy())
  let octets = 0
  socket.on('data', (chunk) => (octets += chunk.length))
  const { flow } = await server.next('request')
  socket.pause()
  for (let sent = 0; sent < 600; sent++) flow.send(messageText({ body: 'x'.repeat(50_000) }))
  for (let round = 1; round < 4; round++) {
    socket.resume()
    while (octets < round * 4_000_000) await new Promise((resolve) => setImmediate(resolve))
    socket.pause()
    clock.advance(20_000)
  }
  t.equal(flow.open, true)
})
