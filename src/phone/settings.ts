/** What a phone is given: who it is, where it dials, and what it trusts. */
import type { NameRules } from '../certificates/examine/names.ts'
import type { Clock } from '../sip/clock.ts'
import type { HeaderField, MessageLimits } from '../sip/message/types.ts'
import type { Resolver } from '../sip/transport/dial/resolver.ts'
import type { TraceTap } from '../sip/transport/types.ts'

export type PhoneTransportName = 'tls' | 'tcp' | 'wss' | 'ws'

/** Where the phone dials. The caller does discovery (RFC 3263, the SRV names of Communicator). */
export interface PhoneTarget {
  /** Name the server's certificate must carry, e.g. `sip.lab.test`; looked up when `address` is absent. */
  readonly host: string
  /** Numeric; absent: the resolver says. */
  readonly address?: string
  readonly port: number
  readonly transport: PhoneTransportName
}

export interface PhoneSettings {
  /** `alice`, as in `sip:alice@lab.test`. */
  readonly user: string
  readonly domain: string
  /** Name in the digest; absent: `user`. */
  readonly login?: string
  /** Absent: a challenge is not answered. */
  readonly password?: string
  readonly target: PhoneTarget
  /** Trust anchors, PEM, one entry each. Absent: those of Node. Insecure transports need none. */
  readonly ca?: readonly string[]
  /** How the name in the certificate of the server is compared with the one dialled; default `rfc5922` (§7.1). */
  readonly nameRules?: NameRules
  /** Shown when the server asks for one; phones usually have none. PEM. */
  readonly clientCertificate?: { readonly certificate: string; readonly key: string }
  /** Addresses of hosts without one: the target, and where a director sends us. Absent: the system's DNS. */
  readonly resolver?: Resolver
  /** Asked of the registrar, seconds; default 600. */
  readonly expiresSeconds?: number
  /** The longest wait for any answer, milliseconds; default 10 000. A call may ring longer: `ringMs`. */
  readonly answerMs?: number
  /** How long a call of ours may ring before it is given up, milliseconds; default 60 000. */
  readonly ringMs?: number
  /** Signs in again when the flow is lost while signed in; default true. */
  readonly reconnect?: boolean
  /** Answers every call; default false. */
  readonly autoAnswer?: boolean
  /** Further header fields in every 200 to a MESSAGE: what a phone may claim and a server must not believe. */
  readonly answerHeaders?: readonly HeaderField[]
  readonly clock?: Clock
  readonly limits?: MessageLimits
  /** Sees every message as it passes. */
  readonly trace?: TraceTap
  /** What sip.js says of itself; level is `debug`, `log`, `warn` or `error`. */
  readonly log?: (level: string, text: string) => void
}
