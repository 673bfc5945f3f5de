/** A binding joins an address-of-record to one place where the user can be reached (RFC 3261 §10). */
import type { FlowId } from '../../sip/transport/flow.ts'
import type { BindingRow } from '../store/schema.ts'

export interface Binding {
  /** `sip:alice@lab.test` */
  readonly aor: string
  /** Tells the bindings of one address-of-record apart; stays the same when the Contact is spelled anew. */
  readonly key: string
  /** Contact URI as registered. */
  readonly contact: string
  /** 0–1000. */
  readonly q: number
  /** Wall-clock milliseconds. */
  readonly expires: number
  readonly callId: string
  readonly cseq: number
  /** Path values, top first: the way from us to the user agent (RFC 3327). */
  readonly path: readonly string[]
  /** Without brackets: `urn:uuid:6163cf37-…`; undefined: none. */
  readonly instance: string | undefined
  /** RFC 5626 §4.2; undefined: not an outbound registration. */
  readonly regId: number | undefined
  readonly epid: string | undefined
  /** FQDN of the front end the REGISTER came to. */
  readonly owner: string
  /** Path value that leads other front ends to the owner and its flow; undefined: they dial the contact. */
  readonly ownerRoute: string | undefined
  /** True: reachable on the flow of its registration only, never by dialling. */
  readonly flowBound: boolean
  /** That flow, when it lives (or lived) in this process; undefined: it is elsewhere, or was lost by a restart. */
  readonly flow: FlowId | undefined
  readonly userAgent: string
  /** Source of the REGISTER: `192.0.2.7:5061`. */
  readonly received: string
}

/** Names this process among all that ever wrote bindings: a flow of another life must not be taken for one of ours. */
export type Incarnation = string

export function rowOf(binding: Binding, incarnation: Incarnation): BindingRow {
  return {
    aor: binding.aor,
    binding_key: binding.key,
    contact: binding.contact,
    q: binding.q,
    expires: binding.expires,
    call_id: binding.callId,
    cseq: binding.cseq,
    path: binding.path.join('\n'),
    instance: binding.instance ?? '',
    reg_id: binding.regId ?? 0,
    epid: binding.epid ?? '',
    owner: binding.owner,
    owner_route: binding.ownerRoute ?? '',
    flow: flowText(binding, incarnation),
    user_agent: binding.userAgent,
    received: binding.received,
  }
}

/** `9f86d081:17`, `9f86d081:` for a flow lost before, empty when the contact is dialled. */
export function flowText(binding: Binding, incarnation: Incarnation): string {
  return binding.flowBound || binding.flow !== undefined
    ? `${binding.flowBound ? '' : '~'}${incarnation}:${binding.flow ?? ''}`
    : ''
}

export function bindingOf(row: BindingRow, incarnation: Incarnation): Binding {
  return {
    aor: row.aor,
    key: row.binding_key,
    contact: row.contact,
    q: row.q,
    expires: row.expires,
    callId: row.call_id,
    cseq: row.cseq,
    path: row.path === '' ? [] : row.path.split('\n'),
    instance: row.instance === '' ? undefined : row.instance,
    regId: row.reg_id === 0 ? undefined : row.reg_id,
    epid: row.epid === '' ? undefined : row.epid,
    owner: row.owner,
    ownerRoute: row.owner_route === '' ? undefined : row.owner_route,
    flowBound: row.flow !== '' && !row.flow.startsWith('~'),
    flow: flowOf(row.flow, incarnation),
    userAgent: row.user_agent,
    received: row.received,
  }
}

function flowOf(text: string, incarnation: Incarnation): FlowId | undefined {
  const [, writer, id] = /^~?([^:]*):(\d+)$/.exec(text) ?? []
  return writer === incarnation && id !== undefined ? (Number(id) as FlowId) : undefined
}

/** Those that have not run out; the same list where all are. */
export function alive(bindings: readonly Binding[], wall: number): readonly Binding[] {
  return bindings.every((binding) => binding.expires > wall)
    ? bindings
    : bindings.filter((binding) => binding.expires > wall)
}
