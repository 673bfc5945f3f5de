/** TLS from the accepting side: handshake, judgement, and only then a socket that may be read. */
import type { Socket } from 'node:net'
import { Server, type TLSSocket } from 'node:tls'
import { awaitHello } from './client-hello.ts'
import type { Core } from '../core.ts'
import { readEvidence } from './evidence.ts'
import type { OwnIdentity, PeerIdentity, SocketAddress } from '../flow.ts'
import type { FairGate, Place } from './fair-gate.ts'
import { judgeAccepted } from './judge.ts'
import { causeOf, refusalCode } from '../refusal.ts'
import { refuse } from './refuse.ts'
import { sourceOf } from '../source.ts'
import { atDoor, beginsWithProxyHeader, type DoorRefusal } from './door.ts'
import { alpnOf, contextOptions, namedContext } from './tls-context.ts'
import type { ListenerSettings, PeerEvidence, TlsMaterial, TlsTuning } from '../types.ts'

/** Takes over a socket whose peer was accepted. */
export type TakeSecured = (
  socket: TLSSocket,
  ends: { readonly local: SocketAddress; readonly remote: SocketAddress },
  peer: PeerIdentity | undefined,
  own: OwnIdentity,
) => void

/**
 * What is kept of a connection while its handshake runs: once it is over, or has failed, the socket no longer knows.
 */
interface Handshake {
  readonly local: SocketAddress
  readonly remote: SocketAddress
  /** What the context showed when the handshake began: a reload in between changes the next one. */
  readonly own: OwnIdentity
  leave(): void
}

const handshake = Symbol('handshake')

interface ShakingSocket extends Socket {
  [handshake]?: Handshake
}

export class TlsAcceptor {
  readonly #core: Core
  readonly #settings: ListenerSettings
  readonly #gate: FairGate
  readonly #take: TakeSecured
  #server: Server
  #own: OwnIdentity
  #tuning: TlsTuning | undefined

  /** @throws what Node finds wrong with the material */
  constructor(
    core: Core,
    settings: ListenerSettings & { readonly tls: TlsMaterial },
    gate: FairGate,
    take: TakeSecured,
  ) {
    this.#core = core
    this.#settings = settings
    this.#gate = gate
    this.#take = take
    this.#own = settings.tls.own
    this.#tuning = settings.tls.tuning
    this.#server = this.#open(settings.tls)
  }

  /** New handshakes use it at once; throws and keeps the old one when it cannot be loaded. */
  replace(material: TlsMaterial): void {
    this.#server = this.#open(material)
    this.#own = material.own
    this.#tuning = material.tuning
  }

  /** It never listens: connections are handed to it, so a handshake that runs ends where it began. */
  #open(material: TlsMaterial): Server {
    // Soft: a strict server could not say whom it refused, nor why. Nothing is read before the judgement.
    const mutual = this.#mutual(material.tuning)
    const demands = mutual === 'required' && this.#settings.refusals !== 'explained'
    const server = new Server({
      ...contextOptions(material),
      ...alpnOf(material),
      requestCert: mutual !== 'off',
      rejectUnauthorized: demands,
      handshakeTimeout: this.#core.settings.handshakeSeconds * 1000,
    })
    server.on('secureConnection', (socket) => this.#secured(socket))
    server.on('tlsClientError', (error, socket) => this.#failed(error, socket))
    if (demands) judgeSoftly(server)
    staple(server, material.tuning?.staple)
    if (material.tuning?.named !== undefined)
      server.addContext(material.tuning.named.name, namedContext(material, material.tuning.named))
    return server
  }

  #mutual(tuning: TlsTuning | undefined): ListenerSettings['mutual'] {
    const { mutual } = this.#settings
    if (tuning?.asksOnly === true && mutual === 'required') return 'requested'
    return tuning?.demands === true ? 'required' : mutual
  }

  /** A peer gets a place after a whole ClientHello: only then does its connection cost more than a socket. */
  accept(raw: Socket, local: SocketAddress, remote: SocketAddress): void {
    awaitHello(raw, this.#core.settings.clientHelloSeconds * 1000, {
      arrived: (octets) => {
        if (!this.#passesDoor(raw, octets, { local, remote })) return
        this.#gate.enter(sourceOf(remote.address), (place) => this.#begin(raw, { local, remote }, place))
      },
      missing: (octets, isLate) =>
        isLate && octets > 0 ? this.#stoppedHalfway(raw, local, remote) : this.#withoutHello(raw, remote, octets),
    })
  }

  #begin(raw: ShakingSocket, { local, remote }: Pick<Handshake, 'local' | 'remote'>, place: Place): void {
    // Nothing was read while it waited, so its end was not noticed.
    if (raw.destroyed) return place.leave()
    // A peer that goes silent after its ClientHello gives its place back: the costly part has been done for it.
    const timer = setTimeout(() => place.leave(), 1_000)
    raw[handshake] = {
      local,
      remote,
      own: this.#own,
      leave: () => {
        clearTimeout(timer)
        place.leave()
      },
    }
    this.#server.emit('connection', raw)
  }

  /** False: the connection has ended, and the refusal is reported. */
  #passesDoor(raw: Socket, octets: Buffer, { local, remote }: Pick<Handshake, 'local' | 'remote'>): boolean {
    const answer = atDoor(octets, this.#tuning)
    if (answer.kind === 'open') {
      if (answer.skip > 0) raw.read(answer.skip)
      return answer.skip > 0 || !beginsWithProxyHeader(octets) || this.#shut(raw, { local, remote }, unawaitedHeader)
    }
    return this.#shut(raw, { local, remote }, answer)
  }

  #shut(
    raw: Socket,
    { local, remote }: Pick<Handshake, 'local' | 'remote'>,
    { code, found, alert }: DoorRefusal,
  ): false {
    if (alert === undefined) raw.resetAndDestroy()
    else raw.end(alert, () => raw.destroy())
    this.#core.user.onRefused({
      side: 'accepted',
      face: this.#settings.face,
      local,
      remote,
      wantedName: undefined,
      code,
      errorCode: undefined,
      errorMessage: found,
      evidence: undefined,
      detail: undefined,
      own: this.#own,
    })
    return false
  }

  /** As behind a link that loses long packets: worth a verdict, unlike silence. */
  #stoppedHalfway(raw: Socket, local: SocketAddress, remote: SocketAddress): void {
    raw.destroy()
    this.#core.user.onRefused({
      side: 'accepted',
      face: this.#settings.face,
      local,
      remote,
      wantedName: undefined,
      code: 'tls.handshake-timeout',
      errorCode: 'ERR_TLS_HANDSHAKE_TIMEOUT',
      errorMessage: 'the ClientHello stopped halfway',
      evidence: undefined,
      detail: undefined,
      own: this.#own,
    })
  }

  #withoutHello(raw: Socket, remote: SocketAddress, octets: number): void {
    raw.destroy()
    const found = octets === 0 ? '' : `, after ${octets} octets of it`
    this.#core.user.onIncident({
      event: 'connection.probe',
      flow: undefined,
      remote,
      reason: `closed or silent before its ClientHello${found}`,
    })
  }

  #secured(socket: TLSSocket): void {
    const ends = endHandshake(socket)
    if (ends === undefined) return void socket.destroy()
    const { local, remote, own } = ends
    const evidence = readEvidence(socket, {
      side: 'accepted',
      face: this.#settings.face,
      remote,
      wantedName: undefined,
    })
    const mutual = this.#mutual(this.#tuning)
    const judgement = judgeAccepted(this.#core, withNeed(evidence, mutual), mutual)
    if (judgement.kind === 'accept') return this.#take(socket, { local, remote }, judgement.peer, own)
    this.#refuse(socket, ends, evidence, judgement.code, judgement.detail)
  }

  #refuse(
    socket: TLSSocket,
    ends: Omit<Handshake, 'leave'>,
    evidence: PeerEvidence,
    code: string,
    detail: unknown,
  ): void {
    socket.on('error', (error) => this.#incident(ends.remote, `while refusing: ${error.message}`))
    refuse(socket, this.#settings, code, ends.remote, this.#core.limits)
    this.#core.user.onRefused({
      side: 'accepted',
      face: this.#settings.face,
      local: ends.local,
      remote: ends.remote,
      wantedName: undefined,
      code,
      errorCode: evidence.errorCode,
      errorMessage: evidence.errorMessage,
      evidence,
      detail,
      own: ends.own,
    })
  }

  #failed(error: Error, socket: TLSSocket): void {
    const ends = endHandshake(socket)
    socket.destroy()
    if (ends === undefined) return
    const { local, remote, own } = ends
    const cause = causeOf(error)
    if (cause.errorCode === noCertificate) return this.#cameWithout(ends)
    const code = cause.errorCode === 'ECONNRESET' ? 'tls.handshake-failed' : refusalCode(cause, 'tls.handshake-failed')
    this.#core.user.onRefused({
      side: 'accepted',
      face: this.#settings.face,
      local,
      remote,
      wantedName: undefined,
      code,
      ...cause,
      evidence: undefined,
      detail: undefined,
      own,
    })
  }

  /** OpenSSL has refused a peer without a certificate, by an alert: the same news as when we refuse it. */
  #cameWithout({ local, remote, own }: Omit<Handshake, 'leave'>): void {
    const { face } = this.#settings
    const nothing = { errorCode: undefined, errorMessage: undefined }
    this.#core.user.onRefused({
      side: 'accepted',
      face,
      local,
      remote,
      wantedName: undefined,
      code: 'tls.client-cert-missing',
      ...nothing,
      evidence: {
        side: 'accepted',
        face,
        remote,
        wantedName: undefined,
        chain: [],
        authorized: false,
        ...nothing,
        protocol: '',
        resumed: false,
      },
      detail: undefined,
      own,
    })
  }

  #incident(remote: SocketAddress, reason: string): void {
    this.#core.user.onIncident({ event: 'connection.error', flow: undefined, remote, reason })
  }
}

function withNeed(evidence: PeerEvidence, mutual: ListenerSettings['mutual']): PeerEvidence {
  return mutual === 'requested' && evidence.chain.length > 0 ? { ...evidence, unneeded: true } : evidence
}

const unawaitedHeader: DoorRefusal = {
  code: 'tls.proxy-protocol',
  found: 'a PROXY header came, and this listener awaits none',
}

const noCertificate = 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE'

/**
 * Only OpenSSL can send the alert for a certificate that is missing, and it does so for a strict socket alone; of a
 * strict socket Node drops what it refuses before anybody can say whom. So the socket is strict while the handshake
 * runs, and no longer when Node judges. `keylog` is the only event that hands out the socket in between; the secrets in
 * it are not looked at.
 */
function judgeSoftly(server: Server): void {
  server.on('keylog', (_secrets, socket) => Reflect.set(socket, '_rejectUnauthorized', false))
}

/** Node checks nothing in a stapled answer, and an error instead of one breaks the handshake. */
function staple(server: Server, kind: TlsTuning['staple']): void {
  if (kind === undefined) return
  server.on('OCSPRequest', (_certificate, _issuer, answer) => {
    if (kind === 'error') return answer(new StapleError(), Buffer.alloc(0))
    // Node takes null for "no answer"; its types do not say so.
    answer(null, kind === 'garbage' ? Buffer.from('no OCSP answer') : (null as unknown as Buffer))
  })
}

class StapleError extends Error {
  readonly code = 'ERR_STAPLE'
  constructor() {
    super('the OCSP responder gave an error instead of an answer')
  }
}

/**
 * The TCP socket below: `tls.Server` makes its TLSSocket around it and keeps it there. A failed TLSSocket has no
 * addresses left.
 */
function rawOf(socket: TLSSocket): ShakingSocket {
  const parent: unknown = Reflect.get(socket, '_parent')
  return (parent ?? socket) as ShakingSocket
}

/** undefined: it was over before; the first outcome counts. */
function endHandshake(socket: TLSSocket): Omit<Handshake, 'leave'> | undefined {
  const raw = rawOf(socket)
  const held = raw[handshake]
  if (held === undefined) return undefined
  held.leave()
  delete raw[handshake]
  return held
}
