/** Expectations for CI: `expired: refused`, `cn-only/1.3: accepted`, `critical: 0`. */
import { parse } from 'yaml'
import { findFault } from '../faults/catalogue/index.ts'
import { type Outcome, severities, type Severity, type Survey, totalsOf } from './result.ts'

export interface Unmet {
  readonly what: string
  readonly expected: string
  readonly found: string
}

export class SurveyExpectError extends Error {
  override readonly name = 'SurveyExpectError'
}

export interface SurveyExpectations {
  readonly outcomes: ReadonlyMap<string, Outcome['kind']>
  /** At most so many accepted faults of each severity, both TLS versions counted. */
  readonly most: ReadonlyMap<Severity, number>
}

const kinds: readonly string[] = ['accepted', 'refused', 'unclear', 'cannot'] satisfies readonly Outcome['kind'][]

/** @throws SurveyExpectError with the line that is wrong */
export function readSurveyExpectations(text: string, file: string): SurveyExpectations {
  const entries = entriesOf(text, file)
  const outcomes = new Map<string, Outcome['kind']>()
  const most = new Map<Severity, number>()
  for (const [key, value] of entries) {
    const severity = severities.find((each) => each === key)
    if (severity !== undefined) {
      if (!Number.isInteger(value) || Number(value) < 0)
        throw new SurveyExpectError(`${file}: ${key}: wanted a count such as 0, found ${JSON.stringify(value)}`)
      most.set(severity, Number(value))
      continue
    }
    const [slug = '', version] = key.split('/')
    if (findFault(slug) === undefined || (version !== undefined && version !== '1.2' && version !== '1.3'))
      throw new SurveyExpectError(
        `${file}: wanted a fault such as expired or expired/1.3, or critical, serious, remark, found ` +
          `${JSON.stringify(key)}; siplab faults list names the faults`,
      )
    const kind = kinds.find((each): each is Outcome['kind'] => each === value)
    if (kind === undefined)
      throw new SurveyExpectError(`${file}: ${key}: wanted ${kinds.join(', ')}, found ${JSON.stringify(value)}`)
    outcomes.set(key, kind)
  }
  return { outcomes, most }
}

function entriesOf(text: string, file: string): readonly (readonly [string, unknown])[] {
  let content: unknown
  try {
    content = parse(text, { maxAliasCount: 0 })
  } catch (error) {
    if (error instanceof Error) throw new SurveyExpectError(`${file}: ${error.message}`, { cause: error })
    throw error
  }
  const entries =
    typeof content === 'object' && content !== null && !Array.isArray(content) ? Object.entries(content) : []
  if (entries.length === 0)
    throw new SurveyExpectError(`${file}: wanted lines such as "expired: refused" or "critical: 0", found none`)
  return entries
}

/** What is not as expected; a fault without a version is meant under both. */
export function unmetBy(survey: Survey, { outcomes, most }: SurveyExpectations): readonly Unmet[] {
  const { accepted } = totalsOf(survey)
  const wrong = [...outcomes].flatMap(([key, expected]): readonly Unmet[] => {
    const [slug, version] = key.split('/')
    const trials = survey.trials.filter(
      ({ fault, tls }) => fault === slug && (version === undefined || tls === version),
    )
    if (trials.length === 0) return [{ what: key, expected, found: 'absent' }]
    return trials.flatMap(({ tls, outcome }) =>
      outcome.kind === expected ? [] : [{ what: `${slug}/${tls}`, expected, found: outcome.kind }],
    )
  })
  const many = [...most].flatMap(([severity, count]): readonly Unmet[] =>
    accepted[severity] <= count
      ? []
      : [{ what: severity, expected: `at most ${count}`, found: String(accepted[severity]) }],
  )
  return [...wrong, ...many]
}
