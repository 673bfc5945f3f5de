/** Which entries of a trace are shown: by call, user and method. */
import type { TraceEntry } from '../../node/control/control-api.ts'
import { callIdOf, fromOf, methodOf, requestUserOf, toOf } from './fields.ts'

export interface TraceFilter {
  readonly call?: string
  /** `alice` or `alice@lab.test`. */
  readonly user?: string
  /** Upper case; responses count by their CSeq. Empty: every method. */
  readonly methods: readonly string[]
}

/**
 * With a filter, a link that failed stays, and a connection that a node dialled in vain: it may be the reason why a
 * call failed. What went well is left out, and so are strangers at the door.
 */
export function traceFilter(filter: TraceFilter): (entry: TraceEntry) => boolean {
  const { call, user, methods } = filter
  if (call === undefined && user === undefined && methods.length === 0) return () => true
  const wanted = user?.toLowerCase().replace(/^sips?:/, '')
  return ({ text, handshake, event }) => {
    if (text === undefined)
      return handshake === undefined
        ? event !== 'link.up'
        : handshake.result !== 'accepted' && handshake.side === 'dialled'
    if (call !== undefined && callIdOf(text) !== call) return false
    if (methods.length > 0 && !methods.includes(methodOf(text) ?? '')) return false
    return wanted === undefined || concerns(text, wanted)
  }
}

function concerns(text: string, wanted: string): boolean {
  return [fromOf(text), toOf(text), requestUserOf(text)].some(
    (party) => party !== undefined && (party.address === wanted || party.user.toLowerCase() === wanted),
  )
}
