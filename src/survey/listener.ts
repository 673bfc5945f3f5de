/**
 * The listening end of a survey: TLS with the certificate of a fault, by SNI or one port a fault, and as much SIP as a
 * phone needs to sign in. It asks for no password, and reads none.
 */
import { Socket } from 'node:net'
import { createSecureContext, createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls'
import { printable } from '../check/talk.ts'
import { alertNumber, nodeErrorToCode } from '../verdicts/node-errors.ts'
import { answer } from '../sip/message/answer.ts'
import { StreamFramer } from '../sip/message/framer.ts'
import { protocolOf } from '../sip/transport/connection/evidence.ts'
import { defaultLimits, type SipMessage, type SipRequest } from '../sip/message/types.ts'
import type { Presenter } from '../faults/catalogue/variation.ts'
import { shownBy } from './ground.ts'
import type { Seen } from './outcome.ts'
import type { TlsVersion } from './result.ts'

/** What one connection of the dialling end showed. */
export interface Visit {
  /** Slug of what it was shown; `good` is the control. */
  readonly shown: string
  /** Absent: it broke off before a version was agreed. */
  readonly tls?: TlsVersion
  readonly seen: Seen
  /** Numeric address. Absent: it had gone before the address was asked for. */
  readonly from?: string
  /** What it calls itself. */
  readonly product?: string
  readonly ms: number
}

/** What a listener shows to one who dials it. */
export interface Shown {
  readonly slug: string
  readonly presenter: Presenter
}

export interface ListenerOptions {
  readonly address: string
  readonly port: number
  /** What the dialling end is shown; by SNI where it sends a name. Absent: it is refused, being a name of no fault. */
  readonly choose: (servername: string | undefined) => Shown | undefined
  /** PEM: names of these CAs are sent with the demand for a client certificate. */
  readonly rootPem: string
  readonly versions: readonly TlsVersion[]
  /** Settings of the one fault that is shown here; with SNI none. */
  readonly settings?: NonNullable<Presenter['settings']>
  /** After the handshake and after each octet so long, then the connection is closed. */
  readonly patienceMs: number
  readonly onVisit: (visit: Visit) => void
}

export interface SurveyListener {
  readonly port: number
  close(): Promise<void>
}

/** So many connections at once; more are closed unread. */
const mostAtOnce = 16
const mostOctets = 64 * 1024

export async function openListener(options: ListenerOptions): Promise<SurveyListener> {
  const server = createServer(serverOptions(options))
  server.maxConnections = mostAtOnce
  const sockets = new Set<{ destroy(): void }>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    const shown = sawNothing(error, socket)
      ? undefined
      : (options.choose(servernameOf(socket)) ?? options.choose(undefined))
    if (shown !== undefined) options.onVisit(brokenVisit(error, socket, shown.slug))
    socket.destroy()
  })
  server.on('secureConnection', (socket) => {
    const shown = options.choose(servernameOf(socket))
    if (shown === undefined) return void socket.destroy()
    converse(socket, shown.slug, options)
  })
  await listening(server, options)
  const at = server.address()
  return {
    port: typeof at === 'object' && at !== null ? at.port : options.port,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function serverOptions({
  choose,
  rootPem,
  versions,
  settings = {},
}: ListenerOptions): Parameters<typeof createServer>[0] & object {
  const usual = choose(undefined)
  const contexts = new Map<string, SecureContext>()
  const lowest = versions[0] ?? '1.2'
  const highest = versions.at(-1) ?? '1.3'
  return {
    ...(usual === undefined ? {} : shownBy(usual)),
    ca: rootPem,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: settings.minVersion ?? `TLSv${lowest}`,
    maxVersion: settings.maxVersion ?? `TLSv${highest}`,
    ...(settings.ciphers === undefined ? {} : { ciphers: settings.ciphers }),
    ...(settings.dhparam === undefined ? {} : { dhparam: settings.dhparam }),
    handshakeTimeout: 10_000,
    SNICallback: (name, done) => {
      const shown = choose(name.toLowerCase())
      if (shown === undefined) return done(new Error(`no fault is called ${printable(Buffer.from(name))}`))
      const known = contexts.get(shown.slug)
      if (known !== undefined) return done(null, known)
      const context = createSecureContext({ ...shownBy(shown), ca: rootPem, ...cipherOf(shown.presenter) })
      contexts.set(shown.slug, context)
      done(null, context)
    },
  }
}

function cipherOf({ settings }: Presenter): { readonly ciphers?: string } {
  return settings?.ciphers === undefined ? {} : { ciphers: settings.ciphers }
}

function listening(server: Server, { port, address }: ListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, () => {
      server.off('error', reject)
      server.on('error', () => undefined)
      resolve()
    })
  })
}

function servernameOf(socket: TLSSocket): string | undefined {
  const name: unknown = 'servername' in socket ? socket.servername : undefined
  return typeof name === 'string' && name !== '' ? name.toLowerCase() : undefined
}

function versionOf(socket: TLSSocket): TlsVersion | undefined {
  const protocol = protocolOf(socket)
  return protocol === 'TLSv1.3' ? '1.3' : protocol === 'TLSv1.2' ? '1.2' : undefined
}

/**
 * A port scan, the health check of a balancer, a name of no fault: who was shown no certificate has refused none. What
 * this end refuses itself is another matter: its alert is written later.
 */
function sawNothing(error: NodeJS.ErrnoException, socket: TLSSocket): boolean {
  if (nodeErrorToCode(error.code, error.message) === 'tls.not-tls') return true
  const below: unknown = Reflect.get(socket, '_parent')
  return below instanceof Socket && below.bytesWritten === 0 && !isOwnRefusal(error)
}

/** The TLS library of this end broke the handshake off. */
function isOwnRefusal({ code, message }: NodeJS.ErrnoException): boolean {
  return alertNumber(message) === undefined && code?.startsWith('ERR_SSL_') === true
}

function brokenVisit(error: NodeJS.ErrnoException, socket: TLSSocket, shown: string): Visit {
  const alert = alertNumber(error.message)
  const words = error.message.replace(/^[0-9A-F]+:error:[0-9A-F]+:/, '').trim()
  const reset = error.code === 'ECONNRESET' && !/hang up|disconnected/.test(error.message)
  const tls = versionOf(socket)
  return {
    shown,
    ...(tls === undefined ? {} : { tls }),
    seen: isOwnRefusal(error) ? { kind: 'none', words } : { kind: 'ended', during: 'handshake', alert, reset, words },
    ...addressOf(socket),
    ms: 0,
  }
}

function addressOf({ remoteAddress }: TLSSocket): Pick<Visit, 'from'> {
  return remoteAddress === undefined ? {} : { from: remoteAddress.replace(/^::ffff:/, '') }
}

/** Speaks SIP until the other end has shown what it thinks, and tells it once. */
function converse(socket: TLSSocket, shown: string, options: ListenerOptions): void {
  const tell = tellOnce(socket, shown, options)
  readSip(socket, tell)
  socket.setTimeout(options.patienceMs, () => {
    tell({ kind: 'silent' })
    socket.destroy()
  })
  const ended = (error?: NodeJS.ErrnoException): void =>
    tell({
      kind: 'ended',
      during: 'talk',
      alert: error === undefined ? undefined : alertNumber(error.message),
      reset: error?.code === 'ECONNRESET',
      words: error === undefined ? 'it closed after the handshake without a SIP request' : error.message.slice(0, 200),
    })
  socket.on('error', ended)
  socket.on('close', () => ended())
}

type Tell = (seen: Seen, product?: string) => void

function tellOnce(socket: TLSSocket, shown: string, { onVisit }: ListenerOptions): Tell {
  const began = performance.now()
  const from = addressOf(socket)
  const tls = versionOf(socket)
  let told = false
  return (seen, product) => {
    if (told) return
    told = true
    const ms = Math.round(performance.now() - began)
    const version = tls === undefined ? {} : { tls }
    onVisit({ shown, ...version, seen, ...from, ...(product === undefined ? {} : { product }), ms })
  }
}

function readSip(socket: TLSSocket, tell: Tell): void {
  let octets = 0
  const notSip = (): void => tell({ kind: 'data', line: 'octets that are no SIP' })
  const framer = new StreamFramer(defaultLimits, {
    message: (message) => {
      if (message.kind !== 'request') return
      tell({ kind: 'sip', status: undefined, line: `${message.method} came` }, productOf(message))
      if (message.method !== 'ACK') socket.write(answerTo(message), 'latin1')
    },
    malformed: notSip,
    lost: notSip,
    ping: () => void socket.write('\r\n'),
    pong: () => undefined,
  })
  socket.on('data', (chunk: Buffer) => {
    octets += chunk.length
    if (octets > mostOctets) return void socket.destroy()
    if (!/^(?:\r\n)*[A-Z]{1,20} \S|^[\r\n]*$/.test(chunk.toString('latin1', 0, 64)) && octets === chunk.length) {
      tell({ kind: 'data', line: printable(chunk) })
      return void socket.destroy()
    }
    framer.push(chunk)
  })
}

function productOf(message: SipMessage): string | undefined {
  return (message.header('User-Agent') ?? message.header('Server'))?.slice(0, 200)
}

/** 200 to what a phone asks of a server, with the binding that it registered; no challenge, no credential. */
function answerTo(request: SipRequest): string {
  const contact = request.header('Contact')
  const bindings =
    request.method === 'REGISTER' && contact !== undefined
      ? ([
          ['Contact', contact],
          ['Expires', '60'],
        ] as const)
      : []
  const known = request.method === 'REGISTER' || request.method === 'OPTIONS'
  return answer(request, known ? 200 : 480, { headers: [...bindings, ['Server', 'siplab survey']] })
}
