/** One dial: from a hop to a connected socket whose peer was judged, or to the reason why not. */
import { connect as connectTcp, isIP, isIPv4, isIPv6, type Socket, type TcpNetConnectOpts } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { domainToASCII } from 'node:url'
import type { Timer } from '../../clock.ts'
import { localOf } from '../address.ts'
import type { Core } from '../core.ts'
import { proxyHeader } from '../connection/door.ts'
import { readEvidence } from '../connection/evidence.ts'
import type { PeerIdentity, SocketAddress } from '../flow.ts'
import type { Gate } from '../connection/gate.ts'
import { judgeDialled } from '../connection/judge.ts'
import { causeOf, DialError, refusalCode, type Cause } from '../refusal.ts'
import { alpnOf, type OutgoingTls } from '../connection/tls-context.ts'
import type { NextHop, PeerEvidence, Refusal } from '../types.ts'

/** A connected socket, nothing read from it yet. */
export interface Dialled {
  readonly socket: Socket
  readonly local: SocketAddress
  readonly remote: SocketAddress
  readonly peer: PeerIdentity | undefined
}

/** A hop, and what a fault of the dialled name changes about it. */
export interface DialledHop extends NextHop {
  readonly withoutSni?: true
}

export interface DialOptions {
  readonly hop: DialledHop
  /** undefined: an insecure hop. */
  readonly tls: OutgoingTls | undefined
  /** Address to leave from; undefined: the system chooses. */
  readonly source: string | undefined
  /** Sees each socket as soon as there is one. */
  readonly watch: (socket: Socket) => void
  /** Makes the flow of the connected socket in the same turn, so that no octet and no close is missed. */
  readonly take: (dialled: Dialled) => void
}

/** Who is dialled and stays silent keeps no other waiting: users choose where their Contacts lead. */
const silentMs = 1_000

const noCause: Cause = { errorCode: undefined, errorMessage: undefined }

/** Calls `take` and resolves, or reports through `onRefused` and rejects with DialError. */
export function dial(core: Core, gate: Gate, options: DialOptions): Promise<void> {
  const outcome = Promise.withResolvers<void>()
  new Dial(core, gate, options, outcome).begin()
  return outcome.promise
}

/** `connect` was refused before a socket was made. */
export function refuseDial(
  core: Core,
  hop: NextHop,
  code: string,
  tls: OutgoingTls | undefined,
  cause: Cause = noCause,
): DialError {
  const refusal = refusalOf(hop, code, undefined, cause, undefined, undefined, tls)
  core.user.onRefused(refusal)
  return new DialError(refusal)
}

class Dial {
  readonly #core: Core
  readonly #gate: Gate
  readonly #options: DialOptions
  readonly #outcome: PromiseWithResolvers<void>
  #socket: Socket | undefined
  #connected = false
  /** Kept here: a socket that was reset does not know its address any more. */
  #local: SocketAddress | undefined
  #settled = false
  #timer: Timer | undefined
  /** Runs while it holds a place in the gate. */
  #place: Timer | undefined

  constructor(core: Core, gate: Gate, options: DialOptions, outcome: PromiseWithResolvers<void>) {
    this.#core = core
    this.#gate = gate
    this.#options = options
    this.#outcome = outcome
  }

  begin(): void {
    this.#timer = this.#core.clock.after(this.#core.settings.dialSeconds * 1000, () => {
      this.#fail(this.#connected ? 'tls.handshake-timeout' : 'link.timeout', noCause)
    })
    this.#gate.enter(() => {
      if (this.#settled) return false
      this.#place = this.#core.clock.after(silentMs, () => this.#leave())
      this.#connect()
      return true
    })
  }

  #leave(): void {
    const place = this.#place
    if (place === undefined) return
    this.#place = undefined
    place.cancel()
    this.#gate.leave()
  }

  #connect(): void {
    const { hop, tls, source, watch } = this.#options
    const to = {
      host: hop.address,
      port: hop.port,
      noDelay: true,
      ...(source === undefined ? {} : { localAddress: source }),
    }
    if (tls === undefined) {
      this.#socket = connectTcp(to, () => this.#opened(undefined))
    } else {
      const secured: TLSSocket = connectTls(
        // Soft, and the name is the judge's: it must see the certificate it refuses. No session is ever offered.
        {
          ...(tls.material.tuning?.sendsProxyHeader === true ? { socket: behindProxyHeader(to) } : to),
          ...alpnOf(tls.material),
          secureContext: tls.context,
          servername: tls.material.tuning?.sni ?? serverName(hop),
          rejectUnauthorized: false,
          checkServerIdentity: leaveToJudge,
          requestOCSP: tls.material.tuning?.staple !== undefined,
          ...sessionFor(hop, tls),
        },
        () => this.#secured(secured),
      )
      secured.once('connect', () => {
        this.#connected = true
        this.#local = localOf(secured)
      })
      if (tls.material.tuning?.resumes === true)
        secured.on('session', (session: Buffer) => tls.sessions.set(serverOf(hop), session))
      secured.once('OCSPResponse', (response: Buffer) => this.#stapled(response))
      this.#socket = secured
    }
    this.#socket.setNoDelay(true)
    watch(this.#socket)
    this.#socket.on('error', this.#onError)
    this.#socket.on('close', this.#onClose)
  }

  /** Seen only where one was asked for; Node looks at nothing in it, and shows null for none. */
  #stapled(response: Buffer | undefined | null): void {
    const { hop } = this.#options
    const found =
      response instanceof Buffer && response.length > 0
        ? isOcspResponse(response)
          ? undefined
          : 'tls.staple-invalid'
        : 'tls.staple-missing'
    if (found !== undefined)
      this.#core.user.onIncident({
        event: found,
        flow: undefined,
        remote: remoteOfHop(hop),
        reason: `from ${hop.verifyName ?? hop.address}`,
      })
  }

  #secured(socket: TLSSocket): void {
    const { hop } = this.#options
    const evidence = readEvidence(socket, {
      side: 'dialled',
      face: hop.face,
      remote: remoteOfHop(hop),
      wantedName: hop.verifyName,
    })
    const judgement = judgeDialled(this.#core, evidence)
    if (judgement.kind === 'refuse') return this.#fail(judgement.code, evidence, evidence, judgement.detail)
    this.#opened(judgement.peer)
  }

  #opened(peer: PeerIdentity | undefined): void {
    const socket = this.#socket
    if (socket === undefined || !this.#settle()) return
    socket.removeListener('error', this.#onError)
    socket.removeListener('close', this.#onClose)
    this.#leave()
    this.#options.take({ socket, local: localOf(socket), remote: remoteOfHop(this.#options.hop), peer })
    this.#outcome.resolve()
  }

  readonly #onError = (error: Error): void => {
    const cause = causeOf(error)
    const broken = this.#connected && cause.errorCode === 'ECONNRESET'
    this.#fail(
      broken
        ? 'tls.handshake-failed'
        : refusalCode(cause, this.#connected ? 'tls.handshake-failed' : 'link.unreachable'),
      cause,
    )
  }

  readonly #onClose = (): void => {
    this.#fail(this.#connected ? 'tls.handshake-failed' : 'link.reset', noCause)
  }

  #fail(code: string, cause: Cause, evidence: PeerEvidence | undefined = undefined, detail: unknown = undefined): void {
    if (!this.#settle()) return
    const { hop, tls } = this.#options
    const socket = this.#socket
    const local = socket?.localAddress === undefined ? this.#local : localOf(socket)
    socket?.destroy()
    this.#leave()
    const refusal = refusalOf(hop, code, local, cause, evidence, detail, tls)
    this.#core.user.onRefused(refusal)
    this.#outcome.reject(new DialError(refusal))
  }

  /** True once: the first outcome counts. */
  #settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.#timer?.cancel()
    return true
  }
}

function refusalOf(
  hop: NextHop,
  code: string,
  local: SocketAddress | undefined,
  cause: Cause,
  evidence: PeerEvidence | undefined,
  detail: unknown,
  tls: OutgoingTls | undefined,
): Refusal {
  return {
    side: 'dialled',
    face: hop.face,
    local,
    remote: remoteOfHop(hop),
    wantedName: hop.verifyName ?? hop.host,
    code,
    errorCode: cause.errorCode,
    errorMessage: cause.errorMessage,
    evidence,
    detail,
    own: tls?.material.own,
  }
}

/** A SEQUENCE as long as the octets, with a status first (RFC 6960 §4.2.1): enough to tell an answer from garbage. */
function isOcspResponse(response: Buffer): boolean {
  return response[0] === 0x30 && response.includes(Buffer.from([0x0a, 0x01]))
}

function serverOf({ address, port }: NextHop): string {
  return `${address}:${port}`
}

function sessionFor(hop: NextHop, { sessions }: OutgoingTls): { readonly session?: Buffer } {
  const session = sessions.get(serverOf(hop))
  return session === undefined ? {} : { session }
}

/** As a balancer does that believes its server awaits the PROXY protocol. */
function behindProxyHeader(to: TcpNetConnectOpts): Socket {
  const socket = connectTcp(to)
  socket.once('connect', () => socket.write(proxyHeader(socket)))
  return socket
}

/** Shared by all dials: a closure here would live as long as its connection. */
function leaveToJudge(): undefined {
  return undefined
}

/** SNI carries names only, and in ASCII (RFC 6066 §3). */
export function serverName({ verifyName, withoutSni }: DialledHop): string {
  return verifyName === undefined || withoutSni === true || isIP(verifyName) !== 0 ? '' : domainToASCII(verifyName)
}

function remoteOfHop(hop: NextHop): SocketAddress {
  return { address: hop.address, port: hop.port }
}

/** `::1` and `127.0.0.0/8` lead nowhere but here: a loopback address is no source for the rest of the world. */
export function usableSource(source: string, destination: string): boolean {
  if (isIPv6(source) !== isIPv6(destination)) return false
  if (source === '0.0.0.0' || source === '::') return false
  return isLoopback(source) === isLoopback(destination)
}

/**
 * The first of those that share the longest prefix with the destination (RFC 6724 §5 rule 8). Of IPv6 addresses: the
 * first.
 */
export function nearestSource(sources: readonly string[], destination: string): string | undefined {
  const distance = (source: string): number =>
    isIPv4(source) && isIPv4(destination) ? (numberOf(source) ^ numberOf(destination)) >>> 0 : 0
  return sources.toSorted((a, b) => Math.clz32(distance(b)) - Math.clz32(distance(a)))[0]
}

/** `10.41.2.31` as the 32 bits it stands for. */
function numberOf(address: string): number {
  return address.split('.').reduce((bits, octet) => (bits << 8) | Number(octet), 0)
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}
