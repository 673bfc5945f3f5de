/** What the command files share: how a command is registered, its common options, and how it answers. */
import { Option } from 'commander'
import type { Command } from 'commander'
import type { ExitStatus } from './failure.ts'
import type { Io } from './io.ts'

export interface CommandContext {
  readonly io: Io
  /** Sets the exit status; 0 when a command never calls it. */
  finish(status: ExitStatus): void
  /** Another command line, run to its end: `main`. */
  run(args: readonly string[], io: Io): Promise<ExitStatus>
}

/** One file per command exports one of these; commands/index.ts lists them in the order of `siplab --help`. */
export type RegisterCommand = (program: Command, context: CommandContext) => void

export interface CommonOptions {
  readonly json?: true
  /** Absent: found below `.siplab`. */
  readonly data?: string
  readonly lab: 'local' | 'compose'
}

/** Adds `--json`, `--data` and `--lab`, and the example below the help. */
export function common(command: Command, example: string): Command {
  return command
    .option('--json', 'print one JSON document; a command that keeps running prints JSON lines')
    .option('--data <DIR>', 'use this folder for the files of the lab (default: .siplab/NAME)')
    .addOption(
      new Option('--lab <KIND>', 'use the lab on this machine (local) or in containers (compose)')
        .choices(['local', 'compose'])
        .default('local'),
    )
    .addHelpText('after', `\nExample:\n  ${example}`)
}

/** Answers with JSON or with text, as asked. */
export function answer(io: Io, options: { readonly json?: true }, document: unknown, text: () => string): void {
  io.out(options.json === true ? `${JSON.stringify(document)}\n` : text())
}
