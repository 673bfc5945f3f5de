/** What is wrong with a message a peer sent, with the answer it earns. Thrown by every reader of this folder. */
import type { Via } from './types.ts'

/** Stable names of the faults a reader can find; `status` says what a request with that fault is answered. */
export type MessageErrorCode =
  | 'start-line-syntax'
  | 'start-line-too-long'
  | 'version-unsupported'
  | 'status-code-range'
  | 'head-incomplete'
  | 'head-too-long'
  | 'header-fields-too-many'
  | 'header-field-syntax'
  | 'header-field-missing'
  | 'header-field-repeated'
  | 'via-syntax'
  | 'from-syntax'
  | 'to-syntax'
  | 'address-syntax'
  | 'uri-syntax'
  | 'call-id-syntax'
  | 'cseq-syntax'
  | 'cseq-method-mismatch'
  | 'max-forwards-syntax'
  | 'content-length-syntax'
  | 'content-length-conflict'
  | 'content-length-missing'
  | 'body-incomplete'
  | 'body-too-long'

/**
 * As much of a malformed request as an answer needs (RFC 3261 §8.2.6.2); `answerMalformed` writes it.
 * The top Via is read liberally here: its sent-by could be read, parameters only up to the fault.
 */
export interface PartialRequest {
  readonly kind: 'request'
  readonly method: string
  readonly topVia: Via
  /** First header field of that name, unfolded and trimmed; undefined: absent. */
  header(name: string): string | undefined
  headers(name: string): readonly string[]
  /** As on a whole message: what the transport saw as the source. */
  stampTopVia(received: string, rport: number): void
  readonly answerPort: number
  /** The Via header fields as an answer carries them, stamped. */
  viaBlock(): string
}

export class MessageError extends Error {
  /** SIP status a request with this fault is answered with: 400, 413, 416, 501, 505, 513. */
  readonly status: number
  readonly code: MessageErrorCode
  /** Where reading stopped, in characters of the text that was being read. */
  readonly offset: number
  /** undefined: no answer is possible (no top Via that can be read) or due (a response, an ACK). */
  partial: PartialRequest | undefined = undefined

  constructor(status: number, code: MessageErrorCode, message: string, offset: number) {
    super(message)
    this.name = 'MessageError'
    this.status = status
    this.code = code
    this.offset = offset
  }

  /** The same error, with the field that was being read: `Route: address-syntax: wanted …`. */
  of(field: string): this {
    this.message = `${field}: ${this.message}`
    return this
  }

  /** The same error, with what an answer needs of the request. */
  with(partial: PartialRequest | undefined): this {
    this.partial = partial
    return this
  }
}
