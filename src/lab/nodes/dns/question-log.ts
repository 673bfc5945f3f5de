/**
 * The last questions to the DNS of the lab, and what was answered: for `siplab trace --dns` and the ladder of the
 * console. What is kept are octets; they are read when someone looks.
 */
import { decode, type Packet, type ResourceRecord } from 'dns-packet'
import type { TracedQuestion, TraceEntry } from '../../../node/control/control-api.ts'

/** A question as the server took it. */
export interface Asked {
  readonly view: string
  readonly transport: 'udp' | 'tcp'
  /** `127.0.41.2:10053`. */
  readonly local: string
  readonly remote: string
  readonly question: Buffer
  /** Absent: none is sent. */
  readonly response: Buffer | undefined
  readonly lateMs: number
}

const mostKept = 1000
/** Of a question or an answer; a longer one is kept without its octets. */
const mostOctets = 2048
const responseCodes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const

type Reader = (entry: TraceEntry) => void
type Kept = Asked & { readonly wall: number }

export class QuestionLog {
  readonly #node: string
  readonly #wall: () => number
  readonly #kept: Kept[] = []
  readonly #readers = new Set<Reader>()

  constructor(node: string, wall: () => number) {
    this.#node = node
    this.#wall = wall
  }

  add(asked: Asked): void {
    const kept = { ...asked, wall: this.#wall(), question: copied(asked.question) }
    this.#kept.push(kept)
    if (this.#kept.length > mostKept) this.#kept.splice(0, mostKept / 2)
    if (this.#readers.size === 0) return
    const entry = this.#entryOf(kept)
    for (const reader of this.#readers) reader(entry)
  }

  /** Oldest first. */
  since(seconds: number): readonly TraceEntry[] {
    const from = this.#wall() - seconds * 1000
    return this.#kept.filter(({ wall }) => wall >= from).map((kept) => this.#entryOf(kept))
  }

  /** @returns a function that ends the following */
  follow(reader: Reader): () => void {
    this.#readers.add(reader)
    return () => this.#readers.delete(reader)
  }

  #entryOf({ wall, transport, local, remote, ...asked }: Kept): TraceEntry {
    return {
      time: new Date(wall).toISOString(),
      node: this.#node,
      kind: 'dns',
      direction: 'in',
      transport,
      local,
      remote,
      question: readQuestion(asked),
    }
  }
}

/** A socket may hand out parts of a larger block. */
function copied(octets: Buffer): Buffer {
  return Buffer.from(octets.subarray(0, mostOctets))
}

function readQuestion({
  view,
  question,
  response,
  lateMs,
}: Pick<Kept, 'view' | 'question' | 'response' | 'lateMs'>): TracedQuestion {
  const asked = read(question)?.questions?.[0]
  const answer = response === undefined ? undefined : read(response)
  const code = answer === undefined ? undefined : (responseCodes[(answer.flags ?? 0) & 15] ?? 'unknown')
  return {
    ...(asked === undefined ? {} : { name: asked.name, type: asked.type }),
    ...(code === undefined ? {} : { code }),
    answers: (answer?.answers ?? []).map(recordText),
    ...(lateMs === 0 ? {} : { lateMs }),
    view,
  }
}

/** Undefined for what is no DNS message: anyone who can reach the port may send anything. */
function read(octets: Buffer): Packet | undefined {
  try {
    return decode(octets)
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

/** `SRV 0 0 5061 sip.lab.test`, as a zone file has it. */
function recordText({ type, data }: ResourceRecord): string {
  const fields = typeof data === 'object' && data !== null ? Object.values(data) : [data]
  return [type, ...fields.map((field) => (field === '' ? '""' : String(field)))].join(' ')
}
