/** `siplab COMMAND …`: reads the command line, runs one command, and turns what came of it into an exit status. */
import { type Argument, Command, type Option } from 'commander'
import { commandsFor, dials } from './commands/index.ts'
import { groupCommands, helpStyle } from './help-groups.ts'
import type { ExitStatus } from './failure.ts'
import { wantedOneOf } from '../topology/nearest-name.ts'
import { paint, processIo } from './io.ts'
import type { Io } from './io.ts'
import { packageVersion } from './package.ts'
import { UsageError } from './usage-error.ts'

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
    refuseUnknownInner(program, args)
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

/**
 * Errors and help go through the Io, and commander throws instead of ending the process. A value that is no choice is
 * refused as every other unknown name is.
 */
function inheritAll(command: Command, io: Io): void {
  for (const option of command.options) refuseAlike(option, option.long ?? option.flags)
  for (const argument of command.registeredArguments) refuseAlike(argument, argument.name())
  command
    .showHelpAfterError(helpHint(command))
    .exitOverride()
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      outputError: (text, write) => write(text.replace(/^error:/, paint(io.colours.err, 'red', 'siplab:'))),
      getOutHasColors: () => io.colours.out,
      getErrHasColors: () => io.colours.err,
    })
  for (const inner of command.commands) inheritAll(inner, io)
}

function refuseAlike(place: Option | Argument, name: string): void {
  const { argChoices, parseArg } = place
  if (argChoices === undefined || parseArg === undefined) return
  place.argParser((value: string, before: unknown) => {
    if (!argChoices.includes(value)) throw new UsageError(wantedOneOf(name, value, argChoices))
    return parseArg(value, before)
  })
}

/** `siplab faults lst`: the command that a group runs by default would take the word for an argument. */
function refuseUnknownInner(program: Command, [name, inner = '-']: readonly string[]): void {
  const group = name === 'help' ? program : program.commands.find((each) => each.name() === name)
  const known = group?.commands.map((each) => each.name()) ?? []
  if (known.length > 0 && !inner.startsWith('-') && ![...known, 'help'].includes(inner))
    throw new UsageError(wantedOneOf(`siplab ${name}`, inner, known, `siplab ${name} --help`))
}

/** `(siplab break --help explains the command)`, below an error about the words of a command line. */
function helpHint(command: Command): string {
  const path = [command.name()]
  for (let outer = command.parent; outer !== null; outer = outer.parent) path.unshift(outer.name())
  return `(${path.join(' ')} --help ${command.commands.length === 0 ? 'explains the command' : 'lists the commands'})`
}
