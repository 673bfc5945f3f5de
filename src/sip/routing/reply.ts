/** Final answers made by the proxy itself. */
import { answer } from '../message/answer.ts'
import type { HeaderField } from '../message/types.ts'
import type { ServerTransaction } from '../transaction/types.ts'
import type { Incoming } from './arrival.ts'
import type { Core } from './core.ts'
import { isServer } from './dialog-record.ts'

export interface Reply {
  readonly status: number
  /** Verdict code or dotted reason; undefined for a success. */
  readonly because: string | undefined
  readonly reason?: string | undefined
  readonly detail?: unknown
  readonly headers?: readonly HeaderField[] | undefined
  readonly body?: string | undefined
}

/** No way to a `sips` target is secured. */
export const notSecured = 'route.not-secured'

export function reply(core: Core, transaction: ServerTransaction, arrival: Incoming, made: Reply): void {
  const { because, reason, body } = made
  const status = made.status === 430 && !mayHearOfFlows(core, arrival) ? 480 : made.status
  const headers = because === notSecured ? [...(made.headers ?? []), warning380(core, arrival)] : (made.headers ?? [])
  const explained =
    because === undefined ? headers : [...headers, ...core.settings.diagnostics(because, arrival, status, made.detail)]
  transaction.respond(status, answer(arrival.request, status, { reason, headers: explained, body }))
  core.settings.on.answered?.(arrival.request, status, because)
}

/** 430 is for the proxies of this organisation, which know other flows (RFC 5626 §11.5). A client gets 480. */
export function mayHearOfFlows({ settings }: Core, { flow }: Incoming): boolean {
  return isServer(flow) && settings.faces[flow.face]?.isOutside !== true
}

/** RFC 5630 §5.3. */
function warning380({ settings }: Core, { face }: Incoming): HeaderField {
  return ['Warning', `380 ${settings.faces[face]?.name ?? '-'} "SIPS Not Allowed"`]
}
