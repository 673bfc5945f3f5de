/** Runs programs as a person would: without the hooks that the test runner puts into every child process. */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { guardMs } from './guard.ts'

export const repository = resolve(import.meta.dirname, '..', '..')
export const siplabBin = resolve(repository, 'src', 'cli', 'siplab.mjs')

export interface CommandResult {
  /** Exit status; -1 when a signal ended it. */
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  /** Sent to standard input, which then ends. */
  readonly input?: string
  /** For a command that plays a lab of its own: it is interrupted when this process ends, however that happens. */
  readonly endsWithTest?: true
}

/** `runProgram('node', ['--version'])`: any exit status is a result; only a program that cannot be started rejects. */
export function runProgram(
  program: string,
  args: readonly string[],
  { cwd, environment, timeoutMs = guardMs, input, endsWithTest }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((done, reject) => {
    const child = execFile(
      'env',
      ['-u', 'NODE_OPTIONS', program, ...args],
      {
        cwd,
        env: { ...process.env, ...(endsWithTest === true ? { SIPLAB_FOLLOWS_INPUT: '1' } : {}), ...environment },
        timeout: timeoutMs,
        maxBuffer: 1 << 26,
      },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code === 'string') reject(error)
        else done({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr })
      },
    )
    if (endsWithTest !== true) child.stdin?.end(input)
  })
}

/** `siplab(['plan', 'edge', '--json'])`: the command of this source tree. */
export function siplab(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return runProgram(process.execPath, [siplabBin, ...args], options)
}
