/**
 * What a routing policy is asked and what it may answer. A policy never sends, logs or starts a timer: it answers, the
 * core acts.
 */
import type { HeaderField, NameAddress, SipRequest, SipUri } from '../message/types.ts'
import type { Flow, FlowId } from '../transport/flow.ts'
import type { NextHop } from '../transport/types.ts'
import type { Ends } from './dialog-record.ts'

/** One request on its way through the lists. Policies may leave remarks for later ones; nothing else is writable. */
export interface Arrival {
  readonly request: SipRequest
  readonly flow: Flow
  readonly face: string
  /** The Request-URI after preprocessing (§16.4), parsed. */
  readonly uri: SipUri
  /** Route values left after our own were popped, top first. */
  readonly routes: readonly NameAddress[]
  /** The Route value that named us and was popped; undefined when none did. Its user part may hold a flow token. */
  readonly ownRoute: NameAddress | undefined
  /** The first such value, of the side that the request came from; the same as `ownRoute` unless there were two. */
  readonly nearRoute: NameAddress | undefined
  /** To has a tag. Anybody can write one: it proves nothing. */
  readonly claimsDialog: boolean
  readonly wall: number
  readonly remarks: Remarks
  /** What is left of Route gives no right or leads nowhere: none of it goes along. */
  leaveRoute(): void
}

/** The dialog that the Route value of this request was sealed for. */
export interface Standing extends Ends {
  /** The sender showed that it is the end it speaks as. */
  readonly proved: boolean
  /** A server of ours answers it by itself, for an address-of-record: it goes home as if it were in no dialog. */
  readonly endsHome?: boolean
}

/** What policies found out, for later policies and for the forwarder. */
export interface Remarks {
  /** Address-of-record proven by authentication or by a trusted assertion, e.g. `sip:alice@lab.test`. */
  identity: string | undefined
  /**
   * Who a request is taken to be from where this server proves no user: the next server does. Goes into the seal of a
   * dialog instead of `identity`.
   */
  claimed: string | undefined
  /** Domain of the organisation that vouches for the sender; empty: ours, or none. */
  organisation: string
  /**
   * `Trunk.organisation` of the host that sent the request, known by its certificate: the record of a dialog says it of
   * that end. Empty: no such host.
   */
  trunk: string
  /** undefined: in no dialog of ours. */
  dialog: Standing | undefined
  /** Came in through the edge from outside. */
  remote: boolean
  /** Header fields the forwarder adds. */
  readonly add: HeaderField[]
  /** Lower-case long names the forwarder removes. */
  readonly remove: string[]
  /** Anything else, keyed by policy name. */
  readonly other: Map<string, unknown>
}

/** One place a request may go to. */
export interface Target {
  /** New Request-URI. */
  readonly uri: string
  /** Send exactly on this flow (a binding's flow); 430 when it is gone. */
  readonly flow: FlowId | undefined
  /** Route values to push above what is left (a binding's Path), top first. */
  readonly routes: readonly string[]
  /**
   * Where to send when it is not the Request-URI or the first Route, e.g. `sip:director.lab.test:5061;transport=tls`.
   */
  readonly nextHop: string | undefined
  /** Tried after `nextHop`, in this order, where that is out: other hosts of one service (RFC 2782). Absent: none. */
  readonly otherHops?: readonly string[]
  /**
   * What is shown to the next hop, e.g. `static-route:2`, where its address alone does not say. Record-Route keeps it
   * for the dialog.
   */
  readonly identity?: string | undefined
  /** 0–1000; equal values fork in parallel, lower ones later. */
  readonly q: number
  /** Face to leave by; undefined: the face it came in on, or the role's only one. */
  readonly face: string | undefined
  /**
   * Whether it may be dialled where DNS leads, asked for each address: the name may be one of a stranger. Absent: it
   * may.
   */
  readonly mayDial?: (hop: NextHop) => boolean
  /** What entitles the request to leave for it; absent: nothing does. */
  readonly by?: TargetKind
  /**
   * Further ways to the same instance, each tried when the one before failed: never two at a time (RFC 5626 §7).
   * Absent: none.
   */
  readonly others?: readonly Target[]
  /**
   * Address-of-record that this branch is for, after aliases; absent: that of the Request-URI; empty: not known here,
   * or that of the other end, where a dialog leads there.
   */
  readonly aor?: string
  /** See `Side.organisation`; absent: ours. */
  readonly organisation?: string
}

/** Everything that a request may leave for, and what may be done with it here. */
export const targetKinds = [
  /** A change of bindings by the registrar of this server. */
  'registrar',
  /** Answered by this server itself. */
  'own-server',
  /** Presence and lists of a user at home here, for their watchers. */
  'presence',
  /** What a user at home here publishes and keeps, and the search of the directory. */
  'user-data',
  /** A binding of a user at home here. */
  'binding',
  /** A binding of a user who takes anonymous calls. */
  'open-binding',
  /** The home server of a user of ours. */
  'home',
  /** The configured next hop towards the inside. */
  'inward',
  /** A Route value of a server of ours: the Path of a binding. */
  'path',
  'static-route',
  /** The edge of an organisation that federation allows. */
  'partner',
  /** The configured edge, for everything outside. */
  'enterprise-edge',
  /** The other end of a dialog, as its sealed record says. */
  'dialog',
  /** Whatever else the request names. */
  'elsewhere',
] as const

export type TargetKind = (typeof targetKinds)[number]

export type Decision =
  | { readonly kind: 'pass' }
  /** `because` is a verdict code or dotted reason; diagnostics, when given, become `ms-diagnostics`. */
  | {
      readonly kind: 'refuse'
      readonly status: number
      readonly because: string
      readonly reason?: string
      readonly headers?: readonly HeaderField[]
      /** Field and place at fault, `Contact: q=1.5 is not from 0 to 1`: for a peer that may know, and for an event. */
      readonly found?: string
    }
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly reason?: string
      readonly headers?: readonly HeaderField[]
      readonly body?: string
      /** Tag of To in an answer that begins a dialog with this server. Absent: a fresh one. */
      readonly toTag?: string
    }
  | { readonly kind: 'route'; readonly targets: readonly Target[]; readonly because: string }
  /** Say nothing at all (an ACK, a message that must not be answered). */
  | { readonly kind: 'drop'; readonly because: string }

export type Refused = Extract<Decision, { kind: 'refuse' }>

export interface Policy {
  readonly name: string
  decide(arrival: Arrival): Decision | Promise<Decision>
}

export const pass: Decision = { kind: 'pass' }

export function refuse(
  status: number,
  because: string,
  headers: readonly HeaderField[] = [],
  found: string | undefined = undefined,
): Refused {
  return found === undefined
    ? { kind: 'refuse', status, because, headers }
    : { kind: 'refuse', status, because, headers, found }
}

/** The lists of one face; order matters, the first decision that is not `pass` ends the walk. */
export interface FacePolicies {
  readonly admit: readonly Policy[]
  readonly target: readonly Policy[]
}
