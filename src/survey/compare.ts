/** Two surveys of one end, before and after: what it accepts now and did not, and the other way round. */
import { type Outcome, type Severity, severities, type Survey, type TlsVersion, type Trial } from './result.ts'

export interface Change {
  readonly fault: string
  readonly tls: TlsVersion
  readonly before: Outcome['kind'] | 'absent'
  readonly after: Outcome['kind'] | 'absent'
  readonly severity?: Severity
}

export interface Comparison {
  /** Accepted now and refused before, the worst first. */
  readonly worse: readonly Change[]
  /** Refused now and accepted before. */
  readonly better: readonly Change[]
  /** A good certificate of an unusual kind that is refused now, or is accepted again. */
  readonly good: readonly Change[]
  /** Cannot be compared: one of both did not try it, or its outcome is unclear. */
  readonly other: readonly Change[]
  readonly same: number
}

export function compareSurveys(before: Survey, after: Survey): Comparison {
  const old = byKey(before)
  const now = byKey(after)
  const keys = [...new Set([...old.keys(), ...now.keys()])]
  const changes = keys.map((key) => changeOf(old.get(key), now.get(key)))
  const differ = changes.filter((change) => change !== undefined && change.before !== change.after) as readonly Change[]
  const decided = ({ before: was, after: is }: Change): boolean => isDecided(was) && isDecided(is)
  const weighed = differ.filter((change) => decided(change) && change.severity !== undefined)
  return {
    worse: weighed.filter(({ after: is }) => is === 'accepted').toSorted(worstFirst),
    better: weighed.filter(({ after: is }) => is === 'refused').toSorted(worstFirst),
    good: differ.filter((change) => decided(change) && change.severity === undefined),
    other: differ.filter((change) => !decided(change)),
    same: changes.length - differ.length,
  }
}

function isDecided(kind: Change['before']): boolean {
  return kind === 'accepted' || kind === 'refused'
}

function byKey({ trials }: Survey): ReadonlyMap<string, Trial> {
  return new Map(trials.map((trial) => [`${trial.fault}/${trial.tls}`, trial]))
}

function changeOf(before: Trial | undefined, after: Trial | undefined): Change | undefined {
  const either = after ?? before
  if (either === undefined) return undefined
  const { fault, tls, severity } = either
  return {
    fault,
    tls,
    before: before?.outcome.kind ?? 'absent',
    after: after?.outcome.kind ?? 'absent',
    ...(severity === undefined ? {} : { severity }),
  }
}

function worstFirst(a: Change, b: Change): number {
  const rank = ({ severity }: Change): number => (severity === undefined ? 99 : severities.indexOf(severity))
  return rank(a) - rank(b)
}
