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

/** For the user to read, with no `source` ([MS-OCER] 2.2.1.2). [MS-SIPREGE] §4.1.3 signs a client off with it. */
export const userDisabled: HeaderField = ['ms-diagnostics-public', '4141;reason="User disabled"']

/**
 * For requests of an account that is disabled. To the registrar it is no user: 404 with 4005 ([MS-OCER]), whose
 * reason appears in a client. Any other request is one that this sender may not make: 403.
 */
export function refuseDisabled(
  because: 'auth.user-disabled' | 'register.user-disabled',
  { method }: { readonly method: string },
  self: string,
): Decision {
  return refuse(method === 'REGISTER' ? 404 : 403, because, [notEnabled(self), userDisabled])
}

/** Of no user that may sign in: unknown, or disabled. */
export function notEnabled(self: string): HeaderField {
  return diagnostics(4005, 'Destination URI either not enabled for SIP or does not exist', self)
}

/** Sent as Retry-After while a database is away. */
const outageSeconds = 30

/**
 * Turns a database's or a message's fault into an answer; anything else is our bug and goes on. A database that is away
 * is 504, not 503, which would make the next hop avoid this server for calls too (docs/decisions/0020).
 */
export function refusalOf(error: unknown, source: string): Decision {
  if (error instanceof StoreError) {
    return refuse(504, error.code, [
      ['Retry-After', String(outageSeconds)],
      diagnostics(1007, 'The database of the server does not answer', source),
    ])
  }
  if (error instanceof MessageError) return refuse(error.status, error.code, [], error.message)
  throw error
}
