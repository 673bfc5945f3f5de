/** Requests made here, for user agents and checks (RFC 3261 §8.1.1). */
import type { HeaderField } from './types.ts'

export interface RequestParts {
  readonly method: string
  readonly uri: string
  /** e.g. `SIP/2.0/TLS fe1.lab.test:5061;branch=z9hG4bK…`. */
  readonly via: string
  /** e.g. `<sip:alice@lab.test>;tag=8f1c`. */
  readonly from: string
  readonly to: string
  readonly callId: string
  readonly cseq: number
  /** Default 70. */
  readonly maxForwards?: number | undefined
  readonly headers?: readonly HeaderField[] | undefined
  /** Latin1; `headers` has its Content-Type. */
  readonly body?: string | undefined
}

/** The whole request, ready for the wire: header names spelled out, Content-Length last. */
export function composeRequest(parts: RequestParts): string {
  const { method, headers = [], body = '', maxForwards = 70 } = parts
  return (
    `${method} ${parts.uri} SIP/2.0\r\nVia: ${parts.via}\r\nMax-Forwards: ${maxForwards}\r\n` +
    `From: ${parts.from}\r\nTo: ${parts.to}\r\nCall-ID: ${parts.callId}\r\nCSeq: ${parts.cseq} ${method}\r\n` +
    headers.map(([name, value]) => `${name}: ${value}\r\n`).join('') +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  )
}
