/**
 * `siplab explain -`: what the words of a TLS stack or of a SIP server prove. The knowledge is data, one file a stack,
 * in stacks/.
 */
import { findVerdictCode } from '../../certificates/verdict-codes.ts'
import type { VerdictCode } from '../../certificates/verdict-codes.ts'
import { alertName } from '../../certificates/alerts.ts'
import type { Answer, Candidate } from '../answer.ts'
import type { Finding } from './episode.ts'
import type { Topic } from './grammar.ts'
import { identifierOf } from './identifiers.ts'
import type { Identifier } from './identifiers.ts'
import { TextReader } from './reader.ts'
import type { FailureGroup } from './reader.ts'

export { TextReader } from './reader.ts'
export type { FailureGroup } from './reader.ts'
export type { Identifier } from './identifiers.ts'

export interface TextAnswer extends Answer {
  readonly kind: 'text' | Identifier['kind'] | 'verdict'
  /** Trouble that is not one of TLS. */
  readonly topic?: Topic
  /** The number of the alert behind the answer. */
  readonly alert?: number
  /** The stack whose words these are; absent: none is recognised. */
  readonly stack?: string
  readonly identifier?: Identifier
  /** Every kind of failure of the text, the most telling first. */
  readonly failures: readonly FailureGroup[]
  readonly lines: number
}

const nothing = {
  cause: undefined,
  candidates: [],
  whoseCertificate: undefined,
  whoRefused: undefined,
  needsKeylog: false,
  evidence: [],
} as const satisfies Answer

/** `explainText('… tlsv1 alert unknown ca …')`: the answer to a text that is in memory. */
export function explainText(text: string): TextAnswer {
  const reader = new TextReader()
  for (const line of text.split(/\r\n|\n|\r/)) reader.push(line)
  return answerOf(reader, text.length <= 256 ? text : undefined)
}

/**
 * The answer to everything a reader has read.
 *
 * @param short the whole text where it is short: it may be a serial, or a code of siplab
 */
export function answerOf(reader: TextReader, short?: string): TextAnswer {
  const failures = reader.end()
  const [top] = failures
  const { lines } = reader
  if (top !== undefined) return { ...ofFinding(top.finding), failures, lines }
  const verdict = short === undefined ? undefined : findVerdictCode(short.trim().toLowerCase())
  if (verdict !== undefined)
    return {
      ...nothing,
      kind: 'verdict',
      cause: { code: verdict.code },
      candidates: [candidate(verdict.code, 'the text is this code of siplab')],
      failures,
      lines,
    }
  const identifier = short === undefined ? undefined : identifierOf(short)
  return identifier === undefined
    ? { ...nothing, kind: 'text', failures, lines }
    : { ...nothing, kind: identifier.kind, identifier, failures, lines }
}

function ofFinding(finding: Finding): Omit<TextAnswer, 'failures' | 'lines'> {
  const { causes, whose, who, rests, topic, alert, stack } = finding
  const [first] = causes
  return {
    kind: 'text',
    cause: first !== undefined && causes.length === 1 ? { code: first } : undefined,
    candidates: causes.map((code) => candidate(code, why(finding, code))),
    whoseCertificate: whose,
    whoRefused: who,
    needsKeylog: false,
    evidence: rests.map(({ line }) => ({ where: `line ${line.number}`, found: shortened(line.text) })),
    stack,
    ...(topic === undefined ? {} : { topic }),
    ...(alert === undefined ? {} : { alert }),
  }
}

function candidate(code: VerdictCode, reason: string): Candidate {
  return { code, why: reason }
}

const maxFound = 200

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > maxFound ? `${line.slice(0, maxFound - 1)}…` : line
}

/** Why a cause fits: one sentence. */
function why({ alert, causes, stack }: Finding, code: VerdictCode): string {
  const meaning = (findVerdictCode(code)?.meaning ?? code).replace('{certificate}', 'the certificate')
  if (alert !== undefined && alertName(alert) !== undefined)
    return `${meaning}: a stack sends alert ${alert} (${alertName(alert)}) for it`
  if (code === 'clock.wrong') return 'a wrong clock makes a valid certificate look expired or not yet valid'
  return causes.length === 1 ? `${meaning}: the text says so` : `${meaning}: ${stack} prints these words for it`
}
