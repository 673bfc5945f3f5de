/**
 * `siplab explain -`: what the words of a TLS stack or of a SIP server prove. The knowledge is data, one file a stack,
 * in stacks/.
 */
import { findVerdictCode } from '../../verdicts/codes.ts'
import type { VerdictCode } from '../../verdicts/codes.ts'
import { alertName } from '../../certificates/alerts.ts'
import type { Answer, Candidate } from '../answer.ts'
import type { Finding } from './episode.ts'
import type { Topic } from './grammar.ts'
import { type SurveyedStack, surveyedStack } from '../../peers/stack-survey.ts'
import { identifierOf } from './identifiers.ts'
import type { Identifier } from './identifiers.ts'
import { notesOf } from './notes.ts'
import { TextReader } from './reader.ts'
import type { FailureGroup } from './reader.ts'

export { TextReader } from './reader.ts'

/** One kind of failure on one link. */
export interface Failure {
  /** The other end as the log names it; absent: not named. */
  readonly link?: string
  readonly causes: readonly VerdictCode[]
  readonly whoseCertificate?: Answer['whoseCertificate']
  readonly whoRefused?: Answer['whoRefused']
  readonly topic?: Topic
  readonly count: number
  readonly firstLine: number
  readonly lastLine: number
  /** As the log writes it. */
  readonly firstTime?: string
  readonly lastTime?: string
}

export interface TextAnswer extends Answer {
  readonly kind: 'text' | Identifier['kind']
  /** Trouble that is not one of TLS. */
  readonly topic?: Topic
  /** The number of the alert behind the answer. */
  readonly alert?: number
  /** The stack whose words these are; absent: none is recognised. */
  readonly stack?: string
  /** The server that wrote the log, where its words name it. */
  readonly product?: string
  /** What the survey of real stacks found of it: what it does not notice. Absent: it is not in the survey. */
  readonly surveyed?: SurveyedStack
  readonly identifier?: Identifier
  /** What numbers in the text mean: Windows codes, events, `ms-diagnostics`, serials. */
  readonly notes: readonly string[]
  /** Every kind of failure of the text by link, the most telling first. */
  readonly failures: readonly Failure[]
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
 * @param short the whole text where it is short: it may be a serial
 */
export function answerOf(reader: TextReader, short?: string): TextAnswer {
  const groups = reader.end()
  const [top] = groups
  const failures = groups.map(failureOf)
  const { lines } = reader
  const said = [...(short === undefined ? [] : [short]), ...(top?.finding.rests.map(({ line }) => line.text) ?? [])]
  const more = { failures, lines, notes: [...new Set(said.flatMap(notesOf))] }
  if (top !== undefined) return { ...ofFinding(top), ...more }
  const identifier = short === undefined ? undefined : identifierOf(short)
  return identifier === undefined
    ? { ...nothing, kind: 'text', ...more }
    : { ...nothing, kind: identifier.kind, identifier, ...more }
}

function ofFinding({ finding, product }: FailureGroup): Omit<TextAnswer, 'failures' | 'lines' | 'notes'> {
  const { causes, whose, who, rests, topic, alert, stack } = finding
  const [first] = causes
  return {
    kind: 'text',
    cause: first !== undefined && causes.length === 1 ? { code: first } : undefined,
    candidates: causes.map((code) => candidate(code, why(finding, code, product))),
    whoseCertificate: whose,
    whoRefused: who,
    needsKeylog: false,
    evidence: rests.map(({ line }) => ({ where: `line ${line.number}`, found: shortened(line.text) })),
    stack,
    ...(product === undefined ? {} : { product }),
    ...surveyedOf(product, stack),
    ...(topic === undefined ? {} : { topic }),
    ...(alert === undefined ? {} : { alert }),
  }
}

/** The words of OpenSSL alone name no program: many speak them. */
function surveyedOf(product: string | undefined, stack: string): { readonly surveyed?: SurveyedStack } {
  const surveyed = surveyedStack(product ?? (stack === 'OpenSSL' ? undefined : stack))
  return surveyed === undefined ? {} : { surveyed }
}

function candidate(code: VerdictCode, reason: string): Candidate {
  return { code, why: reason }
}

const maxFound = 200

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > maxFound ? `${line.slice(0, maxFound - 1)}…` : line
}

/** Why a cause fits: one sentence. Programs share words, so the product is named where the text names it. */
function why({ alert, causes, stack }: Finding, code: VerdictCode, product = stack): string {
  const meaning = (findVerdictCode(code)?.meaning ?? code).replace('{certificate}', 'the certificate')
  if (alert !== undefined && alertName(alert) !== undefined)
    return `${meaning}: a stack sends alert ${alert} (${alertName(alert)}) for it`
  if (code === 'clock.wrong') return 'a wrong clock makes a valid certificate look expired or not yet valid'
  return causes.length === 1 ? `${meaning}: the text says so` : `${meaning}: ${product} prints these words for it`
}

function failureOf({ link, finding, count, first, last }: FailureGroup): Failure {
  const { causes, whose, who, topic } = finding
  return {
    causes,
    count,
    firstLine: first.number,
    lastLine: last.number,
    ...(link === undefined ? {} : { link }),
    ...(whose === undefined ? {} : { whoseCertificate: whose }),
    ...(who === undefined ? {} : { whoRefused: who }),
    ...(topic === undefined ? {} : { topic }),
    ...(first.time === undefined ? {} : { firstTime: first.time }),
    ...(last.time === undefined ? {} : { lastTime: last.time }),
  }
}
