/** What a server does with the first octets of a connection before TLS answers. */
import { createServer, type AddressInfo } from 'node:net'
import { connect } from 'node:tls'
import { fc } from '../../../support/property.ts'
import t from 'tap'
import { atDoor, beginsWithProxyHeader, proxyHeader } from '../../../../src/sip/transport/connection/door.ts'
import { serverNameOf } from '../../../../src/sip/transport/connection/server-name.ts'

/** The ClientHello of Node for this name; empty: without SNI. */
async function helloFor(servername: string, maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3'): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', (octets) => {
      resolve(octets)
      socket.destroy()
    })
  }).listen(0, '127.0.0.1')
  await new Promise((ready) => server.once('listening', ready))
  const { port } = server.address() as AddressInfo
  const client = connect({ host: '127.0.0.1', port, servername, maxVersion })
  client.on('error', () => client.destroy())
  const octets = await promise
  server.close()
  return octets
}

t.test('the name in SNI', async (t) => {
  t.test('is read from a ClientHello of either version', async (t) => {
    t.equal(serverNameOf(await helloFor('fe1.lab.test')), 'fe1.lab.test')
    t.equal(serverNameOf(await helloFor('fe1.lab.test', 'TLSv1.2')), 'fe1.lab.test')
  })

  t.test('is absent where the client sends none', async (t) => {
    t.equal(serverNameOf(await helloFor('')), undefined)
  })

  t.test('is read across two records', async (t) => {
    const hello = await helloFor('fe1.lab.test')
    const body = hello.subarray(5)
    const record = (octets: Buffer): Buffer => {
      const head = Buffer.from([22, 3, 1, 0, 0])
      head.writeUInt16BE(octets.length, 3)
      return Buffer.concat([head, octets])
    }
    t.equal(serverNameOf(Buffer.concat([record(body.subarray(0, 50)), record(body.subarray(50))])), 'fe1.lab.test')
  })

  t.test('is absent in any other octets, which never throw', async (t) => {
    const hello = await helloFor('fe1.lab.test')
    fc.assert(
      fc.property(
        fc.nat(hello.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.nat(hello.length),
        (at, octet, end) => {
          const spoilt = Buffer.from(hello)
          spoilt[at] = octet
          serverNameOf(spoilt.subarray(0, end))
        },
      ),
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => void serverNameOf(Buffer.from(octets))))
    t.pass('nothing was thrown')
  })
})

t.test('the door', async (t) => {
  t.test('is open where no fault asks for one', async (t) => {
    t.same(atDoor(Buffer.from('anything')), { kind: 'open', skip: 0 })
  })

  t.test('knows names in any case, and refuses others with the alert unrecognized_name', async (t) => {
    const tuning = { door: 'known-names', knownNames: ['fe1.lab.test'] } as const
    t.match(atDoor(await helloFor('FE1.lab.test'), tuning), { kind: 'open' })
    t.match(atDoor(await helloFor('fe2.lab.test'), tuning), { kind: 'shut', code: 'tls.name-unknown', alert: Buffer })
    t.match(atDoor(await helloFor(''), tuning), { found: 'no name (SNI) came; known: fe1.lab.test' })
  })

  t.test('for small ClientHellos takes that of TLS 1.2 and not that with a hybrid key share', async (t) => {
    t.match(atDoor(await helloFor('a.test', 'TLSv1.2'), { door: 'small-hello' }), { kind: 'open' })
    t.match(atDoor(await helloFor('a.test'), { door: 'small-hello' }), { code: 'tls.hello-too-large' })
  })

  t.test('for PROXY headers skips one and refuses a ClientHello', async (t) => {
    const header = proxyHeader({
      localAddress: '127.0.0.1',
      localPort: 40_000,
      remoteAddress: '127.0.0.2',
      remotePort: 5061,
    })
    t.equal(header, 'PROXY TCP4 127.0.0.1 127.0.0.2 40000 5061\r\n')
    const answer = atDoor(Buffer.from(`${header}rest`), { door: 'proxy-header' })
    t.same(answer, { kind: 'open', skip: header.length })
    t.match(atDoor(await helloFor('a.test'), { door: 'proxy-header' }), { code: 'tls.proxy-protocol' })
  })

  t.test('tells both versions of the PROXY header from a ClientHello', async (t) => {
    t.ok(beginsWithProxyHeader(Buffer.from('PROXY UNKNOWN\r\n')))
    t.ok(beginsWithProxyHeader(Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11', 'latin1')))
    t.notOk(beginsWithProxyHeader(await helloFor('a.test')))
  })
})
