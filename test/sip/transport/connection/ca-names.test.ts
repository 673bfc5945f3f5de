/** The names of CAs that a server announces, read from one handshake. */
import type { AddressInfo } from 'node:net'
import { createServer, type TlsOptions } from 'node:tls'
import t from 'tap'
import { faultPki, show } from '../../../../src/faults/catalogue/fault-pki.ts'
import { announcedCas, fits } from '../../../../src/sip/transport/connection/ca-names.ts'
import { guardMs } from '../../../support/guard.ts'

const pki = faultPki({ now: Date.now() })
const stranger = pki.ca({ commonName: 'stranger Root CA' })
const { certificate = '', key = '' } = show(pki.leaf(), pki.issuing)
const own = { cert: String(certificate), key: String(key) }

async function announcedBy(options: TlsOptions): Promise<readonly Buffer[] | undefined> {
  const server = createServer({ ...own, requestCert: true, rejectUnauthorized: false, ...options })
  server.on('secureConnection', (socket) => socket.on('error', () => socket.destroy()))
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  try {
    return await announcedCas({ host: '127.0.0.1', port }, { ca: pki.root.pem, servername: pki.name }, guardMs)
  } finally {
    server.close()
  }
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
  t.test(version, async (t) => {
    const versions = { minVersion: version, maxVersion: version }

    t.test('names fit a certificate below one of the CAs', async (t) => {
      const names = await announcedBy({ ...versions, ca: [stranger.pem, pki.root.pem] })
      t.equal(names?.length, 2)
      t.ok(fits(names ?? [], own.cert))
    })

    t.test('names of strangers fit no certificate of ours', async (t) => {
      t.notOk(fits((await announcedBy({ ...versions, ca: stranger.pem })) ?? [], own.cert))
    })

    t.test('a list of hundreds of names comes whole', async (t) => {
      const { key: caKey } = pki.root
      const many = Array.from({ length: 300 }, (_none, at) => pki.ca({ commonName: `root ${at}`, key: caKey }).pem)
      t.equal((await announcedBy({ ...versions, ca: many }))?.length, 300)
    })

    t.test('a server that refuses a client without a certificate has announced them before', async (t) => {
      t.equal((await announcedBy({ ...versions, ca: pki.root.pem, rejectUnauthorized: true }))?.length, 1)
    })

    t.test('a server that asks for no certificate announces nothing', async (t) => {
      t.equal(await announcedBy({ ...versions, ca: pki.root.pem, requestCert: false }), undefined)
    })
  })

t.test('under every cipher suite of TLS 1.3', async (t) => {
  for (const ciphers of ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'])
    t.equal((await announcedBy({ ca: pki.root.pem, ciphers, minVersion: 'TLSv1.3' }))?.length, 1, ciphers)
})

t.test('no names at all fit every certificate', async (t) => {
  t.ok(fits([], own.cert))
})

t.test('a port that speaks no TLS announces nothing', async (t) => {
  const names = await announcedCas({ host: '127.0.0.1', port: 9 }, {}, 500)
  t.equal(names, undefined)
})
