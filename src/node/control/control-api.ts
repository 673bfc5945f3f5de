/**
 * What a node answers on its control socket: HTTP on the Unix socket `NODE_DIR/control.sock` (mode 0600), JSON bodies.
 *
 * | request | answer |
 * | --- | --- |
 * | `GET /status` | NodeStatus |
 * | `GET /events?after=N` | JSON lines of NodeEvent with `seq` > N, then it ends; `&follow=1` stays open |
 * | `GET /flows` | FlowStatus[] |
 * | `GET /registrations` | Registration[] |
 * | `GET /settings/general`, `/settings/security` | what the two tabs of the old console showed |
 * | `GET /trace` | JSON lines of TraceEntry while open |
 * | `GET /trace?since=SECONDS` | TraceLine: those kept of that time; `&follow=1`: then the mark, then what passes |
 * | `GET /trace?decisions=1` | with what the routing policies decided; of the node `dns`, its questions and answers |
 * | `GET /metrics` | counters, one flat object |
 * | `POST /assign` {reference, certificate, key?}, `POST /unassign` {reference, force?} | ChangeReport |
 * | `POST /mtls` {on} | ChangeReport |
 * | `POST /reload` | ChangeReport: certificates, trust and CRLs read again |
 * | `POST /link-fault` {peer, fault?} | {} |
 * | `POST /probe` {peer?} | LinkState[] after a fresh OPTIONS to each configured peer |
 * | `POST /ask-store` | Verdict[]: what is wrong with directory and pool store, each asked once |
 * | `POST /forget-user` {aor, because?} | {} once no binding of that user is left; `disabled`, `removed`, `moved` |
 * | `POST /forget-accounts` | {}: the next request reads the directory anew |
 * | `POST /redial` {peer?} | LinkState[] after the flows dialled to it were closed and dialled again |
 * | `POST /drain` | {} once no call and no transaction is left or the time is up |
 * | `POST /stop` | {} then the process ends with status 0 |
 *
 * A refusal is status 409 with `{ "error": …, "verdict"?: Verdict }`; a bad request 400; anything else is a fault of
 * ours, 500.
 */
import type { ShownCertificate } from '../../sip/transport/flow.ts'
import type { Verdict } from '../../verdicts/verdict.ts'

export type NodeState = 'starting' | 'ready' | 'degraded' | 'draining' | 'stopped'

export interface ListenerStatus {
  readonly face: string
  readonly transport: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'
  readonly address: string
  readonly port: number
  /** Only on tls and wss. */
  readonly mutual?: 'required' | 'requested' | 'off'
  /** Serial of the certificate new handshakes get; only on tls and wss. */
  readonly serial?: string
}

/** A link this node dials: up only after the first SIP answer. */
export interface LinkState {
  /** FQDN. */
  readonly peer: string
  /** Certificate reference this link shows, where there are several links to that peer: `static-route:2`. */
  readonly shows?: string
  readonly state: 'up' | 'down' | 'untried'
  readonly since: string
  readonly verdict?: Verdict
}

export interface NodeStatus {
  readonly name: string
  readonly role: string
  readonly fqdn: string
  readonly state: NodeState
  /** ISO 8601. */
  readonly since: string
  readonly pid: number
  readonly listeners: readonly ListenerStatus[]
  readonly links: readonly LinkState[]
  /** Why it stopped or is degraded, most important first. */
  readonly verdicts: readonly Verdict[]
  readonly flows: number
  readonly transactions: number
  readonly registrations: number
  /** Requests refused since the node started, by the row of the law or the cause; absent where nothing is judged. */
  readonly refusals?: Readonly<Record<string, number>>
  /** What the machine takes of the node's log and events, and what was lost of them. */
  readonly machine: MachineStatus
}

/** How a file fares to which lines are written. */
export interface WriterStatus {
  /** Lines since the start that were not written and never will be. */
  readonly lost: number
  /** Lines that wait to be written. */
  readonly waiting: number
  /** Of the last attempt when it failed, e.g. `ENOSPC`; absent: nothing is wrong. */
  readonly error?: string
}

export interface MachineStatus {
  /** `impaired`: something is wrong now, `verdicts` of the status say what. */
  readonly state: 'ok' | 'impaired'
  readonly events: WriterStatus
  /** Absent where the log goes to no descriptor of the node. */
  readonly log?: WriterStatus
  /** Files and connections of the process; absent where the system does not say. */
  readonly descriptors?: Descriptors
}

export interface Descriptors {
  /** Absent: so many are open that they could not be counted. */
  readonly open?: number
  readonly limit: number
}

/** One line of `NODE_DIR/events.jsonl`. */
export interface NodeEvent {
  /** Rises by one per line of this node's file. */
  readonly seq: number
  /** ISO 8601 by the node's clock. */
  readonly time: string
  readonly node: string
  /** Dotted past-tense id from events.ts, e.g. `flow.refused`, `service.stopped`. */
  readonly event: string
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  /** Event number of LCS/OCS where it is known. */
  readonly eventId?: number
  readonly verdict?: Verdict
  /** What joins the two ends of one connection: both write `A:port>B:port` of the TCP connection. */
  readonly connection?: string
  /** Further fields by event. */
  readonly data?: Readonly<Record<string, unknown>>
}

export interface Registration {
  readonly aor: string
  readonly contact: string
  readonly node: string
  /** `tls 127.0.41.11:5061 <- 127.0.0.1:40312`, undefined when the flow is gone. */
  readonly flow?: string
  readonly expiresSeconds: number
  readonly userAgent?: string
}

/** A live connection, with the certificates it was opened with. */
export interface FlowStatus {
  /** `director->fe1`: who dialled whom; a stranger is shown by its address. */
  readonly link: string
  readonly direction: 'accepted' | 'dialled'
  readonly transport: 'udp' | 'tcp' | 'tls' | 'ws' | 'wss'
  readonly local: string
  readonly remote: string
  /** Serial of what this end showed; absent without one. */
  readonly own?: string
  readonly peer?: string
}

/** One end's view of a handshake, or of a connection that came to none. */
export interface TracedHandshake {
  /** accepted: this end takes the peer; refused: this end refused it; lost: the other end, or the way, ended it. */
  readonly result: 'accepted' | 'refused' | 'lost'
  /** Who dialled: this end (`dialled`) or the other one. */
  readonly side: 'accepted' | 'dialled'
  readonly face: string
  /** What this end showed. Absent: nothing. */
  readonly own?: ShownCertificate
  /** What the other end showed. Absent: nothing, or it was not seen at this end. */
  readonly peer?: ShownCertificate
  /** Names of the peer that this end accepts, for example `fe1.lab.test`. */
  readonly names?: readonly string[]
  /** The alert that came from the other end. Absent: none came. */
  readonly alert?: { readonly number: number; readonly name: string }
  /** Code, and one sentence: why it failed. */
  readonly verdict?: string
  readonly message?: string
  /** What was found, for example the words of OpenSSL. */
  readonly found?: string
}

/** What a routing policy decided about a request, and which policy it was. */
export interface TracedDecision {
  readonly kind: 'pass' | 'refuse' | 'answer' | 'route' | 'drop'
  readonly policy: string
  /** Of a refusal or an answer. */
  readonly status?: number
  /** A verdict code or dotted reason; absent where the policy gives none. */
  readonly because?: string
  readonly method: string
  readonly callId: string
  /** The Request-URI. */
  readonly uri: string
  /** Of a route: the next hop or the new Request-URI of its first target. */
  readonly to?: string
}

/** A question to the DNS of the lab and what came of it. */
export interface TracedQuestion {
  /** `_sip._tls.lab.test`; absent where the question cannot be read. */
  readonly name?: string
  /** `SRV`. */
  readonly type?: string
  /** `NOERROR`, `NXDOMAIN`; absent: no answer was sent. */
  readonly code?: string
  /** The answer section: `SRV 0 0 5061 sip.lab.test`. */
  readonly answers: readonly string[]
  /** How late the answer goes out because of a fault, in milliseconds; absent: at once. */
  readonly lateMs?: number
  /** The view that was asked: `internal`. */
  readonly view: string
}

export interface TraceEntry {
  readonly time: string
  readonly node: string
  readonly kind: 'message' | 'handshake' | 'link' | 'decision' | 'dns'
  /** Of a handshake: `out` where this node dialled. */
  readonly direction?: 'in' | 'out'
  readonly transport?: string
  readonly local?: string
  readonly remote?: string
  /** The whole message, UTF-8 where it is; authorization values blanked. */
  readonly text?: string
  /** Of a handshake. */
  readonly handshake?: TracedHandshake
  /** Of a decision; `local` and `remote` are those of the flow that the request came in on. */
  readonly decision?: TracedDecision
  /** Of a question to the DNS; `remote` asked, `local` is the view that answers. */
  readonly question?: TracedQuestion
  /** Of news of a link: `link.up`, `link.down`, `link.fault`. */
  readonly event?: string
  readonly data?: Readonly<Record<string, unknown>>
}

/** A line of `GET /trace`: an entry, or the mark between kept ones and what passes. */
export type TraceLine = TraceEntry | { readonly kind: 'live' }

export interface ChangeReport {
  /** What became live where: `listener internal 127.0.41.11:5061 now shows 4A3F…`. */
  readonly changed: readonly string[]
  readonly unchanged: readonly string[]
}
