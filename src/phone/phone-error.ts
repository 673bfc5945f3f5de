/** Why something a phone was asked for did not happen. */
import type { Verdict } from '../verdicts/verdict.ts'

/** What a server answered. */
export interface PhoneAnswer {
  readonly status: number
  readonly reason: string
  /**
   * Value of `ms-diagnostics`, else of `ms-diagnostics-public`, e.g. `1010;reason="…"`. Absent when the server sent
   * neither.
   */
  readonly diagnostics?: string
  /** Value of a header field of the answer, e.g. `Server`. */
  header(name: string): string | undefined
}

/** Codes besides those of verdicts: the server said no, said nothing, or the phone was asked for what cannot be. */
export type PhoneErrorCode =
  | 'phone.refused'
  | 'phone.timeout'
  | 'phone.closed'
  | 'phone.not-so'
  | 'phone.redirect'
  | 'phone.cancelled'

/**
 * `403 Forbidden` to a REGISTER: code `phone.refused`, `status` 403. A connection that failed carries its verdict, and
 * the code is that of the verdict, e.g. `cert.expired` or `tls.peer-refused`.
 */
export class PhoneError extends Error {
  readonly code: string
  readonly status: number | undefined
  readonly reason: string | undefined
  readonly diagnostics: string | undefined
  readonly verdict: Verdict | undefined

  constructor(
    code: PhoneErrorCode | Verdict,
    message: string,
    answer: PhoneAnswer | undefined = undefined,
    cause: unknown = undefined,
  ) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'PhoneError'
    this.code = typeof code === 'string' ? code : code.code
    this.verdict = typeof code === 'string' ? undefined : code
    this.status = answer?.status
    this.reason = answer?.reason
    this.diagnostics = answer?.diagnostics
  }
}

/** `refused('REGISTER sip:lab.test', answer)` */
export function refused(what: string, answer: PhoneAnswer): PhoneError {
  const diagnostics = answer.diagnostics === undefined ? '' : ` (ms-diagnostics: ${answer.diagnostics})`
  return new PhoneError('phone.refused', `${what} was answered ${answer.status} ${answer.reason}${diagnostics}`, answer)
}

/** A connection that did not come to be or did not last. */
export function unreachable(what: string, found: Verdict, cause: unknown = undefined): PhoneError {
  const detail = found.found === undefined ? '' : `: ${found.found}`
  return new PhoneError(found, `${what}: ${found.message}${detail} (${found.code})`, undefined, cause)
}
