/** Which setting of a stack closes what a survey found open, and how sure that is. */
import { parameterSet, type Stack, stacks, type Topic } from '../peers/stacks/index.ts'
import type { VerdictCode } from '../verdicts/codes.ts'

/** Stacks that a SIP answer can name. */
const surveyed = stacks.filter(({ says }) => says !== undefined)

export const stackNames: readonly string[] = surveyed.map(({ name }) => name)

/** A stack by its name, or by what it calls itself. Absent: not on file. */
export function stackOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  return surveyed.find(({ name, says }) => name === text || says?.test(text) === true)?.name
}

/**
 * `tested`: with it the fault was refused, without it accepted, by the program named. `documented`: the source
 * names it. `not looked up`: the source was not read. `not documented`: the documentation was searched, and has none.
 */
type Confidence = 'tested' | 'documented' | 'not looked up' | 'not documented'

export interface Setting {
  /** Absent: none is documented. */
  readonly setting?: string
  /** What is to be read: `stunnel(8), service-level options`. */
  readonly documented: string
  readonly confidence: Confidence
  /** Address of the documentation that was read. */
  readonly source?: string
  /** The program with which it was tested: `OpenSSL 3.0.22`. */
  readonly tested?: string
}

/** What closes an accepted fault. Absent: the stack is not on file, or hardly any stack has a setting to refuse it. */
export function settingFor(
  stack: string | undefined,
  verdict: VerdictCode,
  side: 'server' | 'client',
): Setting | undefined {
  const known = surveyed.find(({ name }) => name === stack)
  const topic = topicOf(verdict, side)
  return known === undefined || topic === undefined ? undefined : settingOf(known, topic)
}

/** @returns with `not documented` where the documentation names none */
function settingOf(stack: Stack, topic: Topic): Setting {
  const { documented, closes, read } = stack
  const closing = closes[topic]
  if (closing === undefined)
    return { documented, confidence: 'not documented', ...(read === undefined ? {} : { source: read }) }
  const { at = read, tested, set = '{parameter}' } = closing
  const setting = written(set, stack, topic)
  if (at === undefined || at === 'no') return { setting, documented, confidence: 'not looked up' }
  if (tested === undefined) return { setting, documented, confidence: 'documented', source: at }
  return { setting, documented, confidence: 'tested', source: at, tested }
}

/** With the parameters of the stack in the places for them. */
function written(set: string, { keeps }: Stack, topic: Topic): string {
  if (keeps === undefined) return set
  const own = topic === 'revocation' ? keeps.crl : keeps.versions
  return set.replace('{parameter}', () => parameterSet(own)).replace('{trust}', () => parameterSet(keeps.trust))
}

const topics: readonly (readonly [RegExp, Topic])[] = [
  [/^tls\.client-cert-missing$/, 'demand'],
  [/^cert\.name-not-allowed$/, 'client-name'],
  [/^cert\.(?:name-mismatch|san-missing|wildcard|subject-missing)$/, 'server-name'],
  [/^(?:cert\.revoked|chain\.revoked|crl\..*)$/, 'revocation'],
  [/eku|cert\.ku-wrong/, 'purpose'],
  [/weak|dh-too-small/, 'strength'],
  [/^tls\.no-common-version$/, 'version'],
  [/^(?:cert|chain|trust)\./, 'chain'],
]

/** What hardly any stack has a setting to refuse. */
const withoutSetting = /^cert\.(?:is-ca|eku-absent|must-staple)$/

function topicOf(verdict: VerdictCode, side: 'server' | 'client'): Topic | undefined {
  if (withoutSetting.test(verdict)) return undefined
  const topic = topics.find(([pattern]) => pattern.test(verdict))?.[1]
  return topic === 'server-name' && side === 'client' ? 'client-name' : topic
}
