/** Under which key a server transaction is kept (RFC 3261 §17.2.3). */
import type { SipRequest } from '../message/types.ts'
import { magicCookie } from './branch.ts'

/** True when the branch cannot identify the transaction: none, no cookie, or nothing behind the cookie. */
export function needsOldRules(request: SipRequest): boolean {
  const { branch } = request
  return branch === undefined || branch.length === magicCookie.length || !hasCookie(branch)
}

/** `z9hG4bK77ef|INVITE|fe1.lab.test:5061`; ACK and CANCEL look for their INVITE: pass `'INVITE'` as `method`. */
export function branchKey(request: SipRequest, method: string): string {
  return request.branch + '|' + method + '|' + request.sentBy
}

/**
 * RFC 2543 as §17.2.3 words it: Request-URI, From tag, Call-ID, CSeq number and top Via. The To tag is compared by the
 * caller where it differs on purpose (an ACK carries the tag of the answer).
 */
export function oldRulesKey(request: SipRequest, method: string): string {
  const { callId, cseq, fromTag, requestUri, topViaKey } = request
  return `${callId}|${cseq}|${method}|${fromTag ?? ''}|${requestUri}|${topViaKey}`
}

/** RFC 3261 §8.1.1.7 writes it one way; RFC 4475 §3.1.1.1 shows tokens compare without regard to case. */
function hasCookie(branch: string): boolean {
  return (
    branch.startsWith(magicCookie) || branch.slice(0, magicCookie.length).toLowerCase() === magicCookie.toLowerCase()
  )
}
