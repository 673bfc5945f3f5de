/** One TCP connection and one TLS handshake, with everything that can be seen of it. Every wait ends. */
import type { X509Certificate } from 'node:crypto'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { domainToASCII } from 'node:url'
import { alertNumber, handshakeErrorToCode, nodeErrorToCode } from '../verdicts/node-errors.ts'
import type { VerdictCode } from '../verdicts/codes.ts'
import { proxyHeader } from '../sip/transport/connection/door.ts'
import { readEvidence } from '../sip/transport/connection/evidence.ts'
import { Talk } from './talk.ts'

export interface Place {
  /** Numeric. */
  readonly address: string
  readonly port: number
}

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

/** What the checking end allows; absent: what Node allows. */
export interface TlsLimits {
  readonly minVersion?: TlsVersion
  readonly maxVersion?: TlsVersion
  readonly ciphers?: string
  readonly groups?: string
  readonly signatures?: string
  readonly alpn?: readonly string[]
}

export interface OwnCertificate {
  readonly cert: string
  readonly key: string
}

export interface HandshakeOptions extends TlsLimits {
  /** Sent as SNI and in ASCII; an address is never sent. Absent: no SNI. */
  readonly servername?: string
  /** PEM; the word of Node is about these. */
  readonly anchors: readonly string[]
  readonly crls?: readonly string[]
  readonly allowPartialTrustChain?: boolean
  readonly own?: OwnCertificate
  readonly askStaple?: boolean
  /** SIP over WebSocket is spoken after the handshake; the host to ask for. */
  readonly webSocketHost?: string
  /** Offered to be resumed. */
  readonly session?: Buffer
  /** A PROXY header goes before the ClientHello, as from a balancer. */
  readonly proxyProtocol?: boolean
  readonly timeoutMs: number
}

/** What one handshake showed. */
export interface Secured {
  readonly kind: 'secured'
  /** Listens from the end of the handshake on, so that no parting word is missed. */
  readonly talk: Talk
  /** e.g. `TLSv1.3`. */
  readonly protocol: string
  readonly cipher: string
  /** Key exchange, e.g. `X25519`. Absent when Node does not say. */
  readonly group: string | undefined
  /** DER, exactly as it came, the leaf first. */
  readonly chain: readonly Buffer[]
  /** Node's own word; undefined: it accepts the chain. The name is not part of it. */
  readonly nodeSays: { readonly code: string; readonly message: string } | undefined
  /** The server asked for a certificate. */
  readonly asksCertificate: boolean
  /** The stapled OCSP answer; undefined: none came. */
  readonly staple: Buffer | undefined
  /** The offered session was resumed: neither end examined a certificate. */
  readonly resumed: boolean
  /** The newest session that the server gave; under TLS 1.3 it comes after the handshake. */
  readonly session: () => Buffer | undefined
  readonly tlsMs: number
}

export interface Broken {
  readonly kind: 'broken'
  readonly at: 'tcp' | 'tls'
  readonly code: VerdictCode
  /** What Node said. */
  readonly found: string
  readonly errorCode: string | undefined
  readonly alert: number | undefined
  /** The server had asked for a certificate before it gave up: TLS 1.2 refuses inside the handshake. */
  readonly askedCertificate: boolean
  /** DER of what the server had shown until then; TLS 1.2 only. */
  readonly chain: readonly Buffer[]
}

/** When the time is up and what has come until then was read: a process that was stopped runs its timers first. */
function whenLate(ms: number, late: () => void): NodeJS.Timeout {
  return setTimeout(() => setImmediate(late), ms)
}

/** A connected socket, or why there is none. */
export async function openTcp({ address, port }: Place, timeoutMs: number): Promise<Socket | Broken> {
  const outcome = Promise.withResolvers<Socket | Broken>()
  const socket = connectTcp({ host: address, port, noDelay: true })
  const timer = whenLate(timeoutMs, () =>
    outcome.resolve(broken('tcp', 'link.timeout', `no connection within ${timeoutMs} ms`)),
  )
  socket.once('connect', () => outcome.resolve(socket))
  socket.on('error', (error) => outcome.resolve(brokenBy('tcp', error)))
  const result = await outcome.promise.finally(() => clearTimeout(timer))
  if (result !== socket) socket.destroy()
  return result
}

/** Shakes hands on a connected socket. The socket is destroyed when that fails. */
export async function secure(socket: Socket, place: Place, options: HandshakeOptions): Promise<Secured | Broken> {
  const began = performance.now()
  const outcome = Promise.withResolvers<Secured | Broken>()
  let staple: Buffer | undefined
  let session: Buffer | undefined
  let tls: TLSSocket
  if (options.proxyProtocol === true) socket.write(proxyHeader(socket))
  try {
    tls = connectTls({ socket, ...connectionOptions(options) })
  } catch (error) {
    socket.destroy()
    return brokenBy('tls', error)
  }
  const late = whenLate(options.timeoutMs, () =>
    outcome.resolve(broken('tls', 'tls.handshake-timeout', lateText(socket.bytesRead, options.timeoutMs))),
  )
  tls.on('session', (newest: Buffer) => (session = newest))
  tls.on('OCSPResponse', (response: Buffer | null) => (staple = response ?? undefined))
  tls.on('error', (error) =>
    outcome.resolve({
      ...brokenBy('tls', error, handshakeErrorToCode),
      askedCertificate: asksCertificate(tls),
      chain: chainOf(tls),
    }),
  )
  tls.once('close', () =>
    outcome.resolve(broken('tls', 'tls.handshake-failed', 'the other end closed the connection during the handshake')),
  )
  tls.once('secureConnect', () =>
    outcome.resolve(read(tls, place, options, { staple, session: () => session }, performance.now() - began)),
  )
  const result = await outcome.promise.finally(() => clearTimeout(late))
  if (result.kind === 'broken') tls.destroy()
  return result
}

function lateText(octets: number, timeoutMs: number): string {
  return octets === 0
    ? `nothing came within ${timeoutMs} ms`
    : `${octets} octets came within ${timeoutMs} ms, and the handshake was not complete`
}

/** Both in one: a fresh connection and a handshake on it. */
export async function dialSecure(place: Place, options: HandshakeOptions): Promise<Secured | Broken> {
  const socket = await openTcp(place, options.timeoutMs)
  return 'kind' in socket ? socket : secure(socket, place, options)
}

export function connectionOptions(options: HandshakeOptions): ConnectionOptions {
  const {
    minVersion,
    maxVersion,
    ciphers,
    groups,
    signatures,
    alpn,
    servername,
    anchors,
    crls,
    allowPartialTrustChain,
    own,
    askStaple,
    session,
  } = options
  return {
    // Soft: the examiner judges, and it must see the certificate it refuses.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    servername: servername === undefined || isIP(servername) !== 0 ? '' : domainToASCII(servername),
    ca: [...anchors],
    requestOCSP: askStaple === true,
    ...(crls === undefined || crls.length === 0 ? {} : { crl: [...crls] }),
    ...(allowPartialTrustChain === true ? { allowPartialTrustChain } : {}),
    ...(own === undefined ? {} : { cert: own.cert, key: own.key }),
    ...(session === undefined ? {} : { session }),
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(groups === undefined ? {} : { ecdhCurve: groups }),
    ...(signatures === undefined ? {} : { sigalgs: signatures }),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
  }
}

function read(
  socket: TLSSocket,
  { address, port }: Place,
  { webSocketHost, timeoutMs }: HandshakeOptions,
  { staple, session }: Pick<Secured, 'staple' | 'session'>,
  tlsMs: number,
): Secured {
  const evidence = readEvidence(socket, {
    side: 'dialled',
    face: 'check',
    remote: { address, port },
    wantedName: undefined,
  })
  const { errorCode, errorMessage } = evidence
  return {
    kind: 'secured',
    talk: new Talk(socket, webSocketHost === undefined ? 'TLS' : { webSocketHost, timeoutMs }),
    protocol: evidence.protocol,
    cipher: socket.getCipher().standardName,
    group: groupOf(socket),
    chain: evidence.chain,
    nodeSays: errorCode === undefined ? undefined : { code: errorCode, message: errorMessage ?? errorCode },
    asksCertificate: asksCertificate(socket),
    staple,
    resumed: evidence.resumed,
    session,
    tlsMs,
  }
}

/** Longer chains are cut: no valid path needs them, and a peer may send what it likes. */
const longestChain = 16

function chainOf(socket: TLSSocket): readonly Buffer[] {
  const chain: Buffer[] = []
  let certificate = socket.getPeerX509Certificate()
  while (certificate !== undefined && chain.length < longestChain) {
    chain.push(certificate.raw)
    const issuer: X509Certificate | undefined = certificate.issuerCertificate
    certificate = issuer === certificate ? undefined : issuer
  }
  return chain
}

/**
 * Only a CertificateRequest brings the signature algorithms of a server (RFC 5246 §7.4.4, RFC 8446 §4.3.2). A socket
 * that is gone gives no list.
 */
function asksCertificate(socket: TLSSocket): boolean {
  const algorithms: unknown = socket.getSharedSigalgs()
  return Array.isArray(algorithms) && algorithms.length > 0
}

function groupOf(socket: TLSSocket): string | undefined {
  const info: unknown = socket.getEphemeralKeyInfo()
  return typeof info === 'object' && info !== null && 'name' in info && typeof info.name === 'string'
    ? info.name
    : undefined
}

function broken(at: Broken['at'], code: VerdictCode, found: string): Broken {
  return { kind: 'broken', at, code, found, errorCode: undefined, alert: undefined, askedCertificate: false, chain: [] }
}

/** @param codeOf differs where the error may be about files of ours */
function brokenBy(at: Broken['at'], error: unknown, codeOf = nodeErrorToCode): Broken {
  if (!(error instanceof Error)) throw error
  const errorCode = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const code = at === 'tls' && errorCode === 'ECONNRESET' ? 'tls.handshake-failed' : codeOf(errorCode, error.message)
  return {
    kind: 'broken',
    at,
    code,
    found: error.message.replace(/^[0-9A-F]+:error:[0-9A-F]+:/, '').trim(),
    errorCode,
    alert: alertNumber(error.message),
    askedCertificate: false,
    chain: [],
  }
}
