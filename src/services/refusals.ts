/**
 * Refusals that services share, with the diagnostics the old clients show to a person (topology-facts: MS-OCER ids).
 */
import { refuse } from '../sip/routing/decision.ts'
import type { Decision } from '../sip/routing/decision.ts'
import { MessageError } from '../sip/message/message-error.ts'
import type { HeaderField } from '../sip/message/types.ts'
import { StoreError } from './store/store-error.ts'

/** `ms-diagnostics: 4004;reason="…";source="fe1.lab.test"` */
export function diagnostics(id: number, reason: string, source: string): HeaderField {
  return ['ms-diagnostics', `${id};reason="${reason}";source="${source}"`]
}

/** What is answered while a database is away. */
export interface OutageAnswer {
  /**
   * 503 would make the next hop avoid this server for calls too, and ask its twin on the same database: 504 does not.
   */
  readonly status: 503 | 504
  /** Seconds; sent as Retry-After. */
  readonly retryAfterSeconds: number
}

export const defaultOutageAnswer: OutageAnswer = { status: 504, retryAfterSeconds: 30 }

/** Turns a database's or a message's fault into an answer; anything else is our bug and goes on. */
export function refusalOf(error: unknown, outage: OutageAnswer, source: string): Decision {
  if (error instanceof StoreError) {
    return refuse(outage.status, error.code, [
      ['Retry-After', String(outage.retryAfterSeconds)],
      diagnostics(1007, 'The database of the server does not answer', source),
    ])
  }
  if (error instanceof MessageError) return refuse(error.status, error.code)
  throw error
}
