/** Final answers made by the proxy itself. */
import { answer } from '../message/answer.ts'
import type { HeaderField } from '../message/types.ts'
import type { ServerTransaction } from '../transaction/types.ts'
import type { Incoming } from './arrival.ts'
import type { Core } from './core.ts'

export interface Reply {
  readonly status: number
  /** Verdict code or dotted reason; undefined for a success. */
  readonly because: string | undefined
  readonly reason?: string | undefined
  readonly detail?: unknown
  readonly headers?: readonly HeaderField[] | undefined
  readonly body?: string | undefined
  readonly toTag?: string | undefined
}

export function reply(core: Core, transaction: ServerTransaction, arrival: Incoming, made: Reply): void {
  const { status, because, reason, headers = [], body, toTag } = made
  const explained =
    because === undefined ? headers : [...headers, ...core.settings.diagnostics(because, arrival, status, made.detail)]
  transaction.respond(status, answer(arrival.request, status, { reason, headers: explained, body, toTag }))
  core.settings.on.answered?.(arrival.request, status, because)
}
