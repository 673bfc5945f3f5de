/** One TCP connection of a capture: who dialled, what both ends said, and how it ended. */
import { enoughOctets, tellSpeech, type Speech } from './first-octets.ts'
import type { KeyLog } from './keylog.ts'
import { endpointText, Flag, type Segment, type Unreachable } from './network.ts'
import { SipReader, type SipMessage } from './sip-reader.ts'
import { TcpStream, type PendingBudget } from './tcp-stream.ts'
import { TlsSession, type End } from './tls-session.ts'

/** The end that a packet came from: the one that sent the first packet is 0. */
export type Side = 0 | 1

/** How a side ended the connection. */
export interface Closing {
  readonly side: Side
  readonly how: 'fin' | 'reset'
  readonly frame: number
  readonly at: number
}

export interface SideOf {
  readonly place: string
  readonly port: number
  readonly stream: TcpStream
  packets: number
  /** Pure acknowledgements, e.g. before a reset: the kernel of that end took what came. */
  acknowledgements: number
  speech: Speech | undefined
  /** The header of the PROXY protocol that came first. */
  proxy: string | undefined
}

interface Working {
  /** The first octets, while they do not tell what is spoken. */
  first: Buffer
  firstAt: { readonly frame: number; readonly at: number }
  /** Octets of a PROXY header that are left out. */
  toSkip: number
  sip: SipReader | undefined
}

/** What all connections of a capture share. */
export interface Surroundings {
  readonly keylog: KeyLog
  readonly budget: PendingBudget
  readonly sip: (message: SipMessage) => void
}

export class Connection {
  readonly sides: readonly [SideOf, SideOf]
  readonly firstFrame: number
  readonly startedAt: number
  lastFrame: number
  endedAt: number
  /** The side that dialled, and how that is known; `guess` is by port numbers. */
  dialler: { readonly side: Side; readonly by: 'syn' | 'hello' | 'guess' }
  tls: TlsSession | undefined = undefined
  syns = 0
  /** The frame in which the other end answered SYN. */
  answered: number | undefined = undefined
  readonly closings: Closing[] = []
  unreachable: Unreachable | undefined = undefined
  readonly #around: Surroundings
  readonly #working: readonly [Working, Working] = [newWorking(), newWorking()]
  #finished = false

  constructor(first: Segment, around: Surroundings) {
    this.#around = around
    this.firstFrame = this.lastFrame = first.frame
    this.startedAt = this.endedAt = first.at
    this.sides = [this.#side(first.source, 0), this.#side(first.destination, 1)]
    this.dialler = diallerOf(first)
  }

  /** Of a repeated SYN, or of a new connection with the same addresses and ports? */
  isNewSyn({ flags, sequence }: Segment): boolean {
    if ((flags & (Flag.syn | Flag.ack)) !== Flag.syn) return false
    return this.closings.length > 0 || (this.#synSequence !== undefined && this.#synSequence !== sequence)
  }

  #synSequence: number | undefined = undefined

  end(side: Side): End {
    return side === this.dialler.side ? 'dialler' : 'acceptor'
  }

  sideOf(end: End): SideOf {
    return this.sides[end === 'dialler' ? this.dialler.side : other(this.dialler.side)]
  }

  get begun(): boolean {
    return this.dialler.by === 'syn'
  }

  segment(side: Side, segment: Segment): void {
    const { flags, frame, at, sequence } = segment
    this.lastFrame = frame
    this.endedAt = at
    const from = this.sides[side]
    from.packets += 1
    if (flags & Flag.syn) this.#syn(side, segment)
    else from.stream.push(segment)
    if (flags & Flag.ack) this.sides[other(side)].stream.acknowledge(segment.acknowledgement, frame, at)
    if (segment.length === 0 && (flags & (Flag.syn | Flag.fin | Flag.rst)) === 0) from.acknowledgements += 1
    if (flags & Flag.rst) this.#close({ side, how: 'reset', frame, at })
    else if (flags & Flag.fin && sequence >= 0) this.#close({ side, how: 'fin', frame, at })
  }

  /** No more packets come. */
  finish(): void {
    if (this.#finished) return
    this.#finished = true
    for (const side of bothSides) {
      this.sides[side].stream.finish()
      const { first, firstAt } = this.#working[side]
      if (first.length > 0) this.#tell(side, first, firstAt.frame, firstAt.at, true)
    }
  }

  #syn(side: Side, { flags, sequence, frame }: Segment): void {
    if (flags & Flag.ack) {
      this.answered ??= frame
      this.dialler = { side: other(side), by: 'syn' }
    } else {
      this.syns += 1
      this.#synSequence = sequence
      this.dialler = { side, by: 'syn' }
    }
    this.sides[side].stream.start((sequence + 1) | 0)
  }

  #close(closing: Closing): void {
    if (this.closings.length >= maxClosings) return
    if (!this.closings.some(({ side, how }) => side === closing.side && how === closing.how))
      this.closings.push(closing)
  }

  #side({ octets, port }: Segment['source'], side: Side): SideOf {
    const events = {
      data: (data: Buffer, frame: number, at: number): void => this.#data(side, data, frame, at),
      gap: (missing: number, frame: number): void => this.#gap(side, missing, frame),
    }
    return {
      place: endpointText({ octets, port }),
      port,
      stream: new TcpStream(events, this.#around.budget),
      packets: 0,
      acknowledgements: 0,
      speech: undefined,
      proxy: undefined,
    }
  }

  #data(side: Side, octets: Buffer, frame: number, at: number): void {
    const working = this.#working[side]
    const skipped = Math.min(working.toSkip, octets.length)
    working.toSkip -= skipped
    const rest = octets.subarray(skipped)
    if (rest.length === 0) return
    if (this.sides[side].speech !== undefined) return this.#speak(side, rest, frame, at)
    const first = working.first.length === 0 ? rest : Buffer.concat([working.first, rest])
    if (working.first.length === 0) working.firstAt = { frame, at }
    this.#tell(side, first, frame, at, first.length >= enoughOctets)
  }

  /** Finds out what a side speaks, as soon as its octets tell. */
  #tell(side: Side, first: Buffer, frame: number, at: number, last: boolean): void {
    const working = this.#working[side]
    const speech = tellSpeech(first, last)
    if (speech === undefined) {
      working.first = Buffer.from(first)
      return
    }
    working.first = nothing
    if (speech.kind === 'proxy') {
      this.sides[side].proxy = speech.line
      working.toSkip = speech.length
      return this.#data(side, first, frame, at)
    }
    this.sides[side].speech = speech
    this.#speak(side, first, frame, at)
  }

  #speak(side: Side, octets: Buffer, frame: number, at: number): void {
    switch (this.sides[side].speech?.kind) {
      case 'tls':
        return this.#session(side, octets).data(this.end(side), octets, frame, at)
      case 'sip':
        return this.#sipReader(side, 'tcp').push(octets, frame, at)
      default:
        return
    }
  }

  #session(side: Side, octets: Buffer): TlsSession {
    if (this.tls !== undefined) return this.tls
    if (!this.begun) this.#diallerByHello(side, octets)
    this.tls = new TlsSession(this.#around.keylog, {
      text: (from, text, frame, at) => this.#openedText(from, text, frame, at),
    })
    return this.tls
  }

  /** Without SYN the hellos tell who dialled. */
  #diallerByHello(side: Side, octets: Buffer): void {
    if (octets[0] !== 22) return
    if (octets[5] === 1) this.dialler = { side, by: 'hello' }
    if (octets[5] === 2) this.dialler = { side: other(side), by: 'hello' }
  }

  #openedText(from: End, text: Buffer, frame: number, at: number): void {
    const side = from === 'dialler' ? this.dialler.side : other(this.dialler.side)
    this.#sipReader(side, 'tls').push(text, frame, at)
  }

  #sipReader(side: Side, transport: 'tcp' | 'tls'): SipReader {
    const working = this.#working[side]
    const place = { source: this.sides[side].place, destination: this.sides[other(side)].place, transport }
    working.sip ??= new SipReader(place, this.#around.sip)
    return working.sip
  }

  #gap(side: Side, missing: number, frame: number): void {
    const working = this.#working[side]
    if (working.first.length > 0) this.#tell(side, working.first, working.firstAt.frame, working.firstAt.at, true)
    working.toSkip = Math.max(0, working.toSkip - missing)
    working.sip?.gap()
    this.tls?.gap(this.end(side), missing, frame)
  }
}

const nothing = Buffer.alloc(0)
const maxClosings = 4
export const bothSides: readonly [Side, Side] = [0, 1]

export function other(side: Side): Side {
  return side === 0 ? 1 : 0
}

function newWorking(): Working {
  return { first: nothing, firstAt: { frame: 0, at: 0 }, toSkip: 0, sip: undefined }
}

/** A capture that begins in the middle has no SYN: the end with the lower port is taken for the server. */
function diallerOf({ flags, source, destination }: Segment): Connection['dialler'] {
  if (flags & Flag.syn) return { side: flags & Flag.ack ? 1 : 0, by: 'syn' }
  return { side: source.port > destination.port ? 0 : 1, by: 'guess' }
}
