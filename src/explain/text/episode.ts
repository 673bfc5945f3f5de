/** Statements that belong to one failure, and the one answer they give together. */
import type { VerdictCode } from '../../verdicts/codes.ts'
import type { CertificateOf, Refuser } from '../answer.ts'
import { rank } from './grammar.ts'
import type { FileRole, Saying, Topic } from './grammar.ts'
import type { Statement } from './statement.ts'

/** What one failure comes down to. */
export interface Finding {
  readonly causes: readonly VerdictCode[]
  readonly whose: CertificateOf | undefined
  readonly who: Refuser | undefined
  readonly topic: Topic | undefined
  readonly rank: number
  readonly alert: number | undefined
  readonly stack: string
  /** The statements that the answer rests on, at most four. */
  readonly rests: readonly Statement[]
}

const maxRests = 4

/** Those that say most decide; of these the one that leaves the fewest causes. */
export function combine(statements: readonly Statement[], role: FileRole | undefined): Finding | undefined {
  const top = Math.max(0, ...statements.map(({ saying }) => saying.rank))
  const deciding = statements.filter(({ saying }) => saying.rank === top)
  const resolved = deciding.map((statement) => ({ statement, causes: causesOf(statement, role) }))
  const [best] = resolved.toSorted((a, b) => weight(a.causes) - weight(b.causes))
  if (best === undefined) return undefined
  const { saying, stack } = best.statement
  // A reason by number alone does not say at which end; a refusal beside it does.
  const fill = [...deciding, ...statements.filter((each) => each.saying.rank === rank.refusal)].map(
    (each) => each.saying,
  )
  const isOpen = [saying.whose, saying.who, saying.alert, saying.topic].every((each) => each === undefined)
  const end = isOpen ? endOf(fill) : saying
  return {
    causes: best.causes,
    whose: end?.whose,
    who: end?.who,
    topic: saying.topic,
    rank: saying.rank,
    alert: saying.alert,
    stack,
    rests: distinct([best.statement, ...deciding]).slice(0, maxRests),
  }
}

function endOf(sayings: readonly Saying[]): Saying | undefined {
  return sayings.find(({ whose }) => whose !== undefined) ?? sayings.find(({ who }) => who !== undefined)
}

/** A statement without causes leaves everything open. */
function weight(causes: readonly VerdictCode[]): number {
  return causes.length === 0 ? Number.MAX_SAFE_INTEGER : causes.length
}

function causesOf({ saying, depth }: Statement, role: FileRole | undefined): readonly VerdictCode[] {
  if (role !== undefined && saying.files?.[role] !== undefined) return saying.files[role]
  if (depth === undefined) return saying.causes
  return (depth === 0 ? saying.leaf : saying.above) ?? saying.causes
}

function distinct(statements: readonly Statement[]): readonly Statement[] {
  return [...new Map(statements.map((statement) => [statement.line.number, statement])).values()]
}
