/**
 * A connection that did not come to be: the error a dialler gets, and the code of each cause.
 */
import type { Refusal } from './types.ts'
import { endpointText } from '../message/endpoint.ts'

/** A dial that made no flow. `refusal` was reported through `onRefused` before. */
export class DialError extends Error {
  readonly code: string
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    const { address, port } = refusal.remote
    const where = `${refusal.wantedName ?? address} at ${endpointText(address, port)}`
    const found = refusal.errorMessage === undefined ? '' : ` (${refusal.errorMessage})`
    super(`no flow to ${where}: ${refusal.code}${found}`)
    this.name = 'DialError'
    this.code = refusal.code
    this.refusal = refusal
  }
}

/** What this end knows of an error, without the error itself: it would keep its socket alive. */
export interface Cause {
  readonly errorCode: string | undefined
  readonly errorMessage: string | undefined
}

export function causeOf(error: unknown): Cause {
  if (!(error instanceof Error)) return { errorCode: undefined, errorMessage: String(error) }
  const code: unknown = 'code' in error ? error.code : undefined
  return { errorCode: typeof code === 'string' ? code : undefined, errorMessage: error.message }
}

const codes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'link.refused',
  ECONNRESET: 'link.reset',
  EPIPE: 'link.reset',
  ETIMEDOUT: 'link.timeout',
  EHOSTUNREACH: 'link.unreachable',
  ENETUNREACH: 'link.unreachable',
  EADDRNOTAVAIL: 'link.unreachable',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'tls.handshake-timeout',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'tls.client-cert-missing',
  ERR_SSL_NO_SHARED_CIPHER: 'tls.no-common-cipher',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'tls.no-common-version',
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: 'tls.no-common-version',
  ERR_STAPLE: 'tls.staple-invalid',
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'framing-lost',
  WS_ERR_INVALID_OPCODE: 'framing-lost',
  WS_ERR_INVALID_UTF8: 'framing-lost',
}

/**
 * The coarse code of a failed connection or handshake; the layer above has the whole table and refines it from the
 * error.
 */
export function refusalCode(cause: Cause, otherwise: string): string {
  if (/alert number 116\b/.test(cause.errorMessage ?? '')) return 'tls.client-cert-missing'
  if (/alert number \d/.test(cause.errorMessage ?? '')) return 'tls.alert'
  const code = cause.errorCode
  if (code !== undefined && Object.hasOwn(codes, code)) return codes[code] ?? otherwise
  return otherwise
}
