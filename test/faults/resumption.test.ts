/** Why the judges refuse every resumed session: OpenSSL keeps the verdict of the first handshake with the ticket. */
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TlsOptions } from 'node:tls'
import t from 'tap'
import { faultPki, show } from '../../src/faults/catalogue/fault-pki.ts'
import { revoking } from '../../src/faults/catalogue/parts.ts'

const pki = faultPki({ now: Date.now() })
const leaf = pki.leaf()
const { certificate: cert = '', key = '' } = show(leaf, pki.issuing)
const ends = { cert: String(cert), key: String(key), ca: pki.root.pem }
const revoked = [pki.crl(pki.root), pki.crl(pki.issuing, revoking(pki, leaf))]

interface Seen {
  readonly authorized: boolean
  readonly resumed: boolean
  /** Absent: the server gave none, as in a session of TLS 1.2 that is resumed. */
  readonly session?: Buffer | undefined
}

/** One connection to a server with these options, as the server sees it. */
async function dial(options: TlsOptions, session?: Buffer): Promise<Seen> {
  const newest = Promise.withResolvers<Buffer | undefined>()
  const judged = Promise.withResolvers<Omit<Seen, 'session'>>()
  const server = createServer({ ...ends, ...options, requestCert: true, rejectUnauthorized: false })
  server.on('secureConnection', (socket) => {
    socket.on('error', () => socket.destroy())
    judged.resolve({ authorized: socket.authorized, resumed: socket.isSessionReused() })
    socket.end('.')
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  const client = connect({
    host: '127.0.0.1',
    port,
    ...ends,
    servername: pki.name,
    ...(session === undefined ? {} : { session }),
  })
  client
    .on('session', newest.resolve)
    .on('close', () => newest.resolve(undefined))
    .on('error', newest.reject)
    .resume()
  try {
    return { ...(await judged.promise), session: await newest.promise }
  } finally {
    client.destroy()
    server.close()
  }
}

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
  t.test(`a revoked client certificate under ${maxVersion}`, async (t) => {
    const ticketKeys = randomBytes(48)
    const before = await dial({ maxVersion, ticketKeys })
    t.match(before, { authorized: true, resumed: false }, 'is good before it is revoked')
    const full = await dial({ maxVersion, ticketKeys, crl: revoked })
    t.match(full, { authorized: false, resumed: false }, 'is refused in a full handshake')
    const again = await dial({ maxVersion, ticketKeys, crl: revoked }, before.session)
    t.match(again, { authorized: true, resumed: true }, 'passes in a resumed session')
  })
