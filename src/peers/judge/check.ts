/** One thing that a peer, or our own server, looks at; and what many such things amount to. */
import type { VerdictCode } from '../../verdicts/codes.ts'
import type { Fact, Mark, Period } from '../policy.ts'

/** Why a chain that was good no longer is: three causes with three remedies. */
type Ending = 'expiry' | 'removal' | 'distrust-of-new'

export interface Check {
  readonly about:
    | 'dates'
    | 'lifetime'
    | 'chain'
    | 'root'
    | 'name'
    | 'key'
    | 'server-purpose'
    | 'client-certificate'
    | 'client-purpose'
    | 'versions'
    | 'peer-client-purpose'
    | 'peer-server-purpose'
    | 'peer-roots'
  readonly outcome: 'holds' | 'warns' | 'breaks' | 'unknown'
  readonly sentence: string
  readonly code?: VerdictCode
  readonly ending?: Ending
  /** What to ask the peer. */
  readonly question?: string
  /** The demand behind it. Absent: a rule of X.509, not of this peer. */
  readonly demand?: Demand
}

export interface Demand {
  readonly mark: Mark
  readonly source: readonly string[]
  readonly note?: string
  readonly since?: string
  readonly until?: string
}

export type Verdict = 'stands' | 'stands-with-warning' | 'breaks' | 'cannot-tell' | 'not-used'

export function demandOf({ mark, source, note }: Fact<unknown>, { since, until }: Period): Demand {
  return {
    mark,
    source,
    ...(note === undefined ? {} : { note }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  }
}

/** What breaks counts before what is not known, and that before a warning. */
export function verdictOf(checks: readonly Check[]): Verdict {
  const has = (outcome: Check['outcome']): boolean => checks.some((check) => check.outcome === outcome)
  if (has('breaks')) return 'breaks'
  if (has('unknown')) return 'cannot-tell'
  return has('warns') ? 'stands-with-warning' : 'stands'
}
