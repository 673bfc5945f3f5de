/** The text of a record of `BindingTable`, and the binding that is read from it. */
import type { FlowId } from '../../../sip/transport/flow.ts'
import type { Binding } from '../binding.ts'

/** What a record has beside its text. */
export interface RecordNumbers {
  readonly q: number
  readonly expires: number
  readonly cseq: number
  readonly regId: number | undefined
  readonly owner: string
  readonly flowBound: boolean
  readonly flow: FlowId | undefined
  readonly userAgent: string
}

/** Lines of the text behind the Contact: first those that every answer asks for. The values of Path are the last. */
const lines = { key: 0, instance: 1, epid: 2, callId: 3, ownerRoute: 4, received: 5, path: 6 } as const
const lineEnd = 10

/** The lines of a record. A key that is the Contact is not written twice. */
export function linesOf(binding: Binding): readonly string[] {
  const { aor, contact, key, callId, instance = '', epid = '', ownerRoute = '', received, path } = binding
  const fixed = [aor, contact, key === contact ? '' : key, instance, epid, callId, ownerRoute, received]
  return path.length === 0 ? fixed : fixed.concat(path)
}

/**
 * A binding as it was when it was read: it does not change with its record. Of most bindings of a user only the Contact
 * is asked for, so nothing else is cut out of the text before it is (bench/proxy.ts, register-10).
 */
export class StoredBinding implements Binding {
  readonly aor: string
  readonly q: number
  readonly expires: number
  readonly cseq: number
  readonly regId: number | undefined
  readonly owner: string
  readonly flowBound: boolean
  readonly flow: FlowId | undefined
  readonly userAgent: string
  readonly #text: string
  readonly #contactEnd: number

  constructor(aor: string, text: string, contactLength: number, numbers: RecordNumbers) {
    this.aor = aor
    this.q = numbers.q
    this.expires = numbers.expires
    this.cseq = numbers.cseq
    this.regId = numbers.regId
    this.owner = numbers.owner
    this.flowBound = numbers.flowBound
    this.flow = numbers.flow
    this.userAgent = numbers.userAgent
    this.#text = text
    this.#contactEnd = aor.length + 1 + contactLength
  }

  get contact(): string {
    return this.#text.slice(this.aor.length + 1, this.#contactEnd)
  }

  get key(): string {
    const key = this.#line(lines.key)
    return key === '' ? this.contact : key
  }

  get callId(): string {
    return this.#line(lines.callId)
  }

  get instance(): string | undefined {
    return this.#lineOrNone(lines.instance)
  }

  get epid(): string | undefined {
    return this.#lineOrNone(lines.epid)
  }

  get ownerRoute(): string | undefined {
    return this.#lineOrNone(lines.ownerRoute)
  }

  get received(): string {
    return this.#line(lines.received)
  }

  get path(): readonly string[] {
    const start = this.#startOf(lines.path)
    return start === 0 ? noPath : this.#text.slice(start).split('\n')
  }

  /** All of it, as of any other binding. */
  toJSON(): Binding {
    const { aor, key, contact, q, expires, callId, cseq, path, instance, regId, epid } = this
    const { owner, ownerRoute, flowBound, flow, userAgent, received } = this
    return {
      ...{ aor, key, contact, q, expires, callId, cseq, path, instance, regId, epid },
      ...{ owner, ownerRoute, flowBound, flow, userAgent, received },
    }
  }

  #line(number: number): string {
    const start = this.#startOf(number)
    if (this.#text.charCodeAt(start) === lineEnd) return ''
    const end = this.#text.indexOf('\n', start)
    return end === -1 ? this.#text.slice(start) : this.#text.slice(start, end)
  }

  #lineOrNone(number: number): string | undefined {
    const text = this.#line(number)
    return text === '' ? undefined : text
  }

  /** 0: the text ends before that line. Most lines are empty. */
  #startOf(number: number): number {
    let start = this.#contactEnd + 1
    for (let line = 0; line < number && start !== 0; line++)
      start = this.#text.charCodeAt(start) === lineEnd ? start + 1 : this.#text.indexOf('\n', start) + 1
    return start
  }
}

const noPath: readonly string[] = []
