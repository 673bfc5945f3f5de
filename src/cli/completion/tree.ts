/** The command line as data, read off the commander tree: what may follow which words. */
import type { Argument, Command, Option } from 'commander'

/** One command, by the words that lead to it. */
export interface Place {
  /** `[]` for siplab itself, `['certs', 'issue']`. */
  readonly path: readonly string[]
  readonly commands: readonly Described[]
  readonly options: readonly OptionPlace[]
  /** What each argument may be; empty: anything. The last one counts for all further ones when it repeats. */
  readonly values: readonly (readonly string[])[]
}

export interface Described {
  readonly word: string
  readonly about: string
}

export interface OptionPlace extends Described {
  /** Whether a value follows. */
  readonly takesValue: boolean
  /** Empty: any value. */
  readonly values: readonly string[]
}

/**
 * @param known values of arguments by their name in the usage: `TOPOLOGY` → `['edge', …]`. `PATH NAME` with the words
 *   of a command before it counts for this command alone: `scenario run NAMES`
 */
export function completionTree(
  program: Command,
  known: ReadonlyMap<string, readonly string[]>,
  path: readonly string[] = [],
): readonly Place[] {
  const commands = program.createHelp().visibleCommands(program)
  return [
    {
      path,
      commands: commands.map((command) => ({
        word: command.name(),
        about: firstSentence(command.summary() || command.description()),
      })),
      options: program
        .createHelp()
        .visibleOptions(program)
        .flatMap((option) => placeOf(option)),
      values: program.registeredArguments.map((argument) => valuesOf(argument, known, path)),
    },
    ...commands
      .filter((command) => command.name() !== 'help')
      .flatMap((command) => completionTree(command, known, [...path, command.name()])),
  ]
}

function placeOf({ long, short, required, optional, argChoices, description }: Option): readonly OptionPlace[] {
  const takesValue = required || optional
  return [long, short].flatMap((word) =>
    word === undefined || word === null
      ? []
      : [{ word, about: firstSentence(description), takesValue, values: takesValue ? (argChoices ?? []) : [] }],
  )
}

function valuesOf(
  argument: Argument,
  known: ReadonlyMap<string, readonly string[]>,
  path: readonly string[],
): readonly string[] {
  if (argument.argChoices !== undefined) return argument.argChoices
  const name = argument.name()
  const alternatives = name.includes('|') ? name.split('|') : []
  return known.get([...path, name].join(' ')) ?? known.get(name) ?? alternatives
}

/** `Lists the CRLs of every CA`: a list of words has no room for more. */
function firstSentence(text: string): string {
  return (/^[^\n]*?(?=\.(?: |\n|$))/.exec(text)?.[0] ?? text.split('\n')[0] ?? '').trim()
}
