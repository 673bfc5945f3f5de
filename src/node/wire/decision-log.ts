/**
 * The last decisions of the routing policies of one node: which policy said what about which request. Kept as octets
 * in a ring, as messages are, because there is one for each request (docs/decisions/0051).
 */
import type { Clock } from '../../sip/clock.ts'
import { endpointText } from '../../sip/message/endpoint.ts'
import { decodeText } from '../../sip/message/fast/flat.ts'
import type { SipRequest } from '../../sip/message/types.ts'
import type { Arrival, Decision } from '../../sip/routing/decision.ts'
import type { TracedDecision, TraceEntry } from '../control/control-api.ts'
import { type KeptMessage, MessageRing } from './message-ring.ts'

interface DecisionLogOptions {
  readonly node: string
  readonly clock: Pick<Clock, 'wall'>
  /** 0: nothing is kept. */
  readonly kept: number
}

/** On average; a longer one takes the place of two. */
const octetsEach = 256
/** Of a URI or a Call-ID. */
const mostCharacters = 200

/** What the core says of a decision: all that is kept. */
type Decided = Pick<Arrival, 'flow'> & { readonly request: Pick<SipRequest, 'method' | 'requestUri' | 'callId'> }

export class DecisionLog {
  readonly #node: string
  readonly #clock: Pick<Clock, 'wall'>
  readonly #keeps: boolean
  readonly #ring: MessageRing
  readonly #readers = new Set<(entry: TraceEntry) => void>()

  constructor({ node, clock, kept }: DecisionLogOptions) {
    this.#node = node
    this.#clock = clock
    this.#keeps = kept > 0
    this.#ring = new MessageRing({ messages: kept, octets: kept * octetsEach })
  }

  /** For `ProxyEvents.decision`; runs for every request. */
  add({ request, flow }: Decided, decision: Decision, policy: string): void {
    if (!this.#keeps && this.#readers.size === 0) return
    const wall = this.#clock.wall()
    const text = written(request, decision, policy)
    if (this.#keeps) this.#ring.add('in', flow, wall, text)
    if (this.#readers.size === 0) return
    const { transport, local, remote } = flow
    const entry = this.#entryOf({ wall, direction: 'in', transport, local, remote, text })
    for (const reader of this.#readers) reader(entry)
  }

  /** Oldest first. */
  since(seconds: number): readonly TraceEntry[] {
    return this.#ring.since(this.#clock.wall() - seconds * 1000).map((kept) => this.#entryOf(kept))
  }

  /** @returns a function that ends the following */
  follow(reader: (entry: TraceEntry) => void): () => void {
    this.#readers.add(reader)
    return () => this.#readers.delete(reader)
  }

  #entryOf({ wall, transport, local, remote, text }: KeptMessage): TraceEntry {
    return {
      time: new Date(wall).toISOString(),
      node: this.#node,
      kind: 'decision',
      direction: 'in',
      transport,
      local: endpointText(local.address, local.port),
      remote: endpointText(remote.address, remote.port),
      decision: readAgain(decodeText(text)),
    }
  }
}

/** No field of a request that was read holds a line end; what others chose comes last. */
function written(request: Decided['request'], decision: Decision, policy: string): string {
  const [verb, status, because, to] = saidOf(decision)
  const whom = `${request.method}\n${cut(request.callId)}\n${cut(request.requestUri)}`
  return `${verb}\n${status}\n${policy}\n${because}\n${whom}\n${cut(to)}`
}

function saidOf(decision: Decision): readonly [verb: string, status: string, because: string, to: string] {
  switch (decision.kind) {
    case 'pass':
      return ['pass', '', '', '']
    case 'refuse':
      return ['refuse', String(decision.status), decision.because, '']
    case 'answer':
      return ['answer', String(decision.status), '', '']
    case 'route': {
      const [first] = decision.targets
      return ['route', '', decision.because, first === undefined ? '' : (first.nextHop ?? first.uri)]
    }
    case 'drop':
      return ['drop', '', decision.because, '']
    default:
      return decision satisfies never
  }
}

function cut(text: string): string {
  return text.length > mostCharacters ? text.slice(0, mostCharacters) : text
}

function readAgain(text: string): TracedDecision {
  const [verb = '', status = '', policy = '', because = '', method = '', callId = '', uri = '', to = ''] =
    text.split('\n')
  return {
    kind: verb as TracedDecision['kind'],
    policy,
    ...(status === '' ? {} : { status: Number(status) }),
    ...(because === '' ? {} : { because }),
    method,
    callId,
    uri,
    ...(to === '' ? {} : { to }),
  }
}
