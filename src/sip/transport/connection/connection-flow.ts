/** A flow over a connection: TCP, TLS once its peer was judged, or a WebSocket. */
import { type FramerEvents, isHeadTooLong } from '../../message/framer.ts'
import type { MessageError } from '../../message/message-error.ts'
import type { SipMessage } from '../../message/types.ts'
import { ActedFault } from '../faults/acted-fault.ts'
import { offerAlias } from '../dial/alias.ts'
import type { Core } from '../core.ts'
import { nextFlowId } from '../flow-table.ts'
import type { Flow, FlowId, OwnIdentity, PeerIdentity, SocketAddress, TransportName } from '../flow.ts'
import { foreignProtocol, hasFirstLine } from './foreign-protocol.ts'
import { destroyLater } from './close-delay.ts'
import { isExplained } from './refuse.ts'
import { answerTo } from './malformed.ts'
import { causeOf, refusalCode, type Cause } from '../refusal.ts'
import { isSecure } from '../dial/transport-choice.ts'
import type { FlowStart, Reader, Wire, Wiring } from './wire.ts'

/**
 * One TLS record. More is not held back: in a long turn what waits would outlive the young generation (bench/proxy.ts,
 * overload).
 */
const batchOctets = 16_384
/** Why a flow does not read, as bits. */
const isBlocked = 1,
  isHeldByFault = 2,
  isOverTurn = 4
const ping = '\r\n\r\n'
const pong = '\r\n'

const noOctets = Buffer.alloc(0)
const noChunks: Buffer[] = []

export class ConnectionFlow<W extends Wire = Wire> implements Flow, FramerEvents {
  readonly id: FlowId
  readonly transport: TransportName
  readonly reliable = true
  readonly direction: 'accepted' | 'dialled'
  readonly face: string
  readonly local: SocketAddress
  readonly remote: SocketAddress
  readonly peer: PeerIdentity | undefined
  readonly own: OwnIdentity | undefined
  readonly dialledName: string | undefined
  readonly openedAt: number
  open = true
  confirmed = false
  unfinished = 0
  readonly #wantedName: string | undefined
  readonly #core: Core
  readonly #wire: W
  readonly #wiring: Wiring<W>
  readonly #reader: Reader
  /** What came while the first line has no end, and it may still be another protocol; undefined: it has, or is SIP. */
  #opening: Buffer | undefined
  #notes: Map<string, unknown> | undefined
  /** Text of this turn, not yet written. */
  #pending = ''
  /** Text that waits for the next one. */
  #waitingText = ''
  /** `company` knows it. */
  #isInCompany = false
  /** Octets read in this turn. */
  #readInTurn = 0
  /** What was read and not worked on: mostly one chunk a turn. */
  #chunk: Buffer | undefined
  #furtherChunks: Buffer[] = noChunks
  /** Reasons not to read; 0: it reads. */
  #held = 0
  /** Since when the peer has read nothing of what waits; undefined: nothing waits. */
  #blockedSince: number | undefined
  /** Octets in the system's queue at the last sweep. */
  #waiting = 0
  /** When it opened, and when the last whole message or keep-alive came, by the clock's `now`. */
  readonly #startedAt: number
  #lastReceivedAt = 0
  /** A whole message or keep-alive came with the chunk that is read. */
  #hasReceived = false
  #messages = 0
  #pingedAt: number | undefined
  #cause: Cause | undefined
  #fault: ActedFault | undefined

  private constructor(core: Core, wire: W, wiring: Wiring<W>, start: FlowStart) {
    this.id = nextFlowId()
    this.transport = start.transport
    this.direction = start.direction
    this.face = start.face
    this.local = start.local
    this.remote = start.remote
    this.peer = start.peer
    this.own = start.own
    this.#wantedName = start.wantedName
    this.dialledName = start.dialledName
    this.openedAt = core.clock.wall()
    this.#startedAt = Math.trunc(core.clock.now())
    this.#lastReceivedAt = this.#startedAt
    this.#core = core
    this.#wire = wire
    this.#wiring = wiring
    this.#reader = wiring.reader(core.limits, this)
    this.#opening = start.direction === 'accepted' && !wiring.framed ? noOctets : undefined
  }

  get secure(): boolean {
    return isSecure(this.transport)
  }

  get notes(): Map<string, unknown> {
    this.#notes ??= new Map()
    return this.#notes
  }

  /** Makes the flow, tells the user, then begins to read. `offer`: the hop whose new requests may use it. */
  static open<W extends Wire>(
    core: Core,
    wire: W,
    wiring: Wiring<W>,
    start: FlowStart,
    offer: string | undefined = undefined,
  ): ConnectionFlow {
    const flow = new ConnectionFlow(core, wire, wiring, start)
    wiring.attach(wire, flow)
    core.flows.add(flow)
    if (offer !== undefined) core.flows.offer(flow, offer)
    core.user.onFlowOpened(flow)
    flow.setFault()
    wire.resume()
    return flow
  }

  send(text: string, hurry?: 'may-wait'): boolean {
    if (!this.open || this.#queued() >= this.#core.settings.sendQueueBytes) return false
    if (isHeadTooLong(text, this.#core.limits) || this.#isBodyTooLong(text)) return false
    this.#core.trace?.({ direction: 'out', flow: this, text })
    if (this.#fault !== undefined) this.#fault.send(text)
    else if (hurry === undefined || this.#wiring.framed || this.#pending !== '') this.write(text)
    else this.#waitForCompany(text)
    return true
  }

  close(because: string): void {
    if (!this.open) return
    this.waitedEnough()
    this.#ended(because)
    this.#writePending()
    this.#wire.destroySoon()
    destroyLater(this.#wire)
  }

  /**
   * Ends it, and reads on without looking until the peer has ended too, for a moment at most: a socket that is
   * destroyed with octets unread resets the connection, and the reset takes the answer away from the peer.
   */
  #endReading(because: string): void {
    this.waitedEnough()
    this.#ended(because)
    this.#writePending()
    this.#wire.end()
    this.#wire.resume()
    destroyLater(this.#wire)
  }

  /** Ends it at once; what was queued is lost. */
  abort(because: string): void {
    this.#pending = ''
    this.#waitingText = ''
    const wasOpen = this.open
    if (wasOpen) this.#ended(because)
    this.#wire.destroy()
  }

  /** Queues text for the end of this turn. */
  write(text: string): void {
    if (!this.open) return
    if (this.#wiring.framed) return this.#writeNow(text)
    if (this.#pending === '' && this.#readInTurn === 0) this.#core.turns.add(this)
    this.#pending += this.#waitingText + text
    this.#waitingText = ''
    if (this.#pending.length >= batchOctets) this.#writePending()
  }

  waitedEnough(): void {
    this.#isInCompany = false
    if (this.#waitingText !== '') this.write('')
  }

  endTurn(): void {
    this.#readInTurn = 0
    if (this.open) this.#writePending()
    this.#release(isOverTurn)
  }

  /** Takes up the fault on its link, or lets go of it. */
  setFault(): void {
    if (this.direction !== 'dialled') return
    const fault = this.#core.faults.on(this.dialledName)
    this.#fault?.release()
    this.#fault =
      fault === undefined || fault.kind === 'dialled-name'
        ? undefined
        : new ActedFault(fault, this, this.#core.clock, this.#wiring.framed)
    if (fault?.kind === 'cut') this.abort('link.cut')
  }

  /** Looks at the times of this flow; called every few seconds. */
  sweep(now: number): void {
    const settings = this.#core.settings
    this.#noteProgress(now)
    if (this.#blockedSince !== undefined && now - this.#blockedSince > settings.stuckSeconds * 1000)
      return this.abort('flow.send-queue-full')
    if (this.#pingedAt !== undefined && now - this.#pingedAt > settings.pongSeconds * 1000)
      return this.abort('flow.no-pong')
    const silentMs = now - this.#lastReceivedAt
    if (this.#isLate(now, silentMs)) return this.close('flow.first-request-timeout')
    if (settings.idleSeconds > 0 && silentMs > settings.idleSeconds * 1000) return this.close('idle')
    if (this.direction === 'dialled' && settings.pingSeconds > 0 && silentMs > settings.pingSeconds * 1000)
      this.#ping(now)
  }

  /** Octets from the socket. */
  received(chunk: Buffer): void {
    if (!this.open) return
    this.#noteRead(chunk.length)
    if (this.#chunk === undefined) this.#chunk = chunk
    else if (this.#furtherChunks.length === 0) this.#furtherChunks = [chunk]
    else this.#furtherChunks.push(chunk)
    this.#core.turns.holds(chunk.length)
  }

  work(): void {
    const chunk = this.#chunk
    if (chunk === undefined) return
    const further = this.#furtherChunks
    this.#chunk = undefined
    this.#furtherChunks = noChunks
    this.#take(chunk)
    for (const next of further) this.#take(next)
  }

  #take(chunk: Buffer): void {
    if (!this.open) return
    if (this.#opening !== undefined && this.#isForeign(this.#opening, chunk)) return
    if (!this.confirmed) {
      // The close that follows is taken as where nothing is explained.
      if (this.#isUnconfirmed() && isExplained(chunk)) return
      this.confirmed = true
    }
    if (this.#fault === undefined) this.#read(chunk)
    else this.#fault.receive(chunk)
  }

  holds(octets: number): void {
    if (this.open) this.#noteUnfinished(Math.max(0, this.unfinished + octets))
  }

  /** Octets that a link fault has held back. */
  deliver(chunk: Buffer): void {
    if (this.open) this.#read(chunk)
  }

  /** For the fault on its link. */
  pause(): void {
    this.#hold(isHeldByFault)
  }

  resume(): void {
    this.#release(isHeldByFault)
  }

  // What the framer finds in the stream.

  message(message: SipMessage): void {
    if (!this.open) return
    this.#hasReceived = true
    this.#messages += 1
    this.#core.trace?.({ direction: 'in', flow: this, text: message.text })
    if (message.kind === 'response') return this.#core.user.onResponse(message, this)
    message.stampTopVia(this.remote.address, this.remote.port)
    if (message.asksForAlias && this.#core.settings.alias) offerAlias(this.#core.flows, this, message.sentBy)
    this.#core.user.onRequest(message, this)
  }

  malformed(error: MessageError): void {
    if (!this.open) return
    this.#hasReceived = true
    this.#core.user.onIncident({ event: 'message.malformed', flow: this, remote: this.remote, reason: error.message })
    this.#answer(error)
  }

  ping(): void {
    if (!this.open) return
    this.#hasReceived = true
    this.send(pong)
  }

  pong(): void {
    this.#hasReceived = true
  }

  /** A sign of life below the messages, such as a WebSocket pong. */
  alive(): void {
    this.#noteReceived()
  }

  lost(error: MessageError): void {
    if (!this.open) return
    this.#core.user.onIncident({ event: 'flow.framing-lost', flow: this, remote: this.remote, reason: error.message })
    this.#answer(error)
    this.#endReading('framing-lost')
  }

  // What the socket tells.

  drained(): void {
    this.#blockedSince = undefined
    this.#release(isBlocked)
  }

  failed(error: Error): void {
    this.#cause = causeOf(error)
  }

  closed(): void {
    // What came before the end counts.
    this.work()
    this.#fault?.release()
    if (!this.open) return
    const cause = this.#cause
    const because = cause === undefined ? 'peer-closed' : refusalCode(cause, 'link.reset')
    if (this.#isUnconfirmed()) return this.#refused(cause)
    this.#ended(because)
  }

  /** Reads the clock once for all that a chunk brings (bench/proxy.ts, overload). */
  #read(chunk: Buffer): void {
    this.#reader.push(chunk)
    if (this.#hasReceived) this.#noteReceived()
    const { pendingBytes } = this.#reader
    if (pendingBytes !== this.unfinished && this.open) this.#noteUnfinished(pendingBytes)
  }

  #noteUnfinished(octets: number): void {
    const change = octets - this.unfinished
    this.unfinished = octets
    this.#core.unfinished.add(change)
  }

  #noteReceived(): void {
    // Whole milliseconds: a fraction would be an object of its own (bench/proxy.ts, TCP calls).
    this.#lastReceivedAt = Math.trunc(this.#core.clock.now())
    this.#pingedAt = undefined
    this.#hasReceived = false
  }

  #queued(): number {
    return this.#pending.length + this.#waitingText.length + this.#wire.writableLength + (this.#fault?.held ?? 0)
  }

  /** A server here would end the connection; what others read is their business. */
  #isBodyTooLong(text: string): boolean {
    const { bodyBytes } = this.#core.limits
    if (text.length <= bodyBytes || this.peer === undefined || this.peer.class === 'client') return false
    return text.length - text.indexOf('\r\n\r\n') - 4 > bodyBytes
  }

  /** What comes beyond a share in one turn waits for the next, so that turns stay short and other flows have theirs. */
  #noteRead(octets: number): void {
    if (this.#readInTurn === 0 && this.#pending === '') this.#core.turns.add(this)
    this.#readInTurn += octets
    if (this.#readInTurn < this.#core.settings.readBytesPerTurn || (this.#held & isOverTurn) !== 0) return
    this.#hold(isOverTurn)
    this.#core.user.onBehind?.(this)
  }

  #hold(reason: number): void {
    if (this.#held === 0) this.#wire.pause()
    this.#held |= reason
  }

  #release(reason: number): void {
    if ((this.#held & reason) === 0) return
    this.#held &= ~reason
    if (this.#held === 0 && this.open) this.#wire.resume()
  }

  #waitForCompany(text: string): void {
    this.#waitingText += text
    if (this.#isInCompany) return
    this.#isInCompany = true
    this.#core.company.add(this)
  }

  #writePending(): void {
    if (this.#pending === '') return
    const text = this.#pending
    this.#pending = ''
    this.#writeNow(text)
  }

  #writeNow(text: string): void {
    if (this.#wire.write(text, 'latin1')) return
    this.#blockedSince ??= this.#core.clock.now()
    // A peer that does not read is not read from. Dialled flows go on reading: what comes on them is mostly answers,
    // which make room, and two servers that stop reading each other would never start again.
    if (this.direction === 'accepted') this.#hold(isBlocked)
  }

  /** A peer without a certificate must say something; for a server a keep-alive is enough. */
  #isLate(now: number, silentMs: number): boolean {
    if (this.direction === 'dialled' || this.#messages > 0) return false
    return (this.peer === undefined ? now - this.#startedAt : silentMs) > this.#core.settings.firstRequestSeconds * 1000
  }

  /** Under steady load the queue of a slow peer may never be empty: what counts is that the peer takes some of it. */
  #noteProgress(now: number): void {
    if (this.#blockedSince === undefined) return
    const waiting = this.#wiring.systemQueue(this.#wire)
    if (waiting !== this.#waiting) this.#blockedSince = now
    this.#waiting = waiting
  }

  #ping(now: number): void {
    if (this.#pingedAt !== undefined) return
    this.#pingedAt = now
    this.send(ping)
  }

  /** Nothing that follows can be read, and the peer waits for an answer in its own protocol. */
  #isForeign(before: Buffer, chunk: Buffer): boolean {
    const octets = before.length === 0 ? chunk : Buffer.concat([before, chunk])
    const protocol = foreignProtocol(octets)
    if (protocol === undefined) {
      this.#opening = hasFirstLine(octets) ? undefined : octets
      return false
    }
    const reason = `${protocol} came on the ${this.transport} port ${this.local.port}, where SIP is spoken`
    this.#core.user.onIncident({ event: 'connection.wrong-protocol', flow: this, remote: this.remote, reason })
    this.abort('connection.wrong-protocol')
    return true
  }

  #isUnconfirmed(): boolean {
    return this.direction === 'dialled' && this.secure && !this.confirmed
  }

  /** Under TLS 1.3 a refused dialler sees a good handshake, then a close (certificate-less alert 116 aside). */
  #refused(cause: Cause | undefined): void {
    const code =
      cause === undefined || cause.errorCode === 'ECONNRESET'
        ? 'flow.closed-after-handshake'
        : refusalCode(cause, 'flow.closed-after-handshake')
    this.#core.user.onRefused({
      side: 'dialled',
      face: this.face,
      local: this.local,
      remote: this.remote,
      wantedName: this.#wantedName,
      code,
      errorCode: cause?.errorCode,
      errorMessage: cause?.errorMessage,
      evidence: undefined,
      detail: undefined,
      own: this.own,
      peer: this.peer,
    })
    this.#ended(code)
  }

  #answer(error: MessageError): void {
    const answer = answerTo(error, this.remote, this.#core.user.warningAgent?.(this.face))
    if (answer !== undefined) this.send(answer)
  }

  #ended(because: string): void {
    this.open = false
    this.#reader.close()
    this.#noteUnfinished(0)
    this.#fault?.release()
    this.#core.flows.remove(this)
    this.#core.user.onFlowClosed(this, because)
  }
}
