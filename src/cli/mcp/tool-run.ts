/** One call of a tool: a command of siplab in this process, and its JSON as the result of the tool. */
import type { CommandContext } from '../command.ts'
import type { ExitStatus } from '../failure.ts'
import type { Io } from '../io.ts'

export interface ToolSettings {
  readonly run: CommandContext['run']
  /** No stream of this process: standard input and output carry the protocol. */
  readonly io: Io
  /** `--data` of every command about a lab; absent: found below `.siplab`. */
  readonly data: string | undefined
}

export interface CommandLine {
  readonly command: string
  /** By their long names; an array is given as often. */
  readonly options?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>
  /** What an assistant wrote: never read as an option. */
  readonly operands?: readonly string[]
}

export interface ToolResult {
  readonly [field: string]: unknown
  content: { type: 'text'; text: string }[]
  structuredContent: Record<string, unknown>
  isError?: boolean
}

/** More than this helps no assistant; what is left out is said. */
const mostCharacters = 400_000

/** A command with one JSON document. Exit status 1 is an answer (a failed check), 2 and 3 are errors of the call. */
export async function documentOf(settings: ToolSettings, line: CommandLine): Promise<ToolResult> {
  const { status, out, complaint } = await runLine(settings, line)
  const document: unknown =
    out.trim() === '' ? { error: { code: 'command.silent', message: complaint } } : JSON.parse(out)
  return result(document, status >= 2 || isFailure(document))
}

/** A command with JSON lines: the newest of them under one name. */
export async function linesOf(
  settings: ToolSettings,
  line: CommandLine,
  { name, most }: { readonly name: string; readonly most: number },
): Promise<ToolResult> {
  const { status, out } = await runLine(settings, line)
  const lines = out
    .split('\n')
    .filter((each) => each !== '')
    .map((each): unknown => JSON.parse(each))
  const [first] = lines
  if (status !== 0) return result(first ?? {}, true)
  return result({ [name]: lines.slice(-most), leftOut: Math.max(0, lines.length - most) }, false)
}

export function result(document: unknown, isError: boolean): ToolResult {
  const text = JSON.stringify(document)
  if (text.length > mostCharacters) {
    const message = `the answer has ${text.length} characters, at most ${mostCharacters} are sent; ask for less`
    return result({ error: { code: 'answer.too-long', message } }, true)
  }
  const fields = typeof document === 'object' && document !== null && !Array.isArray(document) ? document : { document }
  return {
    content: [{ type: 'text', text }],
    structuredContent: { ...fields },
    ...(isError ? { isError: true } : {}),
  }
}

async function runLine(
  { run, io }: ToolSettings,
  { command, options = {}, operands = [] }: CommandLine,
): Promise<{ readonly status: ExitStatus; readonly out: string; readonly complaint: string }> {
  let out = ''
  let complaint = ''
  const words = [...command.split(' '), ...optionWords(options), '--json', ...(operands.length === 0 ? [] : ['--'])]
  const status = await run([...words, ...operands], {
    ...io,
    progress: undefined,
    out: (text) => void (out += text),
    err: (text) => void (complaint += text),
  })
  return { status, out, complaint: complaint.trim() }
}

/** `--as=director`: a value that begins with a dash stays a value. */
function optionWords(options: NonNullable<CommandLine['options']>): readonly string[] {
  return Object.entries(options).flatMap(([name, value]): readonly string[] => {
    if (value === undefined || value === false) return []
    if (value === true) return [`--${name}`]
    return (Array.isArray(value) ? value : [value]).map((each) => `--${name}=${String(each)}`)
  })
}

function isFailure(document: unknown): boolean {
  return typeof document === 'object' && document !== null && 'error' in document
}
