/** The settings of the proxy core: the parts it works with, its faces, and its reports about its work. */
import type { Clock } from '../clock.ts'
import type { HeaderField, SipRequest, SipResponse, SipUri } from '../message/types.ts'
import type { TransactionLimits } from '../transaction/settings.ts'
import type { SameUser } from '../transaction/peer.ts'
import type { TimerWheel } from '../transaction/timer-wheel.ts'
import type { TimerSettings } from '../transaction/types.ts'
import type { Flow, TransportName } from '../transport/flow.ts'
import type { TargetHealth } from '../transport/dial/target-health.ts'
import type { NextHop, TransportLayer } from '../transport/types.ts'
import type { Arrival, Decision, FacePolicies, Refused, Target } from './decision.ts'
import type { FlowTokens } from './flow-token.ts'

/**
 * Where a URI leads, best first (RFC 3263 §4). Rejects or throws with a `code` such as `dns.no-such-name`.
 *
 * @param identity see `Target.identity`
 */
export type Locate = (uri: SipUri, face: string, identity?: string) => readonly NextHop[] | Promise<readonly NextHop[]>

/** Next hops that asked to be left alone (503 with Retry-After) or did not answer. */
export type Health = Pick<TargetHealth, 'isDown' | 'markDown' | 'markUp' | 'retryAfterSeconds'>

/** One side of the node, as its peers see it. */
export interface FaceSettings {
  /** The host in Via, e.g. `fe1.lab.test`. */
  readonly name: string
  /** The host in Record-Route: the node's own name or the pool's. */
  readonly recordRouteName: string
  /** Advertised port by transport. A transport that is missing here is named with the local port of the flow. */
  readonly ports: Partial<Record<TransportName, number>>
  /**
   * Where several ports serve one transport: the one named to a server that we dialled. Absent: the local port of the
   * flow.
   */
  readonly serverPorts?: Partial<Record<TransportName, number>>
  /** Every port this face listens on: a URI with another port is not ours. Absent: the advertised ones. */
  readonly ownPorts?: readonly number[]
  /** The port that peers dial, by the one that is open here, where something in front leads from one to the other. */
  readonly dialledAs?: ReadonlyMap<number, number>
  /** Further host names and numeric addresses that mean this node, lower case; IPv6 with brackets. */
  readonly alsoKnownAs: readonly string[]
  /** Peers of other organisations come here: what only our own proxies understand stays off it. Absent: none do. */
  readonly isOutside?: boolean
  /**
   * Header fields removed from a response that came in on this face, because of its sender: names as in
   * `ResponseChange.remove`. Absent: none.
   */
  readonly stripResponse?: (response: SipResponse, from: Flow) => readonly string[]
  /** What changes in a response on its way back out of this face. Absent: nothing. */
  readonly editResponse?: (response: SipResponse, arrival: Arrival) => ResponseChange | undefined
}

export interface ResponseChange {
  /** Canonical long names, lower case. */
  readonly remove: readonly string[]
  readonly add: readonly HeaderField[]
}

export interface ForwardSettings {
  /** `double`: one value for each side where face or transport differ (RFC 5658), else one. */
  readonly recordRoute: 'none' | 'single' | 'double'
  /** Try the Contacts of a 3xx here instead of passing it on (§16.5). */
  readonly recurse: boolean
  /** Timer C, milliseconds; more than three minutes (§16.6 step 11). */
  readonly timerC: number
  /** Targets of one request at most, 3xx Contacts included. */
  readonly targets: number
  /** Next hops tried for one target at most. */
  readonly attempts: number
}

export const defaultForward: ForwardSettings = {
  recordRoute: 'double',
  recurse: false,
  timerC: 181_000,
  targets: 32,
  attempts: 6,
}

export interface ProxyEvents {
  /** What the lists decided, and which policy it was. */
  readonly decision?: (arrival: Arrival, decision: Decision, policy: string) => void
  /** One copy went out. */
  readonly forwarded?: (arrival: Arrival, target: Target, flow: Flow) => void
  /** A final response went back; `because` is undefined when it is a passed-on one. */
  readonly answered?: (request: SipRequest, status: number, because: string | undefined) => void
  /** Dropped without an answer: stray responses, ACKs that lead nowhere. */
  readonly dropped?: (message: SipRequest | SipResponse, flow: Flow, because: string) => void
  /** A field of a request cannot be read or used: which, and where. */
  readonly malformed?: (flow: Flow, found: string) => void
  /** A bug of ours or of a policy; a request was answered 500. undefined: the message cannot be read. */
  readonly failed?: (message: SipRequest | SipResponse | undefined, error: unknown) => void
}

/** Where a request came from: all that is known of one whose Route or Request-URI cannot be read. */
export type Asker = Pick<Arrival, 'face' | 'flow'>

export interface ProxySettings {
  readonly clock: Clock
  readonly wheel: TimerWheel
  readonly timers: TimerSettings
  readonly limits: TransactionLimits
  readonly transport: Pick<TransportLayer, 'existing' | 'connect' | 'flow'>
  readonly locate: Locate
  readonly health: Health
  readonly faces: Readonly<Record<string, FaceSettings & FacePolicies>>
  readonly forward: ForwardSettings
  /**
   * Domains this element stands for: OPTIONS to one of them is answered here. Absent: to none, only to its own names.
   */
  readonly domains?: readonly string[]
  /**
   * Domains whose users this element serves, lower case: a Route that names one is its own, and a user at a name of
   * this element is one of the first. Absent: `domains`.
   */
  readonly servedDomains?: readonly string[]
  /** Extensions a request may name in Proxy-Require, e.g. `ms-benotify`. */
  readonly optionTags: readonly string[]
  /** Absent: Record-Route carries no flow tokens. */
  readonly flowTokens?: FlowTokens
  /**
   * The way to the other end of a dialog when a flow on its route is gone and was answered 430 (RFC 5626 §5.3);
   * anything but a route: none is known. It is asked once a request, which has no Route then. Absent: the 430 goes
   * back.
   */
  readonly detour?: (arrival: Arrival) => Decision | Promise<Decision>
  /**
   * The law of this node: why the request may not go to that target; undefined: it may. Asked for every target, those
   * that a detour or a redirection found too. Absent: everything is allowed.
   */
  readonly forbids?: (arrival: Arrival, target: Target) => Refused | undefined
  /**
   * Header fields that explain a failure made here, e.g. `ms-diagnostics`; empty for a peer that is not to know.
   * @param detail what the layer that failed knew, for example an error of the transport; undefined when there is
   * nothing more
   */
  readonly diagnostics: (because: string, asker: Asker, status: number, detail: unknown) => readonly HeaderField[]
  /** See `TransactionSettings.shed`. */
  readonly shed?: (request: SipRequest) => number | undefined
  /** See `TransactionSettings.sealed`. */
  readonly sealed?: (text: string, flow: Flow) => string
  /** See `TransactionSettings.sameUser`. */
  readonly sameUser?: SameUser
  /**
   * Whether a response whose flow has closed may be dialled back to where that flow came from: anyone can write a port
   * into Via. Absent: no response is.
   */
  readonly dialsBack?: (flow: Flow) => boolean
  readonly on: ProxyEvents
}
