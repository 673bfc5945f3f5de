/** Which entries of a trace are shown: by call, user and method. */
import type { TracedDecision, TraceEntry } from '../../node/control/control-api.ts'
import { callIdOf, fromOf, methodOf, requestUserOf, toOf } from './fields.ts'
import { isUnanswered } from './notes.ts'

export interface TraceFilter {
  readonly call?: string
  /** `alice` or `alice@lab.test`. */
  readonly user?: string
  /** Upper case; responses count by their CSeq. Empty: every method. */
  readonly methods: readonly string[]
}

/** Calls whose messages were shown, and whose decisions are shown for that. */
const mostCalls = 1000

/**
 * With a filter, a link that failed stays, and a connection that a node dialled in vain: it may be the reason why a
 * call failed. What went well is left out, and so are strangers at the door. A decision is
 * shown when its call fits, a question to the DNS when it got no answer that helps.
 */
export function traceFilter(filter: TraceFilter): (entry: TraceEntry) => boolean {
  const { call, user, methods } = filter
  if (call === undefined && user === undefined && methods.length === 0) return () => true
  const wanted = user?.toLowerCase().replace(/^sips?:/, '')
  const calls = new Set<string>()
  return ({ text, handshake, event, decision, question }) => {
    if (question !== undefined) return isUnanswered(question)
    if (decision !== undefined) return decidedFits(decision, filter, calls)
    if (text === undefined)
      return handshake === undefined
        ? event !== 'link.up'
        : handshake.result !== 'accepted' && handshake.side === 'dialled'
    if (call !== undefined && callIdOf(text) !== call) return false
    if (methods.length > 0 && !methods.includes(methodOf(text) ?? '')) return false
    if (wanted === undefined) return true
    if (!concerns(text, wanted)) return false
    remember(calls, callIdOf(text))
    return true
  }
}

/** The messages of a call come before what is decided about them: From and To are read there. */
function decidedFits({ callId, method }: TracedDecision, filter: TraceFilter, calls: ReadonlySet<string>): boolean {
  const { call, user, methods } = filter
  if (call !== undefined && callId !== call) return false
  if (methods.length > 0 && !methods.includes(method)) return false
  return user === undefined || calls.has(callId)
}

function remember(calls: Set<string>, callId: string | undefined): void {
  if (callId === undefined) return
  calls.add(callId)
  const [oldest] = calls
  if (calls.size > mostCalls && oldest !== undefined) calls.delete(oldest)
}

function concerns(text: string, wanted: string): boolean {
  return [fromOf(text), toOf(text), requestUserOf(text)].some(
    (party) => party !== undefined && (party.address === wanted || party.user.toLowerCase() === wanted),
  )
}
