/**
 * A SIP server in this process, as bad as wanted: what a check meets in its tests. It answers OPTIONS and keep-alives.
 */
import { constants, type X509Certificate } from 'node:crypto'
import { createServer as createTcp, isIP, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTls, type TLSSocket, type TlsOptions } from 'node:tls'
import type { Side } from '../../src/faults/catalogue/fault.ts'
import type { EndSettings, Variation } from '../../src/faults/catalogue/variation.ts'
import type { FaultPki } from '../../src/faults/catalogue/fault-pki.ts'
import { show } from '../../src/faults/catalogue/fault-pki.ts'
import { addNamed, behindDoor } from './door.ts'
import { respond } from './sip-answers.ts'

export interface TestServer {
  readonly port: number
  close(): void
}

/** @param onSocket takes over each connection; absent: SIP is spoken */
export async function tcpServer(onSocket: (socket: Socket) => void = respond): Promise<TestServer> {
  return listening(createTcp((socket) => onSocket(quiet(socket))))
}

/**
 * The end that a fault of the catalogue is at: the presenter when the server is broken, else a judge that refuses
 * without a word. Both TLS versions, unless the fault says otherwise.
 */
export async function faultServer(pki: FaultPki, variation: Variation, side: Side): Promise<TestServer> {
  return side === 'server' ? presenting(pki, variation) : judging(pki, variation)
}

async function presenting(pki: FaultPki, { presenter, judge }: Variation): Promise<TestServer> {
  const proxied = judge.settings?.sendsProxyHeader
  const { passphrase, trust = pki.root.pem, settings } = presenter
  const { certificate, key } = presenter.served ?? presenter
  const server = createTls({
    ...(certificate === undefined ? {} : { cert: asGiven(certificate) }),
    ...(key === undefined ? {} : { key: asGiven(key) }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ca: trust,
    requestCert: true,
    rejectUnauthorized: false,
    secureOptions: constants.SSL_OP_NO_TICKET,
    ...tlsSettings(settings),
  })
  if (settings?.staple !== undefined) staple(server, settings.staple)
  addNamed(server, settings, { ca: trust })
  server.on('secureConnection', (socket) => {
    const isUnmet = settings?.demands === true && socket.getPeerX509Certificate() === undefined
    if (isUnmet) quiet(socket).resume().end()
    else respond(quiet(socket))
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return listening(settings?.door === undefined && proxied !== true ? server : behindDoor(server, settings))
}

async function judging(pki: FaultPki, { judge, wantedName }: Variation): Promise<TestServer> {
  const own = show(
    pki.leaf({ commonName: 'director.lab.test', names: [{ kind: 'dns', value: 'director.lab.test' }] }),
    pki.issuing,
  )
  const options = {
    cert: String(own.certificate),
    key: String(own.key),
    ...(judge.trust === undefined ? {} : { ca: [...judge.trust] }),
    requestCert: true,
    rejectUnauthorized: false,
    ...(judge.settings?.resumes === true ? {} : { secureOptions: constants.SSL_OP_NO_TICKET }),
    ...tlsSettings(judge.settings),
  }
  const server = createTls({ ...options, ...(judge.crls === undefined ? {} : { crl: [...judge.crls] }) })
  if (judge.settings?.contextWithoutCrl === true)
    server.addContext('director.lab.test', {
      cert: options.cert,
      key: options.key,
      ...(judge.trust === undefined ? {} : { ca: [...judge.trust] }),
    })
  server.on('secureConnection', (socket) => {
    quiet(socket)
    const peer = socket.getPeerX509Certificate()
    if (!isAccepted(socket, peer, judge.settings, wantedName)) return socket.resume().end()
    return respond(socket)
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return listening(server)
}

function isAccepted(
  { authorized }: TLSSocket,
  peer: X509Certificate | undefined,
  { asksOnly, checksNoName }: EndSettings = {},
  wantedName: string,
): boolean {
  if (peer === undefined) return asksOnly === true
  return authorized && (checksNoName === true || carries(peer, wantedName))
}

function carries(certificate: X509Certificate, wanted: string): boolean {
  return isIP(wanted) === 0 ? certificate.checkHost(wanted) !== undefined : certificate.checkIP(wanted) !== undefined
}

function tlsSettings(change: EndSettings = {}): TlsOptions {
  const { alpn, staple: _staple, contextWithoutCrl: _context, allowPartialTrustChain: _partial, ...others } = change
  const { door: _door, knownNames: _names, named: _named, sni: _sni, sendsProxyHeader: _proxy, ...more } = others
  const {
    resumes: _resumes,
    filtersByCaNames: _filters,
    demands: _demands,
    showsNothing: _nothing,
    checksNoName: _unchecked,
    asksOnly: _asks,
    closesBare: _bare,
    ...rest
  } = more
  return { ...rest, ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }) }
}

function staple(server: Server, what: Exclude<EndSettings['staple'], undefined>): void {
  server.on(
    'OCSPRequest',
    (_certificate: Buffer, _issuer: Buffer, answer: (error: Error | null, response: Buffer | null) => void) => {
      if (what === 'error') return answer(new Error('the responder is down'), null)
      answer(null, what === 'garbage' ? Buffer.from('no answer at all') : null)
    },
  )
}

/** A peer that hangs up is the daily bread of these tests. */
function quiet<S extends Socket>(socket: S): S {
  socket.on('error', () => socket.destroy())
  return socket
}

function asGiven(content: string | Uint8Array): string | Buffer {
  return typeof content === 'string' ? content : Buffer.from(content)
}

async function listening(server: Server): Promise<TestServer> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}
