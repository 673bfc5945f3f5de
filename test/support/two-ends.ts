/**
 * One real handshake between two ends in this process, as nodes of the lab do it: a certificate is requested and not
 * required, each end decides for itself before it reads an octet, tickets are off, and a link counts as up at the first
 * answer, never at the end of the handshake (under TLS 1.3 a refused client believes that it succeeded).
 */
import { constants, type X509Certificate } from 'node:crypto'
import { type AddressInfo, connect as connectTcp, isIP, type Server as TcpServer, type Socket } from 'node:net'
import {
  checkServerIdentity,
  connect,
  createServer,
  type ConnectionOptions,
  type Server,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls'
import { announcedCas, fits } from '../../src/sip/transport/connection/ca-names.ts'
import { proxyHeader } from '../../src/sip/transport/connection/door.ts'
import { alertNumber } from '../../src/verdicts/node-errors.ts'
import type { EndsSee, Outcome, Side } from '../../src/faults/catalogue/fault.ts'
import type { EndSettings, Judge, Presenter, Variation } from '../../src/faults/catalogue/variation.ts'
import { type FaultPki, show } from '../../src/faults/catalogue/fault-pki.ts'
import { addNamed, behindDoor } from './door.ts'

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

const patienceMs = 30_000

/** Lets the variation meet an end that is good in everything else. `side` is the end that presents. */
export async function meet(pki: FaultPki, variation: Variation, side: Side, version: TlsVersion): Promise<EndsSee> {
  const presenter = presenterOptions(variation.presenter, pki.root.pem, version)
  const judge = judgeOptions(variation.judge, pki, version)
  if (side === 'server') {
    const asks = variation.judge.settings?.staple !== undefined
    const [server, client] = await handshake(
      presenter,
      { ...judge, ...dialled(variation), requestOCSP: asks },
      undefined,
      (server) => {
        stapling(variation.presenter.settings)?.(server)
        addNamed(server, variation.presenter.settings, { ca: presenter.ca })
      },
      variation.presenter.settings,
      variation.judge.settings?.sendsProxyHeader,
    )
    return { presenter: server, judge: client }
  }
  const prepare = variation.judge.settings?.contextWithoutCrl === true ? otherContext(pki.name, judge) : undefined
  const resumes = variation.presenter.settings?.resumes === true && variation.judge.settings?.resumes === true
  const [server, client] = resumes
    ? await secondHandshake(judge, { ...presenter, servername: pki.name }, variation.wantedName)
    : await handshake(judge, { ...presenter, servername: pki.name }, variation.wantedName, prepare, {
        ...variation.judge.settings,
        ...variation.presenter.settings,
      })
  return { presenter: client, judge: server }
}

/**
 * What a strict client says about the server, with the message that the soft one loses.
 *
 * @returns absent when it accepts
 */
export async function strictClient(
  pki: FaultPki,
  variation: Variation,
  version: TlsVersion,
): Promise<NodeJS.ErrnoException | undefined> {
  const server = createServer({
    ...presenterOptions(variation.presenter, pki.root.pem, version),
    secureOptions: constants.SSL_OP_NO_TICKET,
  })
  const port = await listen(server)
  try {
    return await new Promise((resolve) => {
      server.on('secureConnection', (socket) => socket.on('error', () => socket.destroy()))
      const socket = connect({
        host: '127.0.0.1',
        port,
        ...judgeOptions(variation.judge, pki, version),
        ...dialled(variation),
        rejectUnauthorized: true,
      })
      socket.once('error', resolve)
      socket.once('secureConnect', () => {
        socket.destroy()
        resolve(undefined)
      })
    })
  } finally {
    server.close()
  }
}

function presenterOptions(presenter: Presenter, rootPem: string, version: TlsVersion): TlsOptions & ConnectionOptions {
  const { certificate, key } = presenter.served ?? presenter
  return {
    ...(certificate === undefined ? {} : { cert: asText(certificate) }),
    ...(key === undefined ? {} : { key: asText(key) }),
    ...(presenter.passphrase === undefined ? {} : { passphrase: presenter.passphrase }),
    ca: presenter.trust ?? rootPem,
    ...settings(presenter.settings, version),
  }
}

/** The judge has a good certificate of its own, so that only the presenter can be refused. */
function judgeOptions(judge: Judge, pki: FaultPki, version: TlsVersion): TlsOptions & ConnectionOptions {
  const own = show(
    pki.leaf({
      commonName: 'director.lab.test',
      names: [
        { kind: 'dns', value: 'director.lab.test' },
        { kind: 'dns', value: pki.name },
      ],
    }),
    pki.issuing,
  )
  return {
    ...(judge.settings?.showsNothing === true
      ? {}
      : { cert: asText(own.certificate ?? ''), key: asText(own.key ?? '') }),
    ...(judge.trust === undefined ? {} : { ca: [...judge.trust] }),
    ...(judge.crls === undefined ? {} : { crl: [...judge.crls] }),
    ...settings(judge.settings, version),
  }
}

function settings(change: EndSettings = {}, version: TlsVersion): TlsOptions & ConnectionOptions {
  const { alpn, staple: _staple, contextWithoutCrl: _context, ...others } = change
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
  return {
    minVersion: version,
    maxVersion: version,
    ...rest,
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
  }
}

/**
 * An address cannot stand in SNI. The name is always compared with what was dialled, never with where the socket went.
 */
function dialled({ wantedName, withoutSni, judge: { settings } }: Variation): ConnectionOptions {
  const servername = settings?.sni ?? (withoutSni === true || isIP(wantedName) !== 0 ? '' : wantedName)
  return {
    servername,
    checkServerIdentity: (_dialled, certificate) =>
      settings?.checksNoName === true ? undefined : checkServerIdentity(wantedName, certificate),
  }
}

type Prepare = (server: Server) => void

/** Node checks nothing in a stapled answer, and an error in place of one breaks the handshake. */
function stapling({ staple }: EndSettings = {}): Prepare | undefined {
  if (staple === undefined) return undefined
  return (server) => {
    server.on('OCSPRequest', (_certificate, _issuer, answer) => {
      if (staple === 'error') return answer(new Error('the responder is down'), Buffer.alloc(0))
      // Node wants null for "no answer"; the types do not know it.
      answer(null, staple === 'garbage' ? Buffer.from('no answer at all') : (null as unknown as Buffer))
    })
  }
}

/** A context of SNI inherits neither trust list nor CRLs. */
function otherContext(name: string, { cert, key, ca }: TlsOptions): Prepare {
  return (server) =>
    server.addContext(name, {
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(ca === undefined ? {} : { ca }),
    })
}

async function handshake(
  serverOptions: TlsOptions,
  clientOptions: ConnectionOptions,
  clientName: string | undefined,
  prepare?: Prepare,
  doorway?: EndSettings,
  sendsProxyHeader?: true,
): Promise<readonly [server: Outcome, client: Outcome]> {
  const server = createServer({
    ...serverOptions,
    requestCert: true,
    rejectUnauthorized: false,
    secureOptions: constants.SSL_OP_NO_TICKET,
  })
  prepare?.(server)
  const shut = Promise.withResolvers<Outcome>()
  // Node hands a socket that was looked into to OpenSSL by another way: where nothing looks, it goes the usual one.
  const looks = doorway?.door !== undefined || sendsProxyHeader === true
  const door = looks ? behindDoor(server, doorway, shut.resolve) : server
  const port = await listen(door)
  try {
    const mayShow = doorway?.filtersByCaNames !== true || (await isAnnounced(server, port, clientOptions))
    const serverSees = within('the server', Promise.race([serverEnd(server, clientName, doorway), shut.promise]))
    const clientSees = within(
      'the client',
      clientEnd({
        ...(sendsProxyHeader === true ? { socket: behindProxyHeader(port) } : { host: '127.0.0.1', port }),
        ...(mayShow ? clientOptions : bare(clientOptions)),
        rejectUnauthorized: false,
      }),
    )
    return await Promise.all([serverSees, clientSees])
  } finally {
    door.close()
  }
}

/** Whether the server announces a CA above the certificate of the client. */
async function isAnnounced(server: Server, port: number, options: ConnectionOptions): Promise<boolean> {
  server.on('secureConnection', (socket) => socket.on('error', () => socket.destroy()))
  const names = await announcedCas({ host: '127.0.0.1', port }, bare(options), patienceMs)
  return names === undefined || fits(names, String(options.cert))
}

function bare({ cert: _cert, key: _key, ...options }: ConnectionOptions): ConnectionOptions {
  return options
}

/** What both ends see of the second connection, which offers the session of the first. */
async function secondHandshake(
  serverOptions: TlsOptions,
  clientOptions: ConnectionOptions,
  clientName: string,
): Promise<readonly [server: Outcome, client: Outcome]> {
  const server = createServer({ ...serverOptions, requestCert: true, rejectUnauthorized: false })
  const port = await listen(server)
  const dialled = { host: '127.0.0.1', port, ...clientOptions, rejectUnauthorized: false }
  try {
    const accepted = serverEnd(server, clientName)
    const session = Promise.withResolvers<Buffer>()
    const first = clientEnd(dialled, (newest) => session.resolve(newest))
    await within('the first connection', Promise.all([accepted, first]).then(String))
    const options = { ...dialled, session: await session.promise }
    return await Promise.all([
      within('the server', serverEnd(server, clientName)),
      within('the client', clientEnd(options)),
    ])
  } finally {
    server.close()
  }
}

function behindProxyHeader(port: number): Socket {
  const socket = connectTcp({ host: '127.0.0.1', port })
  socket.once('connect', () => socket.write(proxyHeader(socket)))
  return socket
}

function serverEnd(server: Server, clientName: string | undefined, settings: EndSettings = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    server.once('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      socket.destroy()
      resolve(outcomeOf(error))
    })
    server.once('secureConnection', (socket) => {
      const fault = clientName === undefined ? unmet(socket, settings) : clientFault(socket, clientName, settings)
      converse(socket, fault, resolve, 'pong')
    })
  })
}

function clientEnd(
  options: ConnectionOptions,
  onSession: (session: Buffer) => void = () => undefined,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connect(options)
    socket.on('session', onSession)
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(outcomeOf(error)))
    socket.once('secureConnect', () => {
      const fault = authorizationFault(socket)
      converse(socket, fault, resolve)
      if (fault === undefined) socket.write('ping')
    })
  })
}

/** Refuses at once, or waits for the first octets of the other end: only they show that it accepted, too. */
function converse(
  socket: TLSSocket,
  fault: Outcome | undefined,
  resolve: (outcome: Outcome) => void,
  answer?: string,
): void {
  socket.on('error', (error: NodeJS.ErrnoException) =>
    resolve(error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'closed' : outcomeOf(error)),
  )
  socket.once('close', () => resolve('closed'))
  if (fault !== undefined) {
    resolve(fault)
    socket.resume()
    socket.end()
    return
  }
  socket.once('data', () => {
    resolve('accepted')
    if (answer === undefined) socket.destroy()
    else socket.end(answer)
  })
}

/** An absent certificate is looked for first: what Node says of it misleads. */
function clientFault(socket: TLSSocket, wanted: string, settings: EndSettings): Outcome | undefined {
  const peer = socket.getPeerX509Certificate()
  if (peer === undefined) return settings.asksOnly === true ? undefined : 'tls.client-cert-missing'
  return (
    authorizationFault(socket) ??
    (settings.checksNoName === true || carries(peer, wanted) ? undefined : 'cert.name-not-allowed')
  )
}

function unmet(socket: TLSSocket, { demands }: EndSettings): Outcome | undefined {
  return demands === true && socket.getPeerX509Certificate() === undefined ? 'tls.client-cert-missing' : undefined
}

function authorizationFault(socket: TLSSocket): Outcome | undefined {
  if (socket.isSessionReused()) return 'tls.session-resumed'
  return socket.authorized ? undefined : errorCode(socket.authorizationError)
}

/** Node puts a bare code here, whatever the types say. */
function errorCode(error: unknown): string {
  if (error instanceof Error) return 'code' in error ? String(error.code) : error.message
  return String(error)
}

function carries(certificate: X509Certificate, wanted: string): boolean {
  return isIP(wanted) === 0 ? certificate.checkHost(wanted) !== undefined : certificate.checkIP(wanted) !== undefined
}

function outcomeOf(error: NodeJS.ErrnoException): Outcome {
  const alert = alertNumber(error.message)
  return alert === undefined ? (error.code ?? error.message) : `alert ${alert}`
}

function listen(server: Server | TcpServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function within(end: string, outcome: Promise<Outcome>): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve(`${end} saw nothing within ${patienceMs} ms`), patienceMs)
  })
  return Promise.race([outcome, late]).finally(() => clearTimeout(timer))
}

/** PEM may be bytes that are no text at all; OpenSSL shall see them as they are. */
function asText(content: string | Uint8Array): string | Buffer {
  return typeof content === 'string' ? content : Buffer.from(content)
}
