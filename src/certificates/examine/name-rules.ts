/** The wanted names as findings: each stack answers for itself. */
import type { VerdictCode } from '../../verdicts/codes.ts'
import type { Certificate } from './certificate.ts'
import { minds, type Finding, type Stack } from './faults.ts'
import { matchName, offeredNames, type NameMatch, type NameRules, type WantedName } from './names.ts'
import type { ExaminerProfile } from './profiles.ts'

/** Whose rules a stack matches names by; RFC 5280 itself has none. */
const rulesOf: readonly (readonly [Stack, NameRules])[] = [
  ['node', 'node'],
  ['rfc5922', 'rfc5922'],
  ['cabf', 'rfc9525'],
  ['lcs', 'lcs'],
  ['ocs', 'ocs'],
]

export interface NamesWanted {
  readonly names?: readonly WantedName[]
  readonly namesWanted?: 'any' | 'all'
  readonly purpose: string
}

/** At most one finding per missing name; with `any`, one for all of them together. */
export function nameFindings(leaf: Certificate, request: NamesWanted, profile: ExaminerProfile): readonly Finding[] {
  const names = request.names ?? []
  if (names.length === 0) return []
  if (request.namesWanted === 'all') return names.flatMap((name) => findingFor(leaf, [name], request, profile))
  return findingFor(leaf, names, request, profile)
}

function findingFor(
  leaf: Certificate,
  names: readonly WantedName[],
  request: NamesWanted,
  profile: ExaminerProfile,
): readonly Finding[] {
  const minding = rulesOf
    .filter(([, rules]) => !names.some((name) => matchName(leaf, name, rules).kind === 'match'))
    .map(([stack]) => stack)
  // Node never looks at the name of a client (certificate-failures: the lab itself must).
  const client = request.purpose === 'clientAuth'
  if (minding.length === 0) return []
  const wanted = names.map(({ value }) => value).join(' or ')
  const offered = offeredNames(leaf)
  const refused =
    minding.some((stack) => profile.stacks.includes(stack)) || (client && !matches(leaf, names, profile.nameRules))
  return [
    {
      code: codeFor(leaf, names, minding, profile, client && refused),
      grade: 'path',
      field: 'subjectAltName',
      found: offered.length === 0 ? 'no name at all' : shorten(offered),
      rule: `carries ${wanted} (${sourceOf(profile.nameRules)})`,
      minds: minds(...minding),
    },
  ]
}

/** Why the profile's own rules say no; where they say yes, why the others do not. */
function codeFor(
  leaf: Certificate,
  names: readonly WantedName[],
  minding: readonly Stack[],
  profile: ExaminerProfile,
  client: boolean,
): VerdictCode {
  const rules =
    rulesOf.find(([stack]) => minding.includes(stack) && profile.stacks.includes(stack))?.[1] ??
    rulesOf.find(([stack]) => minding.includes(stack))?.[1] ??
    profile.nameRules
  const reasons = names.map((name) => because(matchName(leaf, name, rules)))
  if (reasons.includes('wildcard')) return 'cert.wildcard'
  if (reasons.includes('common-name-only'))
    return (leaf.subjectAltNames ?? []).length === 0 ? 'cert.san-missing' : 'cert.name-mismatch'
  return client ? 'cert.name-not-allowed' : 'cert.name-mismatch'
}

function because(match: NameMatch): 'none' | 'wildcard' | 'common-name-only' {
  return match.kind === 'match' ? 'none' : match.because
}

function matches(leaf: Certificate, names: readonly WantedName[], rules: NameRules): boolean {
  return names.some((name) => matchName(leaf, name, rules).kind === 'match')
}

function sourceOf(rules: NameRules): string {
  return {
    node: 'Node checkServerIdentity',
    rfc5922: 'RFC 5922 §7.2',
    rfc9525: 'RFC 9525 §6',
    lcs: 'LCS 2005: the dialled FQDN',
    ocs: 'OCS 2007: the dialled FQDN',
  }[rules]
}

const shownNames = 10

function shorten(names: readonly string[]): string {
  const rest = names.length - shownNames
  return names.slice(0, shownNames).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}
