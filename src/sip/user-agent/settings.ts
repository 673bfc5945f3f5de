/** What a user agent is given. */
import type { Clock } from '../clock.ts'
import type { HeaderField, SipRequest, SipResponse, SipUri } from '../message/types.ts'
import type { TransactionLimits } from '../transaction/settings.ts'
import type { TimerWheel } from '../transaction/timer-wheel.ts'
import type { Branch, TimerSettings } from '../transaction/types.ts'
import type { Flow } from '../transport/flow.ts'
import type { NextHop, TransportLayer } from '../transport/types.ts'
import type { IncomingRequest } from './incoming.ts'

export interface UserAgentSettings {
  readonly clock: Clock
  readonly wheel: TimerWheel
  readonly timers: TimerSettings
  readonly limits: TransactionLimits
  readonly transport: Pick<TransportLayer, 'existing' | 'connect'>
  /** Where a URI leads (RFC 3263); asked unless a flow is given. */
  readonly locate: (uri: SipUri, face: string) => readonly NextHop[] | Promise<readonly NextHop[]>
  readonly face: string
  /** Who it is, e.g. `<sip:alice@lab.test>`. */
  readonly identity: string
  /** Contact value for what leaves by `flow`, e.g. `<sip:alice@127.0.0.1:5070;transport=tls>`. */
  readonly contact: (flow: Flow) => string
  /** Via value, e.g. `SIP/2.0/TLS host:5061;branch=…`. */
  readonly via: (flow: Flow, branch: Branch) => string
  /** In every request and response, e.g. User-Agent. */
  readonly headers: readonly HeaderField[]
  /**
   * Answers a 401 or 407: header fields for a second try, undefined to give up. Digest lives above the stack.
   */
  readonly authenticate?: (
    challenge: SipResponse,
    request: SipRequest,
  ) => readonly HeaderField[] | undefined | Promise<readonly HeaderField[] | undefined>
  /**
   * A request that belongs to no dialog, or to a dialog whose owner does not listen. Absent: OPTIONS gets 200, all else
   * 405.
   */
  readonly onRequest?: (incoming: IncomingRequest) => void
  /**
   * A repeated ACK, or the BYE for a superfluous fork, that could not be sent; `peer.no-ack` for a 2xx
   * without an ACK.
   */
  readonly onTrouble?: (error: unknown) => void
}

export interface RequestOptions {
  /** Default: the identity of the user agent, with a fresh tag. */
  readonly from?: string
  /** Default: `<uri>`. */
  readonly to?: string
  readonly headers?: readonly HeaderField[]
  /** Latin1; `headers` has its Content-Type. */
  readonly body?: string
  /** Send exactly on this flow. */
  readonly flow?: Flow
  /** Go there instead of the Request-URI: an outbound proxy, `sip:fe1.lab.test;transport=tls`. */
  readonly nextHop?: string
  readonly onProvisional?: (response: SipResponse) => void
}

/**
 * No final response: `peer.silent` (Timer B or F), `overload.transactions`, or the code of the transport or DNS error.
 */
export class UserAgentError extends Error {
  readonly code: string

  constructor(code: string, message: string, cause: unknown = undefined) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'UserAgentError'
    this.code = code
  }
}
