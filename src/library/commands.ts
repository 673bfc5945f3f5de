/** Commands of siplab called by a program: the same work as on the command line, the JSON document as the result. */
import type { CheckReport } from '../check/index.ts'
import { explainDocument } from '../cli/commands/explain.ts'
import type { ExplainOptions as EvidenceOptions } from '../cli/explain-evidence.ts'
import { runInProcess } from '../cli/in-process.ts'
import type { Io } from '../cli/io.ts'
import { main } from '../cli/main.ts'
import { quietIo } from '../cli/quiet-io.ts'
import { UsageError } from '../cli/usage-error.ts'
import type { Advice } from '../explain/advice.ts'
import type { Answer } from '../explain/answer.ts'
import { LabError } from '../lab/lab-error.ts'
import type { CommandOutcome } from '../lab/scenario/driver.ts'

/**
 * Options of `siplab check`, by their long names: `{ profile: 'sbc', cert: 'me.pem', key: 'me.key' }`. docs/check.md
 * explains each.
 */
export interface CheckSettings {
  readonly profile?: string
  /** PEM files of roots. Absent: the system's, and the lab's own for a target in the lab. */
  readonly ca?: readonly string[]
  readonly crl?: readonly string[]
  /** PEM files: a certificate to show when the server asks for one, and its key. */
  readonly cert?: string
  readonly key?: string
  /** A node of the lab: dial with its certificate and trust list. */
  readonly as?: string
  readonly view?: 'internal' | 'external'
  readonly transport?: 'tls' | 'tcp' | 'wss'
  readonly address?: string
  readonly name?: string
  readonly dns?: string
  readonly rules?: string
  /** True: also sign in as the user of the target, write, call and sign out. */
  readonly login?: true
  /** True: also show the certificate of a stranger. */
  readonly probe?: true
  readonly relaxedNaming?: true
  /** Seconds, of each step. */
  readonly timeout?: number
}

/** Options of `siplab explain` for captures and certificate files. */
export type ExplainSettings = Omit<EvidenceOptions, 'onDisk'>

/** What `siplab explain --json` prints; a part that is `null` there is absent here. */
export interface Explanation extends Answer {
  /** The file, or `text`. */
  readonly name?: string
  readonly advice: readonly Advice[]
  /** Several pieces of evidence: the explanation of each; the parts above are the joint one. */
  readonly pieces?: readonly Explanation[]
}

/**
 * `check('sbc.example.com:5061', { profile: 'sbc' })`: the connectivity analyzer against any server.
 *
 * @returns a report whose `code` is `ok` or names the first failure; a failing server is no exception
 * @throws LabError when the options or the target cannot be understood
 */
export async function check(target: string, options: CheckSettings = {}): Promise<CheckReport> {
  return (await command(['check', target, ...argumentsOf(options)], [0, 1])) as CheckReport
}

/**
 * `explain('error:0A000418:SSL routines::tlsv1 alert unknown ca')`: what broke, and at which end.
 *
 * @param evidence words of a log, or the paths of log files, captures and certificate files; no host is dialled
 * @throws LabError when a named file does not exist
 */
export async function explain(
  evidence: string | readonly string[],
  options: ExplainSettings = {},
): Promise<Explanation> {
  try {
    const document = await explainDocument(quietIo(), typeof evidence === 'string' ? [evidence] : evidence, options)
    // The document has null where it knows nothing; here such a part is absent.
    return JSON.parse(JSON.stringify(document), (_name, value: unknown) => value ?? undefined) as Explanation
  } catch (error) {
    if (error instanceof UsageError) throw new LabError('usage', error.code, error.message, { cause: error })
    throw error
  }
}

/**
 * One command line, run to its end in this process, with `--json`.
 *
 * @param settled exit statuses that have a document of their own
 * @throws LabError with the code and the sentence of the command, for every other exit status
 */
export async function command(
  args: readonly string[],
  settled: readonly number[],
  io: Io = quietIo(),
): Promise<unknown> {
  const outcome = await runInProcess(main, io, [...args, '--json'])
  if (settled.includes(outcome.status) && !isFailure(outcome.document)) return outcome.document
  throw failureOf(args, outcome)
}

interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly detail?: unknown }
}

function isFailure(document: unknown): document is Failure {
  return typeof document === 'object' && document !== null && 'error' in document
}

function failureOf(args: readonly string[], { status, document, complaint }: CommandOutcome): Error {
  const sentence = isFailure(document) ? document.error.message : complaint.trim()
  if (status !== 1 && status !== 2) return new Error(`siplab ${args.join(' ')} failed: ${sentence}`)
  const { code, detail } = isFailure(document) ? document.error : { code: 'command.failed', detail: document }
  return new LabError(status === 2 ? 'usage' : 'not-so', code, sentence, { detail })
}

/** `{ probe: true, ca: ['a.pem', 'b.pem'] }` becomes `--probe --ca a.pem --ca b.pem`. */
export function argumentsOf(options: object): readonly string[] {
  return Object.entries(options).flatMap(([name, value]: [string, unknown]) => {
    const option = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    if (value === undefined || value === false) return []
    if (value === true) return [option]
    if (Array.isArray(value)) return value.flatMap((each) => [option, String(each)])
    return [option, String(value)]
  })
}
