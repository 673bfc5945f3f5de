/** Certificate policies along a path (RFC 5280 §6.1.2 to §6.1.5), for a caller that accepts any policy. */
import { isSelfIssued, type Certificate } from './certificate.ts'
import { anyPolicy } from './oids.ts'

/** Valid policies of one level, each with the policies it expects below. Absent: the tree is empty. */
type Level = ReadonlyMap<string, ReadonlySet<string>> | undefined

interface State {
  readonly level: Level
  readonly explicit: number
  readonly mapping: number
  readonly any: number
}

/**
 * True when the path satisfies every policy constraint on it.
 *
 * @param path from the certificate below the anchor down to the leaf
 */
export function policiesHold(path: readonly Certificate[]): boolean {
  const length = path.length
  let state: State = {
    level: new Map([[anyPolicy, new Set([anyPolicy])]]),
    explicit: length + 1,
    mapping: length + 1,
    any: length + 1,
  }
  for (const [index, certificate] of path.entries()) {
    const last = index === length - 1
    const level = nextLevel(state, certificate, last)
    if (state.explicit <= 0 && level === undefined) return false
    state = last ? wrapUp({ ...state, level }, certificate) : prepareNext({ ...state, level }, certificate)
  }
  return state.explicit > 0 || state.level !== undefined
}

/** §6.1.3 steps d and e. */
function nextLevel({ level, any }: State, certificate: Certificate, last: boolean): Level {
  const policies = certificate.policies
  if (policies === undefined || level === undefined) return undefined
  const expected = new Set([...level.values()].flatMap((set) => [...set]))
  const next = new Map<string, ReadonlySet<string>>()
  for (const policy of policies) {
    if (policy !== anyPolicy && (expected.has(policy) || level.has(anyPolicy))) next.set(policy, new Set([policy]))
  }
  const anyCounts = policies.includes(anyPolicy) && (any > 0 || (!last && isSelfIssued(certificate)))
  if (anyCounts) for (const policy of expected) if (!next.has(policy)) next.set(policy, new Set([policy]))
  return next.size === 0 ? undefined : next
}

/** §6.1.4 steps b, h, i and j. */
function prepareNext(state: State, certificate: Certificate): State {
  const step = isSelfIssued(certificate) ? 0 : 1
  const { requireExplicit, inhibitMapping } = certificate.policyConstraints ?? {}
  return {
    level: mapPolicies(state, certificate),
    explicit: Math.min(Math.max(0, state.explicit - step), requireExplicit ?? Infinity),
    mapping: Math.min(Math.max(0, state.mapping - step), inhibitMapping ?? Infinity),
    any: Math.min(Math.max(0, state.any - step), certificate.inhibitAnyPolicy ?? Infinity),
  }
}

function mapPolicies({ level, mapping }: State, { policyMappings }: Certificate): Level {
  if (level === undefined || policyMappings === undefined) return level
  const mapped = new Map(level)
  for (const issuer of new Set(policyMappings.map((entry) => entry.issuer))) {
    const subjects = new Set(policyMappings.filter((entry) => entry.issuer === issuer).map((entry) => entry.subject))
    if (mapping <= 0) mapped.delete(issuer)
    else if (mapped.has(issuer) || mapped.has(anyPolicy)) mapped.set(issuer, subjects)
  }
  return mapped.size === 0 ? undefined : mapped
}

/** §6.1.5 steps a and b. */
function wrapUp(state: State, certificate: Certificate): State {
  const required = certificate.policyConstraints?.requireExplicit === 0
  return { ...state, explicit: required ? 0 : Math.max(0, state.explicit - 1) }
}
