/** `siplab COMMAND …`: reads the command line, runs one command, and turns what came of it into an exit status. */
import { Command } from 'commander'
import { commandsFor, dials } from './commands/index.ts'
import { groupCommands, helpStyle } from './help-groups.ts'
import type { ExitStatus } from './failure.ts'
import { processIo } from './io.ts'
import type { Io } from './io.ts'
import { packageVersion } from './package.ts'

/** Runs the command line of this process. Called by siplab.mjs, once the version of Node is known to fit. */
export async function start(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), processIo())
}

/**
 * `main(['status', '--json'], io)`: runs one command.
 *
 * @param args what follows `siplab` on the command line
 * @returns 0 done, 1 what was asked for is not so, 2 wrong usage or configuration, 3 siplab itself failed
 */
export async function main(args: readonly string[], io: Io): Promise<ExitStatus> {
  let status: ExitStatus = 0
  const program = new Command('siplab')
    .description(
      'A lab for SIP over mutual TLS: brings a multi-host topology up on this machine and breaks its certificates ' +
        'on purpose.',
    )
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain the command')
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true, ...helpStyle })
    .showHelpAfterError('(siplab --help lists the commands, siplab COMMAND --help explains one)')
    .addHelpText(
      'after',
      '\nExample:\n  siplab up                 bring the default lab up\n\nExit status: 0 done, 1 a check failed or ' +
        'found a problem, 2 wrong usage or configuration, 3 siplab itself failed.',
    )
  const finish = (reached: ExitStatus): void => {
    status = reached
  }
  for (const register of await commandsFor(args)) register(program, { io, finish, run: main })
  groupCommands(program)
  inheritAll(program, io)
  try {
    const there = await runWhereTheLabIs(args, io)
    if (there !== undefined) return there
    await program.parseAsync([...args], { from: 'user' })
    return status
  } catch (error) {
    // Loaded only here: it knows the errors of every layer.
    const { reportFailure } = await import('./failure.ts')
    return reportFailure(error, io, args.includes('--json'))
  }
}

/** In the container lab, or in the network namespace of a lab over IPv6; undefined: it is to run in this process. */
async function runWhereTheLabIs(args: readonly string[], io: Io): Promise<ExitStatus | undefined> {
  if (args.some((arg) => arg.includes('compose'))) {
    const { runInComposeLab, withoutComposeLab } = await import('./compose-lab.ts')
    const inside = withoutComposeLab(args)
    if (inside !== undefined) return runInComposeLab(inside, io)
  }
  if (!dials(args)) return undefined
  const { elsewhere, runElsewhere } = await import('./namespace.ts')
  const prefix = elsewhere(args, io)
  return prefix === undefined ? undefined : runElsewhere(prefix, args, io)
}

/** Errors and help go through the Io, and commander throws instead of ending the process. */
function inheritAll(command: Command, io: Io): void {
  command.exitOverride().configureOutput({
    writeOut: io.out,
    writeErr: io.err,
    getOutHasColors: () => io.colours.out,
    getErrHasColors: () => io.colours.err,
  })
  for (const inner of command.commands) inheritAll(inner, io)
}
